"""Lists of an older system read into past draws: who was visited in which year, by whom; and the register it drew from.

Such a list publishes no chances. What is tested is whether it looks as if every firm of a tier had been as likely as
the next, and every inspector of an agency who appears in a year as likely as the next.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inspection.errors import InputError
from inspection.history.read import places
from inspection.history.records import History, Note, PastDraw, PastSeats
from inspection.history.sheets import SheetRow, read_sheet
from inspection.registry.calendar_text import read_date

_SEPARATORS = re.compile(r"[、，,;；/|\n]+")
_YEAR = re.compile(r"((?:19|20)\d{2})\s*年?(?:度)?")
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """A visit as a list shows it: all rows of one firm, day and agency together."""

    firm: str
    year: int
    agency: str
    town: str
    inspectors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A firm of a register, by code or else by name; '' where town or tier are not given."""

    firm: str
    town: str
    tier: str


def read_list(path: Path, registers: Mapping[int | None, Path]) -> History:
    """A list of results as a history.

    Args:
        path: of the list; columns by their usual headers: firm, year or date, and inspectors, agency, town if known.
        registers: by year, the register drawn from, in its order; under None the one of all other years.

    Raises:
        InputError: a file cannot be read, or rows name no firm or no year; all are named at once.
    """
    visits = read_visits(path)
    read = {file: read_register(file) for file in set(registers.values())}
    histories = []
    for year in sorted({visit.year for visit in visits}):
        file = registers.get(year, registers.get(None))
        own = [visit for visit in visits if visit.year == year]
        histories.append(_year(f"{path.name} {year}", own, read[file] if file else None))
    return History(
        sources=(str(path), *(str(file) for file in sorted(read))),
        draws=tuple(past for each in histories for past in each.draws),
        seats=tuple(past for each in histories for past in each.seats),
        notes=tuple(note for each in histories for note in each.notes),
    )


def read_visits(path: Path) -> list[Visited]:
    """The visits of a list, in order of their first rows."""
    rows, faults = read_sheet(path, "past_results"), []
    teams: dict[tuple[int, str, str, str], dict[str, None]] = defaultdict(dict)
    towns: dict[tuple[int, str, str, str], str] = {}
    for row in rows:
        firm, year = _firm(row), _year_of(row)
        if not firm or year is None:
            faults.append(row)
            continue
        key = (year, firm, row.cells.get("date", ""), row.cells.get("agency", ""))
        teams[key] |= dict.fromkeys(people(row.cells.get("inspectors", "")))
        towns.setdefault(key, row.cells.get("town", ""))
    if faults or not teams:
        raise _faulty(path, faults)
    return [
        Visited(year=year, firm=firm, agency=agency, town=towns[year, firm, day, agency], inspectors=tuple(team))
        for (year, firm, day, agency), team in teams.items()
    ]


def _faulty(path: Path, faults: Sequence[SheetRow]) -> InputError:
    shown = []
    for row in faults[:_SHOWN]:
        given = row.cells.get("date") or row.cells.get("year") or "—"
        shown.append(f"  {path.name}:{row.number}  {_firm(row) or '—'}  {given}")
    return InputError("audit.list.rows", file=path.name, count=len(faults), rows="\n".join(shown) or "  —")


def _firm(row: SheetRow) -> str:
    return row.cells.get("firm") or row.cells.get("name", "")


def _year_of(row: SheetRow) -> int | None:
    if found := _YEAR.fullmatch(row.cells.get("year", "")):
        return int(found[1])
    day = read_date(row.cells.get("date", ""))
    if day.value:
        return int(day.value[:4])
    found = _YEAR.match(row.cells.get("date", ""))
    return int(found[1]) if found else None


def people(text: str) -> list[str]:
    """The inspectors a cell names.

    >>> people("张三、李四"), people("张三 李四"), people("Ann Lee; Bob Ray")
    (['张三', '李四'], ['张三', '李四'], ['Ann Lee', 'Bob Ray'])
    """
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if len(parts) == 1 and " " in parts[0] and not parts[0].isascii():
        parts = parts[0].split()
    return list(dict.fromkeys(parts))


def read_register(path: Path) -> list[Listed]:
    """The firms of a register in its order; rows without a firm are passed over, as the old system did."""
    return [
        Listed(firm=_firm(row), town=row.cells.get("town", ""), tier=row.cells.get("tier", ""))
        for row in read_sheet(path, "past_register")
        if _firm(row)
    ]


