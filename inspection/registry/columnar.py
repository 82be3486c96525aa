"""Parquet in: columns as they are; numbers too long to be exact in a spreadsheet come as a spreadsheet shows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspection.errors import InputError
from inspection.registry.delimited import header_missing
from inspection.registry.headers import find_header
from inspection.registry.mapping import HeaderMapping
from inspection.registry.source import Source, quoted
from inspection.registry.specification import Register

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NUMBERS = ("DOUBLE", "FLOAT", "BIGINT", "UBIGINT", "HUGEINT", "DECIMAL")


def open_parquet(path: Path, register: Register, mapping: HeaderMapping, connection: DuckDBPyConnection) -> Source:
    """The file opened; its records are its rows.

    Raises:
        InputError: it cannot be read, or its columns are not recognised.
    """
    import duckdb

    table = f"read_parquet({quoted(str(path))}, file_row_number=true)"
    try:
        described = connection.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {table}").fetchall()
    except duckdb.Error as error:
        raise InputError("registers.file.damaged", file=path.name, detail=str(error).splitlines()[0]) from error
    titles = [row[0] for row in described]
    header = find_header([titles], register, mapping)
    if header is None or header.missing:
        raise header_missing(path.name, header, [titles], register)
    cells = [_cell(title, kind, place) for place, (title, kind) in enumerate((row[0], row[1]) for row in described)]
    scan = f"(SELECT file_row_number + 1 AS row, {', '.join(cells)} FROM {table})"
    return Source(path=path, sheet="", header=header, scan=scan)


def _cell(title: str, kind: str, place: int) -> str:
    name = '"' + title.replace('"', '""') + '"'
    if kind.endswith("[]"):
        return f"array_to_string({name}, '、') AS c{place}"
    if kind.startswith(_NUMBERS):
        # As spreadsheet.number_text: whoever stored a code as a number may have lost digits before.
        whole, digits = f"{name} = trunc({name})", f"CAST(CAST({name} AS BIGINT) AS VARCHAR)"
        exact = f"CASE WHEN {whole} THEN {digits} ELSE CAST({name} AS VARCHAR) END"
        shown = f"format('{{:.14E}}', CAST({name} AS DOUBLE))"
        return f"CASE WHEN abs({name}) >= 1e15 THEN {shown} ELSE {exact} END AS c{place}"
    return f"CAST({name} AS VARCHAR) AS c{place}"
