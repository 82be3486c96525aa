"""Requests to put a plan before the public, and who decided them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update

from inspection.errors import StoreError
from inspection.store.changes import is_same_person
from inspection.store.publication_tables import publications as table

PublicationState = Literal["pending", "approved", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One request: round 0 is the year's own plan, k its k-th supplement."""

    number: int
    plan: str
    round: int
    state: PublicationState
    requested_by: str
    requested_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None


def ask(connection: Connection, plan: str, round: int, by: str, at: datetime) -> Publication:
    """The request waits for a second person.

    Raises:
        StoreError: the round is published, or a request for it waits.
    """
    for other in publications(connection, plan):
        if other.round == round and other.state == "pending":
            raise StoreError("store.publication.pending", number=other.number, by=other.requested_by)
        if other.round == round and other.state == "approved":
            raise StoreError("store.publication.approved", number=other.number, by=other.requested_by)
    number = 1 + (connection.scalar(select(func.max(table.c.number))) or 0)
    row = {"number": number, "plan": plan, "round": round, "state": "pending"}
    connection.execute(insert(table), row | {"requested_by": by, "requested_at": at})
    return publication(connection, number)


def decide(connection: Connection, number: int, state: PublicationState, by: str, at: datetime) -> Publication:
    """The request is approved or refused by somebody who did not make it.

    Raises:
        StoreError: there is none, it was decided before, or the same person made it.
    """
    asked = publication(connection, number)
    if asked.state != "pending":
        raise StoreError("store.publication.decided", number=number, by=asked.decided_by)
    if is_same_person(asked.requested_by, by):
        raise StoreError("store.publication.same_person", number=number, by=asked.requested_by)
    connection.execute(update(table).filter_by(number=number).values(state=state, decided_by=by, decided_at=at))
    return publication(connection, number)


def publication(connection: Connection, number: int) -> Publication:
    """The request of this number; StoreError when there is none."""
    row = connection.execute(select(table).filter_by(number=number)).one_or_none()
    if row is None:
        raise StoreError("store.publication.unknown", number=number)
    return _as_publication(row)


def publications(connection: Connection, plan: str) -> tuple[Publication, ...]:
    """All requests of a plan in their order."""
    query = select(table).filter_by(plan=plan).order_by(table.c.number)
    return tuple(map(_as_publication, connection.execute(query)))


def _as_publication(row: Row[Any]) -> Publication:
    return Publication(**row._asdict())
