"""A small planned county behind the application, with an account for every role."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from inspection.office import Office

PASSWORD = "correct horse battery"
ROLES = ("planner", "clerk", "inspector", "reviewer", "auditor", "admin")


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hashed in a millisecond: what the real parameters cost is tested once."""
    from argon2 import PasswordHasher

    from inspection.web import accounts

    monkeypatch.setattr(accounts, "hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Hands:
    """A clock that a test sets."""

    time: datetime = field(default_factory=lambda: datetime(2027, 3, 1, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass
class House:
    """The application over one workspace: a client for people, keys for programs, a clock to set."""

    office: Office
    client: TestClient
    clock: Hands
    keys: dict[str, str]
    agency: str
    officer: str

    def api(self, method: str, path: str, role: str | None = "planner", **rest: Any) -> Any:
        headers = dict(rest.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.keys[role]}"
        return self.client.request(method, f"/api/v1{path}", headers=headers, **rest)

    def token(self, path: str = "/sign-in") -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.client.get(path).text)
        assert found is not None
        return found[1]

    def sign_in(self, name: str = "planner", password: str = PASSWORD) -> Any:
        form = {"account": name, "password": password, "csrf": self.token()}
        return self.client.post("/sign-in", data=form, follow_redirects=False)

    def deeds(self) -> list[Any]:
        from inspection.store.trail import deeds

        with self.office.workspace.store.reading() as connection:
            return list(deeds(connection, before=None, limit=1000))


def people(office: Office, agency: str, officer: str, now: datetime) -> dict[str, str]:
    """An account by each role's name; its API key."""
    from inspection.store.accounts import Account, Grant
    from inspection.web.accounts import new_account, new_key

    store = office.workspace.store
    keys = {}
    for role in ROLES:
        of_agency = agency if role in ("clerk", "inspector") else ""
        account = Account(
            account=role,
            name=f"{role} 某",
            created_at=now,
            grants=(Grant(role=role, agency=of_agency),),
            inspector=officer if role == "inspector" else None,
        )
        new_account(store, account, PASSWORD if role in ("planner", "clerk") else None)
        keys[role] = new_key(store, role, now)
    return keys


def open_house(office: Office, agency: str, officer: str, **settings: Any) -> House:
    from fastapi.testclient import TestClient

    from inspection.web.app import create_app
    from inspection.web.settings import Settings

    clock = Hands()
    keys = people(office, agency, officer, clock())
    app = create_app(office.workspace.folder, Settings(**settings), clock, office)
    # Pages of roles have tests of their own; the first page is tried here without them.
    app.state.desk.tiles = ()
    client = TestClient(app, raise_server_exceptions=False)
    return House(office=office, client=client, clock=clock, keys=keys, agency=agency, officer=officer)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[House]:
    """A workspace without registers, on which security is tried."""
    from inspection.office import Office

    office = Office.found(tmp_path / "workspace", origin="open-draw.example/web")
    yield open_house(office, "SC", "SC-001")
    office.workspace.store.close()


@pytest.fixture(scope="session")
def copied(planned: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes copies of the planned county's workspace, so that no test sees what another did."""
    from inspection.store.engine import connect

    source = planned.office.workspace.folder

    def copy() -> Path:
        from sqlalchemy import text

        target = tmp_path_factory.mktemp("house") / "workspace"
        engine = connect(f"sqlite:///{source / 'inspection.db'}")
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        engine.dispose()
        shutil.copytree(source, target)
        return target

    return copy


@pytest.fixture
def house(copied: Callable[[], Path]) -> Iterator[House]:
    """The planned small county behind the application; the day is one of the plan's year."""
    opened = _planned_house(copied)
    yield opened
    opened.office.workspace.store.close()


@pytest.fixture(scope="module")
def shared(copied: Callable[[], Path]) -> Iterator[House]:
    """As ``house``, for tests of one module that only read."""
    opened = _planned_house(copied)
    yield opened
    opened.office.workspace.store.close()


def _planned_house(copied: Callable[[], Path]) -> House:
    from inspection.change_steps import standing
    from inspection.office import Office

    office = Office.opened(copied())
    visit = next(each for each in standing(office.line()) if len(each.agencies) > 1)
    agency, officer = visit.team[0]
    return open_house(office, agency, officer, writes_a_minute=100_000)
