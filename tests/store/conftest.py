"""Every store test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from expectations import ORIGIN, START
from postgres import server
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from inspection.store import schema, tables
from inspection.store.plans import Plan, Store
from inspection.store.workspace import Workspace


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with server() as folder:
        yield folder


def _address(folder: str, database: str) -> str:
    return f"postgresql+psycopg://postgres@/{database}?host={folder}"


@pytest.fixture(scope="session")
def postgres(postgres_server: str) -> Iterator[Callable[[str], str]]:
    """Makes the database ``test`` anew from a template, and gives its URL; ``upgraded`` holds the newest tables."""
    engine = create_engine(_address(postgres_server, "postgres"), isolation_level="AUTOCOMMIT")

    def make(template: str, database: str = "test") -> str:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {database} TEMPLATE {template}"))
        return _address(postgres_server, database)

    Store.at(make("template0", "upgraded")).close()
    yield make
    engine.dispose()


@pytest.fixture(scope="session")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upgraded") / "store.db"
    Store.at(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def postgres_url(postgres_server: str, postgres: Callable[[str], str]) -> str:
    """A PostgreSQL database with the newest tables, empty: that of the test before where its tables are whole."""
    engine = create_engine(_address(postgres_server, "test"))
    try:
        with engine.begin() as connection:
            # Without this the triggers would keep the log from being emptied.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f"TRUNCATE {', '.join(schema.metadata.tables)}"))
            is_whole = connection.scalar(text("SELECT version_num FROM alembic_version")) == tables.HEAD
    except DBAPIError:
        is_whole = False
    engine.dispose()
    return _address(postgres_server, "test") if is_whole else postgres("upgraded")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, upgraded_file: Path) -> str:
    """A database with the newest tables, empty."""
    if request.param == "postgresql":
        address: str = request.getfixturevalue("postgres_url")
        return address
    shutil.copy(upgraded_file, tmp_path / "store.db")
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "postgresql":
        address: str = request.getfixturevalue("postgres")("template0")
        return address
    return f"sqlite:///{tmp_path / 'bare.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.at(url)
    yield opened
    opened.close()


@pytest.fixture
def workspace(url: str, tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.create(tmp_path / "workspace", url=url, origin=ORIGIN)
    yield opened
    opened.store.close()


@pytest.fixture
def plan() -> Plan:
    return Plan(
        plan="370828-2027",
        division="370828",
        year=2027,
        name="金乡县 2027 年度双随机抽查计划",
        policy={"coverage": {"floor": [1, 20]}, "tiers": ["A", "B"]},
        snapshot="5" * 64,
    )


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """A clock that moves on by a minute at each look."""
    ticks: Iterator[Any] = iter(range(10_000))
    return lambda: START + timedelta(minutes=next(ticks))
