"""What each target is owed of the outbox: queued, claimed under a lease, settled; dead letters wait for a person.

A record's parcels reach a target one by one, in the order of their announcements: the next is claimed only when the one
before is delivered or dropped. A claim moves the parcel's due time to the end of its lease, so the parcel of a killed
process is due again by itself; a receipt counts whoever holds the claim, a failure only from its holder.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, literal, select, update

from inspection.outgoing import Announcement, Kind, Outcome, Parcel, Patience, Random, steps_of
from inspection.store.bulk import insert_rows
from inspection.store.engine import writer
from inspection.store.outbox import as_announcement
from inspection.store.outbox_tables import deliveries as table
from inspection.store.outbox_tables import outbox, receipts, targets
from inspection.store.plans import Store

CHINA = timezone(timedelta(hours=8))
"""Official time, whose day a batch number bears."""

QUEUED_AT_ONCE = 2_000
"""Announcements queued by one transaction."""


@contextlib.contextmanager
def carrying(store: Store) -> Iterator[Connection]:
    """A transaction that claims or settles parcels.

    On PostgreSQL several run side by side, with each other and with the store's writer: rows are locked, not the store.
    On SQLite it is the one writer (BEGIN IMMEDIATE).
    """
    if store.engine.dialect.name == "sqlite":
        with store.writing() as connection:
            yield connection
        return
    with writer(store.engine).begin() as connection:
        yield connection


def enqueue(connection: Connection, target: str, kinds: Sequence[Kind], *, batch_size: int, now: datetime) -> int:
    """The next announcements not yet seen for the target are owed to it; returns how many were looked at.

    They are numbered in batches. What is withdrawn before any attempt to deliver it never leaves the house.
    """
    state = _locked_target(connection, target, now)
    query = select(outbox.c.seq, outbox.c.record, outbox.c.kind, outbox.c.action, outbox.c.not_before)
    found = connection.execute(
        query.where(outbox.c.seq > state.seen).order_by(outbox.c.seq).limit(QUEUED_AT_ONCE)
    ).all()
    if not found:
        return 0
    taken = [row for row in found if row.kind in kinds]
    numbers = _batch_numbers(state, len(taken), batch_size, now)
    soonest = {row.seq: max(row.not_before, now) for row in taken}
    rows = [
        (target, row.seq, row.record, batch, "waiting", 0, _text(soonest[row.seq]))
        for row, batch in zip(taken, numbers, strict=True)
    ]
    insert_rows(connection, table, ("target", "seq", "record", "batch", "state", "attempts", "due_at"), rows)
    for row in taken:
        if row.action == "d":
            _drop_withdrawn(connection, target, row.record, row.seq, now)
    last = numbers[-1] if numbers else state.batch_day + f"{state.batch_serial:05}"
    values = {"seen": found[-1].seq, "batch_day": last[:8], "batch_serial": int(last[8:])}
    connection.execute(update(targets).filter_by(target=target).values(values))
    return len(found)


def _locked_target(connection: Connection, target: str, now: datetime) -> Row[Any]:
    query = select(targets).filter_by(target=target).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        fresh = {"target": target, "seen": 0, "batch_day": _day(now), "batch_serial": 0}
        if connection.dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import insert as insert_or_nothing

            connection.execute(insert_or_nothing(targets).values(fresh).on_conflict_do_nothing())
        else:
            connection.execute(insert(targets), fresh)
        row = connection.execute(query).one()
    return row


def _batch_numbers(state: Row[Any], count: int, size: int, now: datetime) -> list[str]:
    """Numbers of so many parcels: day and serial from 00001 (DOMAIN 6.2); none twice though a clock be set back."""
    day = max(_day(now), state.batch_day)
    first = state.batch_serial + 1 if day == state.batch_day else 1
    return [f"{day}{first + place // size:05}" for place in range(count)]


def _day(now: datetime) -> str:
    return f"{now.astimezone(CHINA):%Y%m%d}"


def _text(moment: datetime) -> str:
    return str(table.c.due_at.type.process_bind_param(moment, None))  # type: ignore[attr-defined]  # type Instant


def _drop_withdrawn(connection: Connection, target: str, record: str, seq: int, now: datetime) -> None:
    mine = (table.c.target == target, table.c.record == record, table.c.state == "waiting", table.c.attempts == 0)
    dropped = {"state": "dropped", "settled_at": now, "error": "withdrawn before it was sent 发送前已撤回"}
    connection.execute(update(table).where(*mine, table.c.seq < seq).values(dropped))
    earlier = select(table.c.seq).where(
        table.c.target == target, table.c.record == record, table.c.seq < seq, table.c.state != "dropped"
    )
    connection.execute(update(table).where(*mine, table.c.seq == seq, ~earlier.exists()).values(dropped))


def claim(connection: Connection, target: str, *, limit: int, lease: timedelta, now: datetime) -> tuple[Parcel, ...]:
    """Up to so many due parcels, nobody else's until the lease ends; of each record the first that is not settled."""
    before = table.alias("before")
    held = select(literal(1)).where(
        before.c.target == table.c.target,
        before.c.record == table.c.record,
        before.c.seq < table.c.seq,
        before.c.state.in_(("waiting", "dead")),
    )
    due = (table.c.target == target, table.c.state == "waiting", table.c.due_at <= now)
    query = (
        select(table.c.seq, table.c.batch, table.c.attempts)
        .where(*due, ~held.exists())
        .order_by(table.c.due_at, table.c.seq)
        .limit(limit)
        .with_for_update(of=table, skip_locked=True)
    )
    rows = connection.execute(query).all()
    if not rows:
        return ()
    token = secrets.token_hex(16)
    mine = update(table).where(table.c.target == target, table.c.seq == bindparam("mine"))
    values = {"claim": token, "due_at": now + lease, "attempts": table.c.attempts + 1}
    connection.execute(mine.values(values), [{"mine": row.seq} for row in rows])
    return _parcels(connection, target, rows, token)


