"""Engines for SQLite and PostgreSQL, and the way to the newest tables.

SQLite runs in WAL mode with every commit synced, foreign keys on; a writing transaction begins IMMEDIATE. PostgreSQL
takes one advisory lock per writing transaction, so both have one writer at a time and readers who never wait.
"""

from __future__ import annotations

import sqlite3
from importlib import resources
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError

from inspection.errors import StoreError
from inspection.store import tables

BUSY_SECONDS = 60
"""How long a SQLite writer waits for the one before it."""

WRITER_KEY = 0x6F70656E64726177
"""The advisory lock of PostgreSQL's writers ("opendraw")."""


def connect(url: str) -> Engine:
    """An engine for the database, which answered.

    Args:
        url: ``sqlite:///path`` or ``postgresql://user@host/database``.

    Raises:
        StoreError: the URL is malformed or of another database, psycopg is missing, or the database does not answer.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = _postgresql(parsed)
    try:
        with engine.connect():
            return engine
    except DBAPIError as error:
        engine.dispose()
        shown = parsed.render_as_string(hide_password=True)
        raise StoreError("store.database.unreachable", url=shown, reason=_reason(error)) from None


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text may hold a password: it is not repeated.
        raise StoreError("store.database.url") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError("store.database.kind", kind=parsed.get_backend_name())
    return parsed


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError("store.database.driver") from None


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    # The driver's own BEGIN is never IMMEDIATE and comes too late for reads: _begin_sqlite says it instead.
    connection.isolation_level = None
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Without this INSERT OR REPLACE would slip past the triggers that forbid deleting from the log.
    connection.execute("PRAGMA recursive_triggers = ON")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def reader(engine: Engine) -> Engine:
    """The same engine for transactions that read one state of the store."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writer(engine: Engine) -> Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(writes=True)


def lock_writers(connection: Connection) -> None:
    """This transaction is the store's only writer until it ends (on SQLite its BEGIN has seen to that)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_KEY})


def upgrade(engine: Engine) -> None:
    """The tables are at the newest version, migrated in one transaction; nothing is done when they are already.

    Raises:
        StoreError: a newer program has written this store, or the file is no database.
    """
    try:
        with reader(engine).begin() as connection:
            version = _version(connection)
    except DatabaseError as error:
        raise StoreError("store.database.unreachable", url=_shown(engine), reason=_reason(error)) from None
    if version is not None and version > tables.HEAD:
        raise StoreError("store.schema.newer", found=version, known=tables.HEAD)
    if version != tables.HEAD:
        migrate(engine, tables.HEAD)


def migrate(engine: Engine, revision: str) -> None:
    """The tables are at the revision (``base`` for none at all), in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = resources.files("inspection.store") / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with writer(engine).begin() as connection:
        lock_writers(connection)
        config.attributes["connection"] = connection
        if revision == "base" or (_version(connection) or "") > revision:
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _shown(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def _reason(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split())
