"""The import as one straight line: open, stage, read, check, freeze, report."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection.errors import InputError, StoreError
from inspection.registry.checks import find_faults
from inspection.registry.freezing import accepted_rows, freeze, no_firms, records, write_firms
from inspection.registry.mapping import HeaderMapping, read_mapping
from inspection.registry.notices import notices
from inspection.registry.opening import open_source
from inspection.registry.readers import References, reader
from inspection.registry.rejects import examples, keep_rejects, reasons
from inspection.registry.report import ImportReport, Notice, RegisterCounts
from inspection.registry.settings import REGISTER_KINDS, ImportSettings, Progress, RegisterKind
from inspection.registry.snapshot import Snapshot
from inspection.registry.source import Source, UnreadableFiles
from inspection.registry.specification import plain, register
from inspection.registry.staging import Stage, read_texts, stage_sources

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_REFERS: Mapping[RegisterKind, tuple[RegisterKind, ...]] = {
    "items": ("agencies",),
    "inspectors": ("agencies",),
    "tasks": ("agencies", "items"),
    "recusals": ("inspectors", "firms"),
}
_SQL_READS = frozenset({"firm_code", "text", "name", "line"})
"""Columns nearly every row of which differs are read by SQL (codes.py, staging.py), the others by readers.py."""

MEMORY = "400MB"
"""What DuckDB may hold before it writes to the scratch folder; keeps 1 000 000 firms under 1 GB in all."""


@dataclass(slots=True, kw_only=True)
class _Desk:
    """What an import has on its table, from register to register."""

    connection: DuckDBPyConnection
    scratch: Path
    settings: ImportSettings
    stages: dict[RegisterKind, Stage] = field(default_factory=dict)
    counts: dict[RegisterKind, RegisterCounts] = field(default_factory=dict)
    rows: dict[RegisterKind, list[dict[str, Any]]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    seconds: dict[RegisterKind, float] = field(default_factory=dict)

    @property
    def firms(self) -> Path:
        """The accepted firms."""
        return self.scratch / "accepted.parquet"


def import_registers(
    files: Mapping[RegisterKind, Sequence[Path]],
    folder: Path,
    settings: ImportSettings,
    progress: Progress | None = None,
) -> ImportReport:
    """Good rows are frozen in folder/snapshots/<digest>; bad ones are named and kept in folder/quarantine/<digest>.

    Args:
        files: one or more files per register; a register not given is empty.
        folder: workspace; created when it does not exist.
        settings: year, regions, tiers and mapping files.
        progress: called before each register and at the end.

    Raises:
        InputError: files that cannot be read at all (every one is named), or a register without those it refers to.
    """
    given: dict[RegisterKind, list[Path]] = {
        kind: [Path(path) for path in files[kind]] for kind in REGISTER_KINDS if files.get(kind)
    }
    _check_references(given)
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as scratch, connect(Path(scratch)) as connection:
        desk = _Desk(connection=connection, scratch=Path(scratch), settings=settings)
        mappings = {kind: read_mapping(kind, settings.mappings.get(kind)) for kind in given}
        sources = _open_all(given, mappings, desk)
        for done, kind in enumerate(given):
            if progress:
                progress(kind, done, len(given))
            _import(kind, sources[kind], mappings[kind], desk)
        if "firms" not in given:
            no_firms(connection, desk.firms)
        report = _report(desk, folder)
        if progress:
            progress("snapshot", len(given), len(given))
        return report


def connect(scratch: Path) -> DuckDBPyConnection:
    """A DuckDB in memory that uses two cores, spills to ``scratch`` and never downloads anything."""
    import duckdb

    connection = duckdb.connect(
        config={
            "threads": 2,
            "memory_limit": MEMORY,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("SET enable_progress_bar = false")
    return connection


def _sweep(folder: Path) -> None:
    """Scratch folders of imports killed more than a day ago are gone; younger ones may be at work."""
    for left in folder.glob(".import-*"):
        if left.stat().st_mtime < time.time() - 86_400:
            shutil.rmtree(left, ignore_errors=True)


def _check_references(given: Mapping[RegisterKind, Sequence[Path]]) -> None:
    if not given:
        raise InputError("registers.none")
    for kind in given:
        lacking = [register(other).title for other in _REFERS.get(kind, ()) if other not in given]
        if lacking:
            raise InputError("registers.needs", register=register(kind).title, others="、".join(lacking))


def _open_all(
    given: Mapping[RegisterKind, Sequence[Path]], mappings: Mapping[RegisterKind, HeaderMapping], desk: _Desk
) -> dict[RegisterKind, list[Source]]:
    """Every file opened before any is read, so that all that cannot be are named at once."""
    sources: dict[RegisterKind, list[Source]] = {kind: [] for kind in given}
    errors: list[InputError] = []
    for kind, paths in given.items():
        for number, path in enumerate(paths):
            room = desk.scratch / f"{kind}-{number}"
            room.mkdir()
            try:
                sources[kind].append(open_source(path, register(kind), mappings[kind], room, desk.connection))
            except InputError as error:
                errors.append(error)
    if errors:
        raise UnreadableFiles(tuple(errors))
    return sources


def _import(kind: RegisterKind, sources: Sequence[Source], mapping: HeaderMapping, desk: _Desk) -> None:
    began = time.perf_counter()
    specification = register(kind)
    stage = stage_sources(desk.connection, specification, mapping, sources, desk.scratch)
    references = _references(desk)
    readers = {
        column.name: reader(column, desk.settings, references)
        for column in specification.columns
        if column.read not in _SQL_READS
    }
    stage = read_texts(desk.connection, stage, readers, desk.scratch)
    find_faults(desk.connection, stage, desk.scratch)
    if kind == "firms":
        write_firms(desk.connection, stage, desk.firms)
        accepted = _number(desk, "SELECT count(*) FROM accepted_firms")
    else:
        desk.rows[kind] = accepted_rows(desk.connection, stage)
        accepted = len(desk.rows[kind])
    desk.stages[kind] = stage
    desk.counts[kind] = _count(kind, stage, accepted, desk)
    desk.notices += notices(desk.connection, stage, desk.settings)
    desk.seconds[kind] = time.perf_counter() - began


def _number(desk: _Desk, query: str) -> int:
    row = desk.connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _count(kind: RegisterKind, stage: Stage, accepted: int, desk: _Desk) -> RegisterCounts:
    broken = sum(len(source.broken) for source in stage.sources)
    repeats = "SELECT count(*) FROM (SELECT DISTINCT source, row FROM faults_{} WHERE code IN ('{}', '{}'))"
    counts = RegisterCounts(
        files=len(stage.sources),
        read=stage.rows + broken,
        accepted=accepted,
        rejected=_number(desk, f"SELECT count(*) FROM bad_{kind}"),
        duplicates=_number(desk, repeats.format(kind, "registers.repeat", "registers.conflict")),
        blank=stage.blank,
    )
    if counts.read != counts.accepted + counts.rejected:
        raise StoreError(
            "registers.unaccounted",
            register=stage.register.title,
            **{"read": counts.read, "accepted": counts.accepted, "rejected": counts.rejected},
        )
    return counts


def _references(desk: _Desk) -> References:
    codes: dict[str, frozenset[str]] = {}
    names: dict[str, dict[str, tuple[str, ...]]] = {}
    sources: tuple[tuple[RegisterKind, str, str], ...] = (
        ("agencies", "agency", "name"),
        ("items", "item", "name"),
        ("inspectors", "inspector", "certificate"),
    )
    for kind, key, name in sources:
        rows = desk.rows.get(kind, [])
        codes[key] = frozenset(row[key] for row in rows)
        named: dict[str, tuple[str, ...]] = {}
        for row in rows:
            word = plain(row[name])
            named[word] = (*named.get(word, ()), row[key])
        names[key] = named
    return References(codes, names)


def _report(desk: _Desk, folder: Path) -> ImportReport:
    rejected = any(counts.rejected for counts in desk.counts.values())
    usable = any(counts.accepted for counts in desk.counts.values())
    kept = keep_rejects(desk.connection, desk.stages, desk.counts, folder) if rejected else None
    snapshot = None if not usable or (rejected and desk.settings.strict) else _freeze(desk, folder)
    return ImportReport(
        snapshot=snapshot,
        counts=desk.counts,
        reasons=reasons(desk.connection, desk.stages),
        examples=examples(desk.connection, desk.stages) if rejected else (),
        rejects=kept / "rejects.xlsx" if kept else None,
        quarantine=kept / "rows.parquet" if kept else None,
        warnings=tuple(desk.notices),
        seconds=desk.seconds,
    )


def _freeze(desk: _Desk, folder: Path) -> Snapshot:
    regions = {row["agency"]: row["region"] for row in desk.rows.get("agencies", [])}
    made: dict[str, list[dict[str, Any]]] = {
        kind: records(kind, desk.rows.get(kind, []), regions) for kind in REGISTER_KINDS if kind != "firms"
    }
    return freeze(desk.connection, made, desk.firms, folder)
