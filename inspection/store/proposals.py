"""Rules asked for by one person, decided by another, never edited afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Row, func, insert, select, update

from inspection.errors import StoreError
from inspection.store.account_tables import proposals as table
from inspection.store.changes import is_same_person

ProposalState = Literal["pending", "approved", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A policy file somebody asks for; ``base`` is the SHA-256 of the file it is to replace, in hex."""

    number: int
    text: str
    base: str
    requested_by: str
    requested_at: datetime
    state: ProposalState = "pending"
    decided_by: str | None = None
    decided_at: datetime | None = None


def propose(connection: Connection, text: str, base: str, by: str, at: datetime) -> Proposal:
    """The rules wait for a second person.

    Raises:
        StoreError: the same rules wait already.
    """
    waiting = connection.scalar(select(table.c.number).filter_by(text=text, state="pending"))
    if waiting is not None:
        raise StoreError("store.proposal.pending", number=waiting)
    number = 1 + (connection.scalar(select(func.max(table.c.number))) or 0)
    row = {"number": number, "text": text, "base": base, "requested_by": by, "requested_at": at, "state": "pending"}
    connection.execute(insert(table), row)
    return proposal(connection, number)


def decide(connection: Connection, number: int, state: ProposalState, by: str, at: datetime) -> Proposal:
    """The proposal is approved or refused by somebody who did not ask for it.

    Raises:
        StoreError: there is none, it was decided before, or the same person asked for it.
    """
    asked = proposal(connection, number)
    if asked.state != "pending":
        raise StoreError("store.proposal.decided", number=number, by=asked.decided_by, state=asked.state)
    if is_same_person(asked.requested_by, by):
        raise StoreError("store.proposal.same_person", number=number, by=asked.requested_by)
    connection.execute(update(table).filter_by(number=number).values(state=state, decided_by=by, decided_at=at))
    return proposal(connection, number)


def proposal(connection: Connection, number: int) -> Proposal:
    """The proposal of this number.

    Raises:
        StoreError: there is none.
    """
    row = connection.execute(select(table).filter_by(number=number)).one_or_none()
    if row is None:
        raise StoreError("store.proposal.unknown", number=number)
    return _as_proposal(row)


def proposals(connection: Connection, *, before: int | None = None, limit: int = 100) -> tuple[Proposal, ...]:
    """The latest proposals first, those older than number ``before`` where one is given."""
    query = select(table).order_by(table.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(table.c.number < before)
    return tuple(map(_as_proposal, connection.execute(query)))


def _as_proposal(row: Row[tuple[object, ...]]) -> Proposal:
    return Proposal(**row._asdict())