def _year(name: str, visits: Sequence[Visited], register: Sequence[Listed] | None) -> History:
    """One year of a list."""
    notes: list[Note] = []
    town = {visit.firm: visit.town for visit in visits}
    draws: tuple[PastDraw, ...] = ()
    if register is None:
        notes.append(("audit.note.register", {"draw": name}))
    else:
        town = {listed.firm: listed.town for listed in register} | {firm: at for firm, at in town.items() if at}
        past, notes = _past_draw(name, visits, register)
        draws = (past,)
    seated = [visit for visit in visits if visit.inspectors]
    if len(seated) < len(visits):
        notes.append(("audit.note.unseated", {"draw": name, "count": len(visits) - len(seated)}))
    seats = (_past_seats(name, seated, town),) if seated else ()
    return History(sources=(), draws=draws, seats=seats, notes=tuple(notes))


def _past_draw(name: str, visits: Sequence[Visited], register: Sequence[Listed]) -> tuple[PastDraw, list[Note]]:
    """Firms of a tier are a pool, and what was drawn of it is taken as its number to draw."""
    notes: list[Note] = []
    first: dict[str, Listed] = {}
    for listed in register:
        first.setdefault(listed.firm, listed)
    if len(first) < len(register):
        twice = Counter(listed.firm for listed in register)
        shown = ", ".join(firm for firm, count in twice.items() if count > 1)
        notes.append(("audit.note.twice", {"draw": name, "count": len(register) - len(first), "firms": shown[:200]}))
    place, visited = places(first), dict.fromkeys(visit.firm for visit in visits)
    if strange := [firm for firm in visited if firm not in place]:
        shown = ", ".join(strange[:_SHOWN])
        notes.append(("audit.note.strange", {"draw": name, "count": len(strange), "firms": shown}))
    tier, town = (
        places(each.tier for each in first.values()),
        places(sorted({each.town for each in first.values()} - {""})),
    )
    pool = np.array([tier[each.tier] for each in first.values()], dtype=np.int64)
    drawn = np.array(sorted(place[firm] for firm in visited if firm in place), dtype=np.int64)
    return PastDraw(
        name=name,
        year=visits[0].year,
        firms=list(first),
        pool=pool,
        town=np.array([town.get(each.town, -1) for each in first.values()], dtype=np.int64),
        towns=list(town),
        tiers=list(tier),
        expected=np.bincount(pool[drawn], minlength=len(tier)).astype(np.float64),
        is_published=False,
        drawn=drawn,
    ), notes


def _past_seats(name: str, visits: Sequence[Visited], town: Mapping[str, str]) -> PastSeats:
    """Who sat where; a person of two agencies is two."""
    agencies = places(sorted({visit.agency for visit in visits}))
    shared = Counter(
        person for _, person in {(visit.agency, person) for visit in visits for person in visit.inspectors}
    )

    def label(person: str, agency: str) -> str:
        return f"{person}（{agency}）" if shared[person] > 1 else person

    roster: dict[str, dict[str, None]] = defaultdict(dict)
    for visit in visits:
        roster[visit.agency] |= {label(person, visit.agency): None for person in visit.inspectors}
    inspectors = places(person for agency in agencies for person in roster[agency])
    ways = [
        (need, inspectors[person], len(visit.inspectors) / len(roster[visit.agency]), person in seated)
        for need, visit in enumerate(visits)
        for seated in [{label(each, visit.agency) for each in visit.inspectors}]
        for person in roster[visit.agency]
    ]
    return PastSeats(
        name=name,
        year=visits[0].year,
        visit_firm=[visit.firm for visit in visits],
        visit_town=[town.get(visit.firm, "") for visit in visits],
        need_visit=np.arange(len(visits), dtype=np.int64),
        need_agency=np.array([agencies[visit.agency] for visit in visits], dtype=np.int64),
        officers=np.array([len(visit.inspectors) for visit in visits], dtype=np.int64),
        agencies=list(agencies),
        inspectors=list(inspectors),
        home=np.array([agencies[agency] for agency in agencies for _ in roster[agency]], dtype=np.int64),
        way_need=np.array([way[0] for way in ways], dtype=np.int64),
        way_inspector=np.array([way[1] for way in ways], dtype=np.int64),
        chance=np.array([way[2] for way in ways]),
        taken=np.array([way[3] for way in ways], dtype=np.bool_),
    )
