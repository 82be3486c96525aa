"""Looking a firm up: in a snapshot by code or part of the name, among rejected rows, in the table of a draw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from inspection.registry.source import quoted

BOOK = "rejects.xlsx"
COLUMNS = ("firm", "name", "kind", "tier", "status", "region", "town", "industry", "tags", "address", "established")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredFirm:
    """A firm as the register has it; ``tags`` joined by ';'."""

    firm: str
    name: str
    kind: str
    tier: str
    status: str
    region: str
    town: str
    industry: str
    tags: str
    address: str
    established: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row of firms that an import refused: where it stood, its cells, the reason codes, and the workbook to mend it.

    ``row`` is what the user sees in the file.
    """

    file: str
    row: int
    codes: tuple[str, ...]
    cells: tuple[str, ...]
    workbook: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A line of a table: its number from 0 (the header), its bytes, and how many lines the table has."""

    index: int
    line: bytes
    lines: int


def find_firms(firms: Path, text: str, most: int) -> tuple[RegisteredFirm, ...]:
    """The firm of that code; else firms whose name or code holds the text, shorter names first, at most so many."""
    source = f"read_parquet({quoted(str(firms))})"
    columns = ", ".join(COLUMNS)
    with database() as connection:
        rows = connection.execute(f"SELECT {columns} FROM {source} WHERE firm = upper(?)", [text]).fetchall()
        if not rows:
            rows = connection.execute(
                f"SELECT {columns} FROM {source} WHERE contains(name, ?) OR contains(firm, upper(?)) "
                f"ORDER BY length(name), name, firm LIMIT {most}",
                [text, text],
            ).fetchall()
    return tuple(RegisteredFirm(**dict(zip(COLUMNS, row, strict=True))) for row in rows)


def find_rejected(quarantine: Path, text: str, most: int) -> tuple[RejectedRow, ...]:
    """Rows of firms refused by any import into the workspace, one of whose cells holds the text."""
    found: list[RejectedRow] = []
    with database() as connection:
        for kept in sorted(quarantine.glob("*/rows.parquet")):
            rows = connection.execute(
                f"SELECT file, row, codes, cells FROM read_parquet({quoted(str(kept))}) WHERE register = 'firms' "
                "AND contains(upper(array_to_string(cells, chr(31))), upper(?)) "
                f"ORDER BY file, row LIMIT {most}",
                [text],
            ).fetchall()
            found += [
                RejectedRow(file=file, row=row, codes=tuple(codes), cells=tuple(cells), workbook=kept.parent / BOOK)
                for file, row, codes, cells in rows
            ]
    return tuple(found[:most])


def find_row(table: Path, column: int, value: str) -> TableRow | None:
    """The first line of a table whose field holds the value; None when there is none. Read once, in constant memory."""
    found: TableRow | None = None
    wanted, lines = value.encode(), 0
    with table.open("rb") as file:
        for lines, line in enumerate(file, start=1):
            if found is None and wanted in line and line.rstrip(b"\n").split(b",")[column] == wanted:
                found = TableRow(index=lines - 1, line=line.rstrip(b"\n"), lines=0)
    return None if found is None else TableRow(index=found.index, line=found.line, lines=lines)


@contextmanager
def database() -> Iterator[Any]:
    """A DuckDB connection of its own."""
    import duckdb

    with duckdb.connect(config={"threads": 2, "autoinstall_known_extensions": False}) as connection:
        yield connection