def _parcels(connection: Connection, target: str, rows: Sequence[Any], token: str) -> tuple[Parcel, ...]:
    stored = connection.execute(select(outbox).where(outbox.c.seq.in_([row.seq for row in rows])))
    announced = {row.seq: as_announcement(row) for row in stored}
    former = _delivered_before(connection, target, [each.record for each in announced.values()])
    return tuple(
        Parcel(
            target=target,
            announcement=_complete(announced[row.seq], former),
            previous=former[announced[row.seq].record].key if announced[row.seq].record in former else None,
            batch=row.batch,
            attempts=row.attempts + 1,
            claim=token,
        )
        for row in rows
    )


def _delivered_before(connection: Connection, target: str, records: Sequence[str]) -> dict[str, Announcement]:
    """Of each record, the announcement delivered last."""
    query = (
        select(outbox)
        .join(table, outbox.c.seq == table.c.seq)
        .where(table.c.target == target, table.c.record.in_(records), table.c.state == "delivered")
        .order_by(table.c.seq)
    )
    return {row.record: as_announcement(row) for row in connection.execute(query)}


def _complete(announced: Announcement, former: Mapping[str, Announcement]) -> Announcement:
    """A withdrawal need not repeat the facts of what it withdraws."""
    if announced.action != "d" or announced.record not in former:
        return announced
    return replace(announced, payload={**former[announced.record].payload, **announced.payload})


def settle(
    connection: Connection,
    parcels: Sequence[Parcel],
    outcomes: Mapping[int, Outcome],
    *,
    patience: Patience,
    random: Random,
    now: datetime,
    streak: int = 1,
) -> None:
    """What came of the parcels is stored: receipts kept, failures due again later, refusals dead.

    Records of one failed request wait alike, so that they go together again.
    """
    receipted, failed, shared = [], [], random()
    for parcel in parcels:
        outcome = outcomes[parcel.announcement.seq]
        row = {"on": parcel.target, "mine": outcome.seq, "error": outcome.detail or None}
        if outcome.result == "delivered":
            receipted.append(row | {"receipt": outcome.receipt or ""})
            continue
        is_dead = outcome.result == "refused" or parcel.attempts >= patience.most_attempts
        steps = steps_of(outcome, parcel.attempts, streak)
        wait = max(patience.wait(steps, shared if outcome.is_shared else random()), outcome.after)
        row |= {"holder": parcel.claim, "state": "dead" if is_dead else "waiting"}
        failed.append(row | {"due_at": now + wait, "settled_at": now if is_dead else None})
    _store_receipts(connection, receipted, now)
    if failed:
        query = update(table).where(
            table.c.target == bindparam("on"),
            table.c.seq == bindparam("mine"),
            table.c.claim == bindparam("holder"),
            table.c.state == "waiting",
        )
        names = ("state", "due_at", "settled_at", "error")
        connection.execute(query.values({name: bindparam(name) for name in names} | {"claim": None}), failed)


def _store_receipts(connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """The parcels are delivered; one whose receipt is kept already stays as it is."""
    if not rows:
        return
    by_number = {int(row["mine"]): row for row in rows}
    mine = (table.c.target == rows[0]["on"], table.c.seq.in_(by_number), table.c.state.in_(("waiting", "dead")))
    numbers = connection.scalars(select(table.c.seq).where(*mine).order_by(table.c.seq).with_for_update()).all()
    settled = {"state": "delivered", "settled_at": now, "claim": None, "error": None}
    connection.execute(update(table).where(mine[0], table.c.seq.in_(numbers)).values(settled))
    kept = [(rows[0]["on"], seq, _text(now), by_number[seq]["receipt"]) for seq in numbers]
    insert_rows(connection, receipts, ("target", "seq", "received_at", "receipt"), kept)


def release(connection: Connection, parcels: Sequence[Parcel], now: datetime) -> None:
    """Parcels that were not carried at all are due at once again, the attempt not counted."""
    query = update(table).where(
        table.c.target == bindparam("on"), table.c.seq == bindparam("mine"), table.c.claim == bindparam("holder")
    )
    rows = [{"on": each.target, "mine": each.announcement.seq, "holder": each.claim} for each in parcels]
    if rows:
        connection.execute(query.values(claim=None, due_at=now, attempts=table.c.attempts - 1), rows)
