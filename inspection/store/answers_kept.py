"""Answers kept under idempotency keys, so that a request sent again is not carried out again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from inspection.store.account_tables import answers as table

FORGOTTEN_AFTER = timedelta(days=30)
GIVEN_UP_AFTER = timedelta(minutes=15)
"""A request not answered within this time was interrupted; it may be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of a key: the digest of its request, and the answer, if it has come to one."""

    request: str
    status: int | None
    body: str | None


def claim(connection: Connection, actor: str, key: str, request: str, now: datetime) -> Kept | None:
    """None when the key is the caller's from now on; else what it was used for before."""
    connection.execute(delete(table).where(table.c.at < now - FORGOTTEN_AFTER))
    row = connection.execute(select(table).filter_by(actor=actor, key=key)).one_or_none()
    if row is not None:
        if row.status is not None or now - row.at < GIVEN_UP_AFTER:
            return Kept(request=row.request, status=row.status, body=row.body)
        release(connection, actor, key)
    connection.execute(insert(table), {"actor": actor, "key": key, "request": request, "at": now})
    return None


def keep(connection: Connection, actor: str, key: str, status: int, body: str) -> None:
    """The key's request has this answer."""
    connection.execute(update(table).filter_by(actor=actor, key=key).values(status=status, body=body))


def release(connection: Connection, actor: str, key: str) -> None:
    """The key is nobody's: what was asked for was refused and may be asked for again."""
    connection.execute(delete(table).filter_by(actor=actor, key=key))
