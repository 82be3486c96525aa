"""Rows of a file in any form the registers are read in, by our names of its columns."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from inspection.errors import InputError
from inspection.registry.mapping import HeaderMapping
from inspection.registry.opening import open_source
from inspection.registry.readers import tidy
from inspection.registry.source import Source
from inspection.registry.specification import Column, Register, data_table


class SheetRow(NamedTuple):
    """A row with its number in the file and the text of each of our columns, '' where blank or missing."""

    number: int
    cells: Mapping[str, str]


def read_sheet(path: Path, kind: str) -> list[SheetRow]:
    """The rows of a file, in order, blank ones left out.

    Args:
        path: .csv in any usual encoding, .xlsx or .parquet.
        kind: name of its specification in data/registers.

    Raises:
        InputError: the file cannot be read, or lines of it are no rows: all are named.
    """
    import duckdb  # 0.1 s at start-up

    with tempfile.TemporaryDirectory(prefix="audit-") as scratch, duckdb.connect() as connection:
        source = open_source(path, _specification(kind), HeaderMapping(), Path(scratch), connection)
        rows = _rows(source, connection)
        if len(rows) != source.expected and source.expected is not None and source.careful is not None:
            source = source.careful()
            rows = _rows(source, connection) or []
        if source.broken:
            lines = ", ".join(str(line.row) for line in source.broken[:20])
            raise InputError("audit.list.broken", file=path.name, count=len(source.broken), lines=lines)
    places = source.header.places
    named = [
        SheetRow(int(row[0]), {name: tidy(row[place + 1] or "") for name, place in places.items()}) for row in rows
    ]
    return [row for row in named if any(row.cells.values())]


def _rows(source: Source, connection) -> list[tuple[str, ...]]:  # type: ignore[no-untyped-def]  # DuckDB, imported late
    import duckdb

    names = ", ".join(f"c{place}" for place in range(len(source.header.titles)))
    try:
        found: list[tuple[str, ...]] = connection.sql(
            f"SELECT row, {names} FROM {source.numbered} ORDER BY row"
        ).fetchall()
        return found
    except duckdb.Error:
        if source.careful is None:
            raise
        return []


def _specification(kind: str) -> Register:
    """A specification that is no register of a plan; opening a file looks at its columns only."""
    table = data_table(kind)
    columns = [
        Column(name=name, read=entry["read"], headers=tuple(entry["headers"]))
        for name, entry in table["column"].items()
    ]
    needs = tuple(tuple(group) for group in table["needs"])
    return Register(kind="firms", title=table["title"], key=(), needs=needs, columns=tuple(columns))
