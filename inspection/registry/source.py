"""One file of a register, opened: where its rows are, ready for DuckDB, with every line that is no row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.errors import InputError, Language
from inspection.registry.headers import Header

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class UnreadableFiles(InputError):
    """Files that cannot be used, all of them at once."""

    def __init__(self, errors: tuple[InputError, ...]) -> None:
        super().__init__("registers.files", files="、".join(str(error.params.get("file", "")) for error in errors))
        self.errors = errors

    def text(self, language: Language = "zh") -> str:
        """All messages, one a line."""
        return "\n".join(error.text(language) for error in self.errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLine:
    """A line that is no row: wrong number of fields, a quote without its pair, bytes of no known encoding."""

    row: int
    text: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file opened.

    Attributes:
        path: the file as given.
        sheet: the sheet read, '' when it has none.
        header: the header row found.
        scan: DuckDB table expression with columns ``c0`` … as VARCHAR, one per field of the header row, and ``row``
            (BIGINT) unless ``first_row`` is given; it may be scanned until the scratch folder is removed.
        first_row: row number of the scan's first row when the others follow one by one.
        expected: rows the scan must give for its row numbers to be right; None when they are right by construction.
        careful: opens the file line by line instead; called when ``scan`` fails or misses ``expected``.
        broken: lines that are no rows.
        notices: (code, params) of what a planner should know.
    """

    path: Path
    sheet: str
    header: Header
    scan: str
    first_row: int | None = None
    expected: int | None = None
    careful: Callable[[], Source] | None = None
    broken: tuple[BrokenLine, ...] = ()
    notices: tuple[tuple[str, dict[str, str | int]], ...] = field(default=())

    @property
    def numbered(self) -> str:
        """The scan with its ``row``; numbering in the scan runs on one core, so staging does without it."""
        if self.first_row is None:
            return self.scan
        return f"(SELECT row_number() OVER () + {self.first_row - 1} AS row, * FROM {self.scan})"


def quoted(text: str) -> str:
    """A string as a SQL literal; DuckDB's parser ends at a NUL, which no name or word holds."""
    return "'" + text.replace("'", "''").replace("\0", "") + "'"


def scan_numbered_csv(path: Path, width: int, delimiter: str = ",") -> str:
    """Scan of a file written by us: row number, then ``width`` fields; UTF-8, LF."""
    names = ["row", *(f"c{place}" for place in range(width))]
    rows = read_csv(path, names, 0, delimiter, ends="\\n")
    return f"(SELECT * REPLACE (CAST(row AS BIGINT) AS row) FROM {rows})"


LONGEST_LINE = 1_000_000
"""Bytes; DuckDB holds sixteen times as much per core."""

_NULL = "\x01"


def _plain_ends(cell: object) -> object:
    return cell.replace("\r", " ").replace("\0", "") if isinstance(cell, str) else cell


def insert_rows(connection: DuckDBPyConnection, table: str, rows: Iterable[Sequence[object]], scratch: Path) -> None:
    """Rows are appended to a table, by way of a file: lists as parameters make DuckDB import pandas (0.2 s)."""
    target = scratch / f"{table}.insert.csv"
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([_NULL if cell is None else _plain_ends(cell) for cell in row] for row in rows)
    types = connection.execute(f"SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{table}'")
    columns = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in types.fetchall())
    connection.execute(
        f"INSERT INTO {table} SELECT * FROM read_csv({quoted(str(target))}, header=false, auto_detect=false, "
        f"delim=',', quote='\"', escape='\"', nullstr={quoted(_NULL)}, allow_quoted_nulls=true, "
        f"new_line='\\n', max_line_size={LONGEST_LINE}, columns={{{columns}}})"
    )


def read_csv(path: Path, names: list[str], skip: int, delimiter: str, ends: str = "") -> str:
    """A strict read_csv with nothing guessed but the line ends where none are given; an empty field is NULL."""
    known_ends = f"new_line={quoted(ends)}, " if ends else ""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return (
        f"read_csv({quoted(str(path))}, header=false, skip={skip}, auto_detect=false, all_varchar=true, "
        f"delim={quoted(delimiter)}, quote='\"', escape='\"', strict_mode=true, null_padding=false, {known_ends}"
        f"max_line_size={LONGEST_LINE}, columns={{{columns}}})"
    )
