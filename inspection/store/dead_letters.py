"""How deliveries stand, and what people do about those given up: read, resend, drop with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from inspection.errors import StoreError
from inspection.outgoing import Announcement, State
from inspection.store.outbox import as_announcement
from inspection.store.outbox_tables import deliveries as table
from inspection.store.outbox_tables import outbox, receipts, targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many parcels of a target are in each state; ``next_due`` of those waiting, ``unseen`` not queued yet."""

    target: str
    counts: dict[State, int]
    retried: int
    next_due: datetime | None
    unseen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One parcel as a person reads it."""

    target: str
    announcement: Announcement
    state: State
    batch: str
    attempts: int
    due_at: datetime
    error: str | None
    settled_at: datetime | None
    handled_by: str | None
    note: str | None
    receipt: str | None
    held: int


def standings(connection: Connection) -> tuple[Standing, ...]:
    """How every target known so far stands, by name."""
    last = connection.scalar(select(func.max(outbox.c.seq))) or 0
    found = []
    for row in connection.execute(select(targets).order_by(targets.c.target)).all():
        mine = table.c.target == row.target
        grouped = select(table.c.state, func.count().label("number")).where(mine).group_by(table.c.state)
        retried = select(func.count()).where(mine, table.c.state == "waiting", table.c.attempts > 0)
        found.append(
            Standing(
                target=row.target,
                counts={each.state: each.number for each in connection.execute(grouped)},
                retried=connection.scalar(retried) or 0,
                next_due=next_due(connection, row.target),
                unseen=last - row.seen,
            )
        )
    return tuple(found)


def next_due(connection: Connection, target: str) -> datetime | None:
    """When the next parcel of the target that may be claimed is due; None when none waits or all wait behind others."""
    before = table.alias("before")
    held = select(before.c.seq).where(
        before.c.target == table.c.target,
        before.c.record == table.c.record,
        before.c.seq < table.c.seq,
        before.c.state.in_(("waiting", "dead")),
    )
    query = select(table.c.due_at).where(table.c.target == target, table.c.state == "waiting", ~held.exists())
    return connection.scalar(query.order_by(table.c.due_at).limit(1))


def _letters() -> Select[Any]:
    later = table.alias("later")
    held = select(func.count()).where(
        later.c.target == table.c.target,
        later.c.record == table.c.record,
        later.c.seq > table.c.seq,
        later.c.state == "waiting",
    )
    return (
        select(table, *(column for column in outbox.c if column.name not in ("seq", "record")))
        .add_columns(receipts.c.receipt, held.scalar_subquery().label("held"))
        .join(outbox, outbox.c.seq == table.c.seq)
        .outerjoin(receipts, (receipts.c.target == table.c.target) & (receipts.c.seq == table.c.seq))
        .order_by(table.c.target, table.c.seq)
    )


def letters(
    connection: Connection, state: State, target: str | None = None, *, after: int = 0, limit: int = 100
) -> tuple[Letter, ...]:
    """Parcels in a state by target and number, those after a number first (within one target)."""
    query = _letters().where(table.c.state == state, table.c.seq > after).limit(limit)
    if target is not None:
        query = query.where(table.c.target == target)
    return tuple(map(_as_letter, connection.execute(query)))


def letters_of(connection: Connection, key: str) -> tuple[Letter, ...]:
    """What became of one announcement at every target.

    Raises:
        StoreError: there is no such key.
    """
    if connection.scalar(select(outbox.c.seq).filter_by(key=key)) is None:
        raise StoreError("outbox.key.unknown", key=key)
    return tuple(map(_as_letter, connection.execute(_letters().where(outbox.c.key == key))))


def _as_letter(row: Row[Any]) -> Letter:
    return Letter(
        target=row.target,
        announcement=as_announcement(row),
        state=row.state,
        batch=row.batch,
        attempts=row.attempts,
        due_at=row.due_at,
        error=row.error,
        settled_at=row.settled_at,
        handled_by=row.handled_by,
        note=row.note,
        receipt=row.receipt,
        held=row.held,
    )


def resend(connection: Connection, keys: Sequence[str] | None, target: str | None, *, by: str, now: datetime) -> int:
    """Dead letters of these keys (None: all) are due again now, their attempts forgotten; returns how many.

    Raises:
        StoreError: one of the keys is no dead letter.
    """
    values = {"state": "waiting", "due_at": now, "attempts": 0, "settled_at": None}
    return len(_handle(connection, keys, target, values, by, None, now))


def drop(connection: Connection, keys: Sequence[str], target: str | None, *, by: str, note: str, now: datetime) -> int:
    """Dead letters of these keys are set aside for a reason, so that what waits behind them may go; returns how many.

    Raises:
        StoreError: one of the keys is no dead letter, or no reason is given.
    """
    if not note.strip():
        raise StoreError("outbox.drop.reason")
    values = {"state": "dropped", "settled_at": now}
    return len(_handle(connection, keys, target, values, by, note, now))


def _handle(
    connection: Connection,
    keys: Sequence[str] | None,
    target: str | None,
    values: dict[str, Any],
    by: str,
    note: str | None,
    now: datetime,
) -> list[tuple[str, int]]:
    query = select(table.c.target, table.c.seq, outbox.c.key).join(outbox, outbox.c.seq == table.c.seq)
    query = query.where(table.c.state == "dead")
    query = query if target is None else query.where(table.c.target == target)
    query = query if keys is None else query.where(outbox.c.key.in_(keys))
    rows = connection.execute(query.with_for_update(of=table)).all()
    if missing := sorted(set(keys or ()) - {row.key for row in rows}):
        raise StoreError("outbox.letter.alive", keys=", ".join(missing))
    handled = values | {"handled_by": by, "handled_at": now, "note": note, "claim": None}
    for row in rows:
        connection.execute(update(table).filter_by(target=row.target, seq=row.seq).values(handled))
    return [(row.target, row.seq) for row in rows]
