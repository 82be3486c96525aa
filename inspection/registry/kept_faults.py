"""Faults of an import beside the rows it refused, to be read page by page: file, row, column, value, reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.registry.firm_search import database
from inspection.registry.report import Fault
from inspection.registry.source import quoted
from inspection.registry.staging import Stage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FILE = "faults.parquet"
COLUMNS = ("register", "file", "sheet", "row", "column", "value", "code", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCount:
    """How many faults of one code a register has."""

    register: str
    code: str
    count: int


def write_faults(connection: DuckDBPyConnection, stages: Iterable[Stage], path: Path) -> None:
    """Every fault of the stages is in a Parquet file, numbered from 1 by register, file, row and column."""
    parts = []
    for place, stage in enumerate(stages):
        kind = stage.register.kind
        titles = [
            (number, column.name, stage.title(number, column.name))
            for number in range(len(stage.sources))
            for column in stage.register.columns
        ]
        connection.execute(f"CREATE OR REPLACE TEMP TABLE titles_{kind} (source INTEGER, col VARCHAR, title VARCHAR)")
        connection.executemany(f"INSERT INTO titles_{kind} VALUES (?, ?, ?)", titles)
        names = ", ".join(
            f"({number}, {quoted(source.path.name)}, {quoted(source.sheet)})"
            for number, source in enumerate(stage.sources)
        )
        parts.append(
            f"SELECT {place} AS place, {quoted(kind)} AS register, s.file, s.sheet, f.row, "
            f"coalesce(t.title, '') AS column, f.value, f.code, f.detail, f.source "
            f"FROM faults_{kind} AS f JOIN (VALUES {names}) AS s(number, file, sheet) ON s.number = f.source "
            f"LEFT JOIN titles_{kind} AS t ON t.source = f.source AND t.col = f.col"
        )
    union = " UNION ALL ".join(parts)
    numbered = 'row_number() OVER (ORDER BY place, source, row, "column", code)'
    listed = ", ".join(f'"{name}"' for name in COLUMNS)
    connection.execute(
        f"COPY (SELECT {numbered} AS number, {listed} FROM ({union}) ORDER BY number) "
        f"TO {quoted(str(path))} (FORMAT parquet)"
    )


def page_of_faults(
    folder: Path, after: int, most: int, *, register: str = "", code: str = ""
) -> tuple[tuple[int, Fault], ...]:
    """Faults kept in a folder of rejects with their numbers, those after the number given; of one register and code
    where these are named. Empty for an import older than the file.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    conditions, values = ["number > ?"], list[object]([after])
    for name, wanted in (("register", register), ("code", code)):
        if wanted:
            conditions.append(f"{name} = ?")
            values.append(wanted)
    listed = ", ".join(f'"{name}"' for name in COLUMNS)
    with database() as connection:
        rows = connection.execute(
            f"SELECT number, {listed} FROM read_parquet({quoted(str(path))}) "
            f"WHERE {' AND '.join(conditions)} ORDER BY number LIMIT {most}",
            values,
        ).fetchall()
    return tuple((number, Fault(**dict(zip(COLUMNS, row, strict=True)))) for number, *row in rows)


def fault_counts(folder: Path) -> tuple[FaultCount, ...]:
    """Faults per register and code, most frequent first."""
    path = folder / FILE
    if not path.is_file():
        return ()
    with database() as connection:
        rows = connection.execute(
            f"SELECT register, code, count(*) AS n FROM read_parquet({quoted(str(path))}) "
            "GROUP BY ALL ORDER BY n DESC, register, code"
        ).fetchall()
    return tuple(FaultCount(register=register, code=code, count=count) for register, code, count in rows)
