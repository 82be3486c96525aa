"""Rows of every table in one form for every database: a JSON line each, in the order of the primary key.

Tables are those the database itself states, not those of this program, so that a store of an older version is written
and read at its own version. Two databases hold the same when their lines are the same bytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, MetaData, Table, collate, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import String

from inspection.errors import StoreError
from inspection.store import schema
from inspection.store.bulk import insert_rows

VERSION_TABLE = "alembic_version"
AT_ONCE = 5_000


def stored_tables(connection: Connection) -> list[Table]:
    """The store's tables, each after those it refers to; checkpoints right after the entries they cover.

    Other tables of the same database, which are somebody else's, are not among them.
    """
    known = MetaData()
    known.reflect(connection, only=lambda name, _: name in schema.metadata.tables)
    if {"checkpoints", "log_entries"} <= known.tables.keys():
        entries, notes = known.tables["log_entries"], known.tables["checkpoints"]
        notes.add_is_dependent_on(entries)
        for table in known.tables.values():
            if any(key.column.table is entries for key in table.foreign_keys):
                table.add_is_dependent_on(notes)
    return known.sorted_tables


def row_lines(connection: Connection, table: Table, columns: Sequence[Any] = ()) -> Iterator[bytes]:
    """The table's rows, each as a line with its end: a JSON list of values in the order of the columns.

    Args:
        columns: another order, where the database has its columns in another one.
    """
    order = (_bytewise(connection, column) for column in table.primary_key.columns)
    query = select(*(columns or table.columns)).order_by(*order)
    for row in connection.execution_options(yield_per=AT_ONCE).execute(query):
        yield (json.dumps([_plain(value) for value in row], ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def put_lines(connection: Connection, table: Table, columns: list[str], lines: Iterable[bytes]) -> None:
    """The rows of the lines are in the table.

    Raises:
        StoreError: a row breaks a rule of the table, or cannot be stored in this database.
    """
    try:
        insert_rows(connection, table, columns, ([_stored(value) for value in json.loads(line)] for line in lines))
    except StoreError as error:
        if error.code != "store.rows.refused":
            raise
        raise StoreError("backup.row", table=table.name, reason=error.params["reason"]) from None
    except (DBAPIError, connection.dialect.loaded_dbapi.Error, ValueError) as error:
        raise StoreError("backup.row", table=table.name, reason=" ".join(str(error).split())[:300]) from None


def _bytewise(connection: Connection, column: Any) -> Any:
    is_text = isinstance(column.type, String)
    return collate(column, "C") if is_text and connection.dialect.name == "postgresql" else column


def _plain(value: Any) -> Any:
    """What JSON can hold; bytes as ``{"base64": …}``, dates as text."""
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    return value.isoformat() if isinstance(value, date) else value


def _stored(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value
