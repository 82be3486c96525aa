"""Findings in: filled-in sheets read by the readers of the registers, every faulty row named, empty ones left empty."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.errors import InputError
from inspection.registry.calendar_text import read_date
from inspection.registry.checks import Rule, find_faults
from inspection.registry.importer import connect
from inspection.registry.mapping import HeaderMapping, read_mapping
from inspection.registry.opening import open_source
from inspection.registry.readers import Reader, References, reader, tidy
from inspection.registry.reading import Reading, fault, value
from inspection.registry.rejects import examples, keep_rejects, reasons
from inspection.registry.report import Fault, RegisterCounts
from inspection.registry.settings import ImportSettings, RegisterKind
from inspection.registry.source import Source, UnreadableFiles, insert_rows
from inspection.registry.specification import register
from inspection.registry.staging import Stage, parsed_sql, read_texts, stage_sources
from inspection.rules.findings import Categories, Finding, method_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KIND: RegisterKind = "findings"
_TEXTS = frozenset({"line"})
"""Columns read by SQL, the others by the readers below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What may be entered: one item of one agency at one visit, and how far that part of the visit is."""

    label: str
    draw: str
    visit: str
    agency: str
    item: str
    firm: str
    state: str
    finished: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRules:
    """What the cells of a sheet are judged by.

    Attributes:
        references: agencies and items by code and name.
        today: no inspection ended later.
    """

    categories: Categories
    references: References
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFindings:
    """Findings read: the good rows, and an account of all others.

    Attributes:
        empty: rows without a result: they stay empty.
        reasons: faults by code, most frequent first.
        rejects: workbook with the faulty rows to correct.
    """

    findings: tuple[Finding, ...]
    counts: RegisterCounts
    empty: int
    reasons: Mapping[str, int]
    examples: tuple[Fault, ...]
    rejects: Path | None


_KNOWN = "EXISTS (SELECT 1 FROM expected AS k WHERE k.label = p.visit AND k.agency = p.agency{})"
_PART, _ITEM = _KNOWN.format(""), _KNOWN.format(" AND k.item = p.item")
_ITEMS = (
    "(SELECT string_agg(DISTINCT k.item, '、' ORDER BY k.item) FROM expected AS k "
    "WHERE k.label = p.visit AND k.agency = p.agency)"
)
_AGENCIES = "(SELECT string_agg(DISTINCT k.agency, '、' ORDER BY k.agency) FROM expected AS k WHERE k.label = p.visit)"
_STATE = "(SELECT any_value(k.state) FROM expected AS k WHERE k.label = p.visit AND k.agency = p.agency)"


def _in_state(code: str, *states: str) -> Rule:
    named = ", ".join(f"'{state}'" for state in states)
    return Rule(
        register=KIND,
        code=f"findings.state.{code}",
        column="visit",
        condition=_KNOWN.format(f" AND k.state IN ({named})"),
        detail=_STATE,
    )


RULES: tuple[Rule, ...] = (
    Rule(
        register=KIND,
        code="findings.agency.foreign",
        column="agency",
        condition=f"p.visit IS NOT NULL AND p.agency IS NOT NULL AND NOT {_PART}",
        detail=_AGENCIES,
    ),
    Rule(
        register=KIND,
        code="findings.item.foreign",
        column="item",
        condition=f"p.item IS NOT NULL AND {_PART} AND NOT {_ITEM}",
        detail=_ITEMS,
    ),
    Rule(
        register=KIND,
        code="findings.firm.other",
        column="firm",
        condition=f"upper(p.firm) <> '' AND {_PART} AND NOT {_KNOWN.format(' AND k.firm = upper(p.firm)')}",
        detail="(SELECT any_value(k.firm) FROM expected AS k WHERE k.label = p.visit AND k.agency = p.agency)",
    ),
    Rule(
        register=KIND,
        code="findings.day.missing",
        column="day",
        condition=f"trim(p.day_text) = '' AND {_KNOWN.format(' AND k.finished IS NULL')}",
    ),
    _in_state("early", "planned", "dispatched"),
    _in_state("late", "reviewed", "disclosed"),
    _in_state("ended", "closed", "voided"),
)
"""What must hold of a row beside its single cells."""


def read_findings(
    files: Sequence[Path], folder: Path, expected: Iterable[Expected], rules: SheetRules, mapping: Path | None = None
) -> ReadFindings:
    """The findings of the files; faulty rows wait in folder/quarantine/<digest>, as those of registers do.

    Raises:
        InputError: files that cannot be read at all, every one named.
    """
    headers = read_mapping(KIND, mapping)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as scratch, connect(Path(scratch)) as connection:
        room = Path(scratch)
        stage = stage_sources(connection, register(KIND), headers, _open(files, headers, room, connection), room)
        empty = _set_empty_aside(connection)
        places = _expect(connection, expected, room)
        stage = read_texts(connection, stage, _readers(places, rules), room)
        find_faults(connection, stage, room, RULES)
        found = tuple(_accepted(connection, stage))
        counts = _count(connection, stage, len(found), empty)
        return ReadFindings(
            findings=found,
            counts=counts,
            empty=empty,
            reasons={code: number for (_, code), number in reasons(connection, {KIND: stage}).items()},
            examples=examples(connection, {KIND: stage}) if counts.rejected else (),
            rejects=keep_rejects(connection, {KIND: stage}, {KIND: counts}, folder) / "rejects.xlsx"
            if counts.rejected
            else None,
        )


def _open(files: Sequence[Path], mapping: HeaderMapping, room: Path, connection: DuckDBPyConnection) -> list[Source]:
    """Every file opened before any is read, so that all that cannot be are named at once."""
    sources: list[Source] = []
    errors: list[InputError] = []
    for number, path in enumerate(files):
        place = room / f"{KIND}-{number}"
        place.mkdir()
        try:
            sources.append(open_source(path, register(KIND), mapping, place, connection))
        except InputError as error:
            errors.append(error)
    if errors:
        raise UnreadableFiles(tuple(errors))
    return sources


def _set_empty_aside(connection: DuckDBPyConnection) -> int:
    """Rows nobody filled in are no rows: they neither repeat nor contradict one that is. Returns how many."""
    filled = " OR ".join(f"trim({name}) <> ''" for name in ("result", "note", "disposal"))
    connection.execute(f"ALTER VIEW raw_{KIND} RENAME TO handed_in")
    connection.execute(f"CREATE VIEW raw_{KIND} AS SELECT * FROM handed_in WHERE {filled}")
    row = connection.execute(f"SELECT count(*) FROM handed_in WHERE NOT ({filled})").fetchone()
    return int(row[0]) if row else 0


def _expect(connection: DuckDBPyConnection, expected: Iterable[Expected], room: Path) -> frozenset[str]:
    """Table ``expected``; the labels of visits in it are returned."""
    names = ("label", "draw", "visit", "agency", "item", "firm", "state", "finished")
    columns = ", ".join(f"{name} VARCHAR" for name in names)
    connection.execute(f"CREATE TABLE expected ({columns})")
    labels: set[str] = set()

    def rows() -> Iterable[tuple[str | None, ...]]:
        for each in expected:
            labels.add(each.label)
            finished = each.finished.isoformat() if each.finished else None
            yield each.label, each.draw, each.visit, each.agency, each.item, each.firm, each.state, finished

    insert_rows(connection, "expected", rows(), room)
    return frozenset(labels)


def _readers(labels: frozenset[str], rules: SheetRules) -> dict[str, Reader]:
    specification = register(KIND)
    settings = ImportSettings(year=rules.today.year, regions=frozenset(), tiers=(), as_of=rules.today)
    own: dict[str, Reader] = {
        "visit": lambda text: _visit(text, labels),
        "result": lambda text: _result(text, rules.categories),
        "method": _method,
        "found_on": lambda text: _day(text, rules.today),
    }
    return {
        column.name: own.get(column.read) or reader(column, settings, rules.references)
        for column in specification.columns
        if column.read not in _TEXTS
    }


def _visit(text: str, labels: frozenset[str]) -> Reading:
    label = tidy(text).replace(" ", "").upper()
    if not label:
        return fault("findings.visit.blank")
    return value(label) if label in labels else fault("findings.visit.unknown")


def _result(text: str, categories: Categories) -> Reading:
    if not text.strip():
        return fault("findings.result.missing", categories.listed("zh"))
    found = categories.find(text)
    return fault("findings.result.unknown", categories.listed("zh")) if found is None else value(found.code)


def _method(text: str) -> Reading:
    found = method_of(text)
    return fault("findings.method.unknown") if found is None else value(found)


def _day(text: str, today: date) -> Reading:
    if not text.strip():
        return value(None)
    read = read_date(tidy(text))
    if read.code is None and read.value is not None and date.fromisoformat(read.value) > today:
        return fault("findings.day.future", today.isoformat())
    return read


def _accepted(connection: DuckDBPyConnection, stage: Stage) -> Iterable[Finding]:
    """Good rows as findings, by draw, visit, agency, item."""
    good = f"NOT EXISTS (SELECT 1 FROM bad_{KIND} AS b WHERE b.source = r.source AND b.row = r.row)"
    names = ("visit", "agency", "item", "result", "method", "day", "note", "disposal")
    rows = connection.execute(
        "SELECT k.draw, k.visit, p.agency, p.item, p.result, coalesce(p.day, k.finished), p.method, p.note, p.disposal "
        f"FROM ({parsed_sql(stage, names, good)}) AS p JOIN expected AS k "
        "ON k.label = p.visit AND k.agency = p.agency AND k.item = p.item ORDER BY ALL"
    )
    while block := rows.fetchmany(10_000):
        for draw, visit, agency, item, result, day, method, note, disposal in block:
            yield Finding(
                draw=draw,
                visit=visit,
                agency=agency,
                item=item,
                result=result,
                found_on=date.fromisoformat(day),
                method=method or "site",
                note=note,
                disposal=disposal,
            )


def _count(connection: DuckDBPyConnection, stage: Stage, accepted: int, empty: int) -> RegisterCounts:
    doubled = f"SELECT DISTINCT source, row FROM faults_{KIND} WHERE code IN ('registers.repeat', 'registers.conflict')"
    repeats = f"SELECT count(*) FROM ({doubled})"
    bad, repeated = (
        connection.execute(query).fetchone() or (0,) for query in (f"SELECT count(*) FROM bad_{KIND}", repeats)
    )
    broken = sum(len(source.broken) for source in stage.sources)
    return RegisterCounts(
        files=len(stage.sources),
        read=stage.rows + broken - empty,
        accepted=accepted,
        rejected=int(bad[0]),
        duplicates=int(repeated[0]),
        blank=stage.blank + empty,
    )
