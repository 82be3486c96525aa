"""Work that outlasts a request: what it is, who sent it, whether it is alive, what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from inspection.store.account_tables import errands as table

State = Literal["running", "done", "waiting", "failed"]
"""``waiting``: nothing is wrong, somebody is awaited."""

SILENT_FOR = timedelta(seconds=60)
"""An errand not heard of for so long was interrupted; what it stored stays, and it may be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One errand; ``outcome`` is empty while it runs."""

    errand: str
    kind: str
    account: str
    state: State
    outcome: Mapping[str, Any]
    begun_at: datetime
    alive_at: datetime

    def is_interrupted(self, now: datetime) -> bool:
        """Whether its process is gone without a word."""
        return self.state == "running" and now - self.alive_at > SILENT_FOR


def begin(connection: Connection, errand: Errand) -> None:
    """The errand is known."""
    names = ("errand", "kind", "account", "state", "begun_at", "alive_at")
    row = {name: getattr(errand, name) for name in names}
    connection.execute(insert(table), row | {"outcome": json.dumps(dict(errand.outcome), ensure_ascii=False)})


def is_alive(connection: Connection, errand: str, now: datetime) -> None:
    """The errand was alive at this time."""
    connection.execute(update(table).filter_by(errand=errand, state="running").values(alive_at=now))


def tell(connection: Connection, errand: str, outcome: Mapping[str, Any], now: datetime) -> bool:
    """How far the errand is stands in its outcome until it ends; False when it was ended by somebody else."""
    values = {"outcome": json.dumps(dict(outcome), ensure_ascii=False), "alive_at": now}
    return connection.execute(update(table).filter_by(errand=errand, state="running").values(values)).rowcount > 0


def end(connection: Connection, errand: str, state: State, outcome: Mapping[str, Any], now: datetime) -> None:
    """The errand is over, with this outcome."""
    values = {"state": state, "outcome": json.dumps(dict(outcome), ensure_ascii=False), "alive_at": now}
    connection.execute(update(table).filter_by(errand=errand).values(values))


def find_errand(connection: Connection, errand: str) -> Errand | None:
    """The errand of this name; None when there is none."""
    row = connection.execute(select(table).filter_by(errand=errand)).one_or_none()
    if row is None:
        return None
    return Errand(**{**row._asdict(), "outcome": json.loads(row.outcome)})


def latest(connection: Connection, kind: str) -> Errand | None:
    """The errand of the kind sent last; None when there was none."""
    query = select(table.c.errand).filter_by(kind=kind).order_by(table.c.begun_at.desc(), table.c.errand).limit(1)
    name = connection.scalar(query)
    return None if name is None else find_errand(connection, name)


def end_others(connection: Connection, kind: str, account: str, outcome: Mapping[str, Any], now: datetime) -> None:
    """Errands of the kind that the account sent before are over; their processes find out by ``tell``."""
    values = {"state": "failed", "outcome": json.dumps(dict(outcome), ensure_ascii=False), "alive_at": now}
    connection.execute(update(table).filter_by(kind=kind, account=account, state="running").values(values))


def running(connection: Connection, kind: str, now: datetime) -> Errand | None:
    """An errand of the kind that is alive; None when there is none."""
    query = select(table.c.errand).filter_by(kind=kind, state="running").where(table.c.alive_at > now - SILENT_FOR)
    name = connection.scalar(query.order_by(table.c.begun_at.desc()).limit(1))
    return None if name is None else find_errand(connection, name)
