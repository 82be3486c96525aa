"""The application over one workspace, an account for every role, a clock to set."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from inspection.office import Office

PASSWORD = "correct horse battery"
ROLES = ("planner", "clerk", "inspector", "reviewer", "auditor", "admin")


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


def planned_house(folder: Path) -> House:
    """The planned small county behind the application."""
    from inspection.changes.change_steps import standing
    from inspection.office import Office

    office = Office.opened(folder)
    visit = next(each for each in standing(office.line()) if len(each.agencies) > 1)
    agency, officer = visit.team[0]
    return open_house(office, agency, officer, writes_a_minute=100_000)
