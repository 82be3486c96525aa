"""Bundles read into past draws. Nothing is verified here: that is the checker's work, and comes first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inspection.draw.canonical import parse_canonical
from inspection.draw.flow import read_flow
from inspection.draw.log import Entry
from inspection.draw.refusal import DrawRefusal
from inspection.draw.table import COLUMNS, parse_table
from inspection.errors import InputError
from inspection.history.records import Flow, Happening, History, Note, PastDraw, PastSeats, Redraw

MILLION = 1_000_000
MARK = "bundle.json"
PUBLIC_MARK = "public-bundle.json"
CHANGES = ("void", "replace", "substitute")
_PARTICULARS = ("approved_by", "reason", "visit", "agency", "inspector", "firm", "replaces")


def find_bundles(folder: Path) -> list[Path]:
    """The folder itself if it is a bundle, else every bundle below it, in order of their names.

    Raises:
        InputError: there is none, or only what the public is shown, which has neither register nor inspectors.
    """
    if (folder / MARK).is_file():
        return [folder]
    found = sorted(path.parent for path in folder.rglob(MARK))
    if not found and next(folder.rglob(PUBLIC_MARK), None):
        raise InputError("audit.folder.public", folder=folder)
    if not found:
        raise InputError("audit.folder.empty", folder=folder)
    return found


def read_bundles(folders: Iterable[Path]) -> History:
    """All bundles as one history; all that cannot be read are named at once.

    Raises:
        InputError: a bundle is malformed, or one draw is given twice.
    """
    histories, faults = [], []
    for folder in folders:
        try:
            histories.append(_Bundle(folder).read())
        except (DrawRefusal, OSError, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
            faults.append(f"{folder}: {_reason(error)}")
    names = [past.name for history in histories for past in history.draws]
    names += [past.name for history in histories for past in history.seats]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InputError("audit.draw.twice", draws=", ".join(repeated))
    if faults:
        raise InputError("audit.bundle.malformed", faults="\n".join(faults))
    return merged(histories)


def merged(histories: Sequence[History]) -> History:
    """Histories of several sources as one, in order of years."""
    return History(
        sources=tuple(source for each in histories for source in each.sources),
        draws=tuple(sorted((past for each in histories for past in each.draws), key=_when)),
        seats=tuple(sorted((past for each in histories for past in each.seats), key=_when)),
        happenings=tuple(happening for each in histories for happening in each.happenings),
        redraws=tuple(redraw for each in histories for redraw in each.redraws),
        commits=sum(each.commits for each in histories),
        notes=tuple(note for each in histories for note in each.notes),
    )


def _when(past: PastDraw | PastSeats) -> tuple[int, str]:
    return past.year, past.name


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{Path(error.filename or '').name}: {error.strerror or error}"
    return str(error)


@dataclass(slots=True)
class _Bundle:
    """One bundle while it is read."""

    root: Path
    draws: list[PastDraw] = field(default_factory=list)
    seats: list[PastSeats] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    visits: dict[str, dict[str, tuple[str, str, str]]] = field(default_factory=dict)
    """Draw → visit → (firm, town, month)."""

    def read(self) -> History:
        """The bundle as a history of its own."""
        head: Any = parse_canonical((self.root / MARK).read_bytes())
        plan, last = str(head["plan"]), ""
        for folder in head["draws"]:
            name, home = f"{plan}/{folder}", self.root / "draws" / str(folder)
            if (home / "visits.csv").is_file():
                self._firms(name, home)
                last = name
            elif (home / "assignments.csv").is_file() and last:
                self._inspectors(name, home, last)
            else:
                self.notes.append(("audit.note.result", {"draw": name}))
        lines = (self.root / "log" / "entries.jsonl").read_bytes().splitlines()
        entries = [Entry.parse(line) for line in lines if line]
        return History(
            sources=(str(self.root),),
            draws=tuple(self.draws),
            seats=tuple(self.seats),
            happenings=tuple(self._happening(entry) for entry in entries if entry.type in CHANGES),
            redraws=tuple(self._redraws(entries)),
            commits=sum(1 for entry in entries if entry.type == "commit"),
            notes=tuple(self.notes),
        )

    def _table(self, home: Path, file: str) -> list[tuple[str, ...]]:
        return parse_table((home / file).read_bytes(), COLUMNS[file])[1]

    def _firms(self, name: str, home: Path) -> None:
        visits = self._table(home, "visits.csv")
        if missing := [file for file in ("firms.csv", "pools.csv", "flow.csv") if not (home / file).is_file()]:
            self.notes.append(("audit.note.tables", {"draw": name, "files": ", ".join(missing)}))
            return
        firms, pools = self._table(home, "firms.csv"), self._table(home, "pools.csv")
        pool_of, town_of = places(row[0] for row in pools), places(sorted({row[2] for row in firms}))
        expected = np.zeros(len(pools))
        for tail, head, flow in read_flow((home / "flow.csv").read_bytes()):
            if tail.startswith("pool:") and head.startswith("task:"):
                expected[pool_of[tail.removeprefix("pool:")]] += flow / MILLION
        place_of = places(row[0] for row in firms)
        town = {row[0]: row[2] for row in firms}
        self.visits[name] = {row[0]: (row[1], town[row[1]], row[3]) for row in visits}
        self.draws.append(
            PastDraw(
                name=name,
                year=_year(row[3] for row in visits) or int(name.partition("/")[0][-4:]),
                firms=[row[0] for row in firms],
                pool=np.array([pool_of[row[1]] for row in firms], dtype=np.int64),
                town=np.array([town_of[row[2]] for row in firms], dtype=np.int64),
                towns=list(town_of),
                tiers=[row[1] for row in pools],
                expected=expected,
                is_published=True,
                drawn=np.array(sorted(place_of[row[1]] for row in visits), dtype=np.int64),
            )
        )

    def _inspectors(self, name: str, home: Path, firm_draw: str) -> None:
        missing = [file for file in ("needs.csv", "inspectors.csv", "flow.csv") if not (home / file).is_file()]
        if missing or firm_draw not in self.visits:
            self.notes.append(("audit.note.tables", {"draw": name, "files": ", ".join(missing) or "visits.csv"}))
            return
        needs, people = self._table(home, "needs.csv"), self._table(home, "inspectors.csv")
        taken = {(row[0], row[1], row[2]) for row in self._table(home, "assignments.csv")}
        arcs = read_flow((home / "flow.csv").read_bytes())
        tables = SeatTables(needs=needs, people=people, arcs=arcs, taken=taken)
        self.seats.append(past_seats(name, tables, self.visits[firm_draw]))

    def _happening(self, entry: Entry) -> Happening:
        more = {key: str(part) for key, part in entry.more.items()}
        named = {key: more.get(key, "") for key in _PARTICULARS}
        town = self.visits.get(entry.draw, {}).get(named["visit"], ("", "", ""))[1]
        year = int(entry.time[:4])
        return Happening(
            type=entry.type, draw=entry.draw, year=year, time=entry.time, actor=entry.actor, town=town, **named
        )

    def _redraws(self, entries: Sequence[Entry]) -> list[Redraw]:
        """Each draw given up, with the next commitment of its kind."""
        commits = [entry for entry in entries if entry.type == "commit"]
        order = places(entry.draw for entry in commits)
        found = []
        for void in (entry for entry in entries if entry.type == "void"):
            kind = void.draw.rpartition("-")[2]
            after = commits[order.get(void.draw, len(commits)) + 1 :]
            later = [entry.draw for entry in after if entry.draw.endswith(kind)]
            if later:
                found.append(
                    Redraw(
                        given_up=void.draw,
                        then=later[0],
                        reason=str(void.more.get("reason", "")),
                        actor=void.actor,
                        is_unchanged=self._same_inputs(void.draw, later[0]),
                    )
                )
        return found

    def _same_inputs(self, first: str, second: str) -> bool | None:
        paths = [self.root / "draws" / name.partition("/")[2] / "commitment.json" for name in (first, second)]
        if not all(path.is_file() for path in paths):
            return None
        one, other = (parse_canonical(path.read_bytes()) for path in paths)
        return isinstance(one, dict) and isinstance(other, dict) and one.get("inputs") == other.get("inputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTables:
    """Rows of an inspector draw: needs.csv, inspectors.csv, flow.csv, and (visit, agency, inspector) of the result."""

    needs: Sequence[Sequence[str]]
    people: Sequence[Sequence[str]]
    arcs: Sequence[tuple[str, str, int]]
    taken: Collection[tuple[str, str, str]]


def past_seats(name: str, tables: SeatTables, visits: Mapping[str, tuple[str, str, str]]) -> PastSeats:
    """An inspector draw from the rows of its tables; ``visits``: visit → (firm, town, month)."""
    needs, people, arcs, taken = tables.needs, tables.people, tables.arcs, tables.taken
    agencies = places(sorted({row[1] for row in people} | {row[1] for row in needs}))
    visit_of = places(sorted({row[0] for row in needs}))
    need_of = {(row[0], row[1]): place for place, row in enumerate(needs)}
    inspectors = places(row[0] for row in people)
    ways, unseen = [], set(taken)
    for arc, (tail, head, flow) in enumerate(arcs):
        if tail.startswith("need:") and head.startswith("duty:"):
            visit, agency = tail.split(":")[1:3]
            person = head.split(":")[1]
            seat = (visit, agency, person)
            ways.append((need_of[visit, agency], inspectors[person], flow / MILLION, seat in taken, arc))
            unseen.discard(seat)
    # A seat that no arc leads to had no chance at all; it stays, with that chance.
    ways += [(need_of[visit, agency], inspectors[person], 0.0, True, -1) for visit, agency, person in sorted(unseen)]
    ways.sort(key=lambda way: way[:2])
    nodes: dict[str, int] = defaultdict(lambda: len(nodes))
    return PastSeats(
        name=name,
        year=_year(month for _, _, month in visits.values()) or int(name.partition("/")[0][-4:]),
        visit_firm=[visits[visit][0] for visit in visit_of],
        visit_town=[visits[visit][1] for visit in visit_of],
        need_visit=np.array([visit_of[row[0]] for row in needs], dtype=np.int64),
        need_agency=np.array([agencies[row[1]] for row in needs], dtype=np.int64),
        officers=np.array([int(row[2]) for row in needs], dtype=np.int64),
        agencies=list(agencies),
        inspectors=list(inspectors),
        home=np.array([agencies[row[1]] for row in people], dtype=np.int64),
        way_need=np.array([way[0] for way in ways], dtype=np.int64),
        way_inspector=np.array([way[1] for way in ways], dtype=np.int64),
        chance=np.array([way[2] for way in ways]),
        taken=np.array([way[3] for way in ways], dtype=np.bool_),
        flow=Flow(
            tails=[nodes[tail] for tail, _, _ in arcs],
            heads=[nodes[head] for _, head, _ in arcs],
            flows=[flow for _, _, flow in arcs],
            arc=np.array([way[4] for way in ways], dtype=np.int64),
        ),
    )


def places(names: Iterable[str]) -> dict[str, int]:
    """Each name's place in order of first appearance."""
    places: dict[str, int] = {}
    for name in names:
        places.setdefault(name, len(places))
    return places


def _year(months: Iterable[str]) -> int | None:
    first = min(months, default="")
    return int(first[:4]) if first else None
