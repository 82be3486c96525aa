"""The trail: who did what to what, when, and what came of it. It only grows, and names people by account alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from inspection.store.account_tables import trail as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One line of the trail.

    Attributes:
        actor: an account; '' where nobody was signed in.
        object: what it was done to, by codes: never a name, an address or a secret.
        outcome: ``done``, or the code of the error that refused it.
    """

    number: int
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str


def record(connection: Connection, deed: Deed) -> int:
    """The deed is the trail's last, whatever number it bears; its own is returned."""
    number = 1 + (connection.scalar(select(func.max(table.c.number))) or 0)
    names = ("at", "actor", "action", "object", "outcome")
    connection.execute(insert(table), {name: getattr(deed, name) for name in names} | {"number": number})
    return number


def deeds(connection: Connection, *, before: int | None, limit: int, actor: str | None = None) -> tuple[Deed, ...]:
    """The latest deeds first, those older than number ``before`` where one is given; of one actor, or of all."""
    query = select(table).order_by(table.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(table.c.number < before)
    if actor is not None:
        query = query.where(table.c.actor == actor)
    return tuple(Deed(**row._asdict()) for row in connection.execute(query))


def count_since(connection: Connection, actor: str, action: str, since: datetime) -> int:
    """How often an actor did it since that time."""
    query = select(func.count()).select_from(table).filter_by(actor=actor, action=action).where(table.c.at >= since)
    return connection.scalar(query) or 0
