"""Which reader a file needs, by its first bytes, never by its name alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspection.errors import InputError
from inspection.registry.columnar import open_parquet
from inspection.registry.delimited import open_csv
from inspection.registry.mapping import HeaderMapping
from inspection.registry.source import Source
from inspection.registry.specification import Register
from inspection.registry.spreadsheet import check_old_workbook, is_old_workbook, open_spreadsheet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_UNREADABLE = {".xls", ".et", ".ett", ".doc", ".docx", ".pdf", ".wps", ".rar", ".7z", ".ods", ".xlsb"}


def open_source(
    path: Path, register: Register, mapping: HeaderMapping, scratch: Path, connection: DuckDBPyConnection
) -> Source:
    """The file opened for reading.

    Raises:
        InputError: it does not exist, is empty, is of a kind not read here, is locked, or has no usable header row.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputError("registers.file.missing", file=str(path)) from error
    if not start:
        raise InputError("registers.file.empty", file=path.name)
    if is_old_workbook(start):
        raise check_old_workbook(path, path.read_bytes())
    if path.suffix.lower() in _UNREADABLE:
        raise InputError("registers.file.unsupported", file=path.name)
    if start[:4] == b"PK\x03\x04":
        return open_spreadsheet(path, register, mapping, scratch)
    if start[:4] == b"PAR1":
        return open_parquet(path, register, mapping, connection)
    if path.suffix.lower() in {".xlsx", ".xlsm", ".parquet"}:
        raise InputError("registers.file.damaged", file=path.name, detail=f"{start[:4]!r}")
    return open_csv(path, register, mapping, scratch)
