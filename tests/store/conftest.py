"""Every store test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from postgres import server
from sqlalchemy import create_engine, text

from inspection.store.plans import Plan, Store
from inspection.store.workspace import Workspace

START = datetime.fromisoformat("2027-01-05T09:00:00+08:00")
ORIGIN = "open-draw.example/370828-2027"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with server() as folder:
        yield folder


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database."""
    url = f"postgresql+psycopg://postgres@/postgres?host={postgres_server}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        address: str = request.getfixturevalue("postgres_url")
        return address
    return f"sqlite:///{tmp_path / 'store.db'}"


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
