"""What is asked for after a draw: by one person, decided by another, never edited afterwards (PROTOCOL 9)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update

from inspection.errors import StoreError
from inspection.store.tables import changes as table

ChangeKind = Literal["void", "replace", "substitute", "close"]
ChangeState = Literal["pending", "approved", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for.

    Attributes:
        draw: full name: of the firm draw for a replacement or a closed visit, of the inspector draw for a substitution.
        visit: code within its draw; '' for a void.
        agency, subject: of a substitution, whose officer cannot go; subject of a replacement: the firm that leaves.
        reason: code of ``reasons.toml``.
    """

    draw: str
    kind: ChangeKind
    reason: str
    visit: str = ""
    agency: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A wish, who asked for it and when, who decided it, and the firm or inspector who came in."""

    number: int
    plan: str
    wish: Wish
    requested_by: str
    requested_at: datetime
    state: ChangeState = "pending"
    decided_by: str | None = None
    decided_at: datetime | None = None
    successor: str | None = None


def request(connection: Connection, plan: str, wish: Wish, by: str, at: datetime) -> Change:
    """The wish waits for a second person.

    Raises:
        StoreError: the same wish waits already.
    """
    where = {name: getattr(wish, name) for name in ("draw", "kind", "visit", "agency", "subject")}
    waiting = connection.scalar(select(table.c.number).filter_by(**where, state="pending"))
    if waiting is not None:
        raise StoreError("store.change.pending", number=waiting)
    number = 1 + (connection.scalar(select(func.max(table.c.number))) or 0)
    row = where | {"number": number, "plan": plan, "reason": wish.reason, "state": "pending"}
    connection.execute(insert(table), row | {"requested_by": by, "requested_at": at})
    return change(connection, plan, number)


def decide(
    connection: Connection, asked: Change, state: ChangeState, by: str, at: datetime, successor: str | None = None
) -> Change:
    """The wish is approved or refused by somebody who did not ask for it.

    Raises:
        StoreError: it was decided before, or the same person asked for it.
    """
    stored = change(connection, asked.plan, asked.number)
    require_decidable(stored, by)
    values = {"state": state, "decided_by": by, "decided_at": at, "successor": successor}
    connection.execute(update(table).filter_by(number=stored.number).values(values))
    return change(connection, asked.plan, asked.number)


def require_decidable(asked: Change, by: str) -> None:
    """The wish waits, and ``by`` did not ask for it; StoreError otherwise."""
    if asked.state != "pending":
        raise StoreError("store.change.decided", number=asked.number, by=asked.decided_by, state=asked.state)
    if is_same_person(asked.requested_by, by):
        raise StoreError("store.change.same_person", number=asked.number, by=asked.requested_by)


def is_same_person(one: str, other: str) -> bool:
    """Whether two names differ by nothing but width, case and spaces."""
    first, second = ("".join(unicodedata.normalize("NFKC", name).casefold().split()) for name in (one, other))
    return first == second


def change(connection: Connection, plan: str, number: int) -> Change:
    """The change of this number; StoreError when the plan has none."""
    row = connection.execute(select(table).filter_by(plan=plan, number=number)).one_or_none()
    if row is None:
        raise StoreError("store.change.unknown", number=number)
    return _as_change(row)


def changes(connection: Connection, plan: str, states: Sequence[ChangeState] = ()) -> tuple[Change, ...]:
    """The plan's changes in the order they were asked for; those in the given states, or all."""
    query = select(table).filter_by(plan=plan).order_by(table.c.number)
    if states:
        query = query.where(table.c.state.in_(states))
    return tuple(map(_as_change, connection.execute(query)))


def _as_change(row: Row[Any]) -> Change:
    return Change(
        number=row.number,
        plan=row.plan,
        wish=Wish(
            draw=row.draw,
            kind=row.kind,
            reason=row.reason,
            visit=row.visit,
            agency=row.agency,
            subject=row.subject,
        ),
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        successor=row.successor,
    )
