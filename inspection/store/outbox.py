"""The outbox: what is to leave the house, written in the same transaction as the change it announces.

Nothing in it is ever edited: a correction (``u``) and a withdrawal (``d``) are announcements of their own. The store
has one writer at a time, so numbers are given in the order in which transactions end, and no reader ever skips one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from inspection.draw.canonical import canonical_json
from inspection.draw.refusal import DrawRefusal
from inspection.errors import StoreError
from inspection.outgoing import KINDS, Action, Announcement, Kind
from inspection.store.bulk import insert_rows
from inspection.store.outbox_tables import outbox as table

COLUMNS = ("seq", "key", "record", "kind", "action", "payload", "not_before", "announced_at")
AT_ONCE = 500
"""Keys looked up by one statement; SQLite's limit is far above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a caller announces; see ``announce`` for the fields."""

    key: str
    record: str
    kind: Kind
    action: Action
    payload: Mapping[str, Any]
    not_before: datetime


def announce(
    connection: Connection,
    *,
    key: str,
    record: str,
    kind: Kind,
    action: Action,
    payload: Mapping[str, Any],
    not_before: datetime,
    now: datetime,
) -> None:
    """The change is announced; announcing the same again changes nothing.

    Args:
        connection: of the transaction (``Store.writing``) that makes the change.
        key: idempotency key; the same change has the same key however often it is announced.
        record: id of the public record the change is about; its announcements reach each receiver in order.
        payload: facts in the names of data/adapters/facts.toml: text, whole numbers, lists, mappings; no floats.
        not_before: nothing leaves the house earlier (embargo).

    Raises:
        StoreError: the key was used for something else, or a fact cannot be written down.
    """
    news = News(key=key, record=record, kind=kind, action=action, payload=payload, not_before=not_before)
    announce_all(connection, [news], now=now)


def announce_all(connection: Connection, news: Iterable[News], *, now: datetime) -> int:
    """All of them are announced, in the order given; returns how many were not announced before.

    Raises:
        StoreError: as ``announce``; nothing is announced then once the transaction is given up.
    """
    rows: dict[str, tuple[str, ...]] = {}
    for each in news:
        row = _as_row(each, now)
        if rows.setdefault(each.key, row)[:5] != row[:5]:
            raise StoreError("outbox.key.taken", key=each.key, record=each.record)
    known = _announced(connection, list(rows))
    for key, stored in known.items():
        if rows.pop(key)[:5] != stored:
            raise StoreError("outbox.key.taken", key=key, record=stored[1])
    last = connection.scalar(select(func.max(table.c.seq))) or 0
    numbered = ((number, *row) for number, row in enumerate(rows.values(), last + 1))
    insert_rows(connection, table, COLUMNS, numbered)
    return len(rows)


def _as_row(news: News, now: datetime) -> tuple[str, ...]:
    """The row without its number; the first five columns are what a key stands for."""
    if news.kind not in KINDS or news.action not in ("i", "u", "d") or not news.key or not news.record:
        raise StoreError("outbox.news.malformed", key=news.key, kind=news.kind, action=news.action)
    try:
        payload = canonical_json(news.payload).decode()
    except DrawRefusal as refusal:
        raise StoreError("outbox.payload", key=news.key, reason=str(refusal)) from None
    stored = table.c.not_before.type.process_bind_param  # type: ignore[attr-defined]  # TypeDecorator of Instant
    instants = [str(stored(moment, None)) for moment in (news.not_before, now)]
    return (news.key, news.record, news.kind, news.action, payload, *instants)


def _announced(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Of the keys, those in the outbox, with what they stand for."""
    found = {}
    columns = [table.c[name] for name in COLUMNS[1:6]]
    for start in range(0, len(keys), AT_ONCE):
        for row in connection.execute(select(*columns).where(table.c.key.in_(keys[start : start + AT_ONCE]))):
            found[str(row.key)] = tuple(row)
    return found


def as_announcement(row: Row[Any]) -> Announcement:
    """The record of a row that has the outbox's columns."""
    return Announcement(
        seq=row.seq,
        key=row.key,
        record=row.record,
        kind=row.kind,
        action=row.action,
        payload=json.loads(row.payload),
        not_before=row.not_before,
        announced_at=row.announced_at,
    )


def announcement(connection: Connection, key: str) -> Announcement:
    """The announcement of this key.

    Raises:
        StoreError: there is none.
    """
    row = connection.execute(select(table).filter_by(key=key)).one_or_none()
    if row is None:
        raise StoreError("outbox.key.unknown", key=key)
    return as_announcement(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What was last announced of a record, and how often it was announced at all."""

    latest: Announcement
    count: int


def last_announced(connection: Connection, records: Sequence[str]) -> dict[str, Word]:
    """The last word on each of the records that were announced."""
    found: dict[str, Word] = {}
    for start in range(0, len(records), AT_ONCE):
        query = select(table).where(table.c.record.in_(records[start : start + AT_ONCE])).order_by(table.c.seq)
        for row in connection.execute(query):
            before = found.get(row.record)
            found[row.record] = Word(latest=as_announcement(row), count=1 if before is None else before.count + 1)
    return found


def announcements(
    connection: Connection, kinds: Sequence[Kind], after: int = 0, limit: int = 100
) -> list[Announcement]:
    """Announcements of some kinds by number, those after a number first."""
    query = select(table).where(table.c.kind.in_(kinds), table.c.seq > after).order_by(table.c.seq).limit(limit)
    return list(map(as_announcement, connection.execute(query)))


def standing(connection: Connection, kind: Kind, now: datetime) -> Iterator[Announcement]:
    """Of each record of a kind, what was last announced, by record; withdrawn and embargoed ones are left out.

    A correction under embargo leaves what it corrects standing until its time comes; a withdrawal is obeyed at once.
    """
    for row in connection.execution_options(yield_per=500).execute(_standing(kind, now)):
        yield as_announcement(row)


def standing_page(
    connection: Connection, kind: Kind, now: datetime, *, after: str = "", limit: int = 100, words: str = ""
) -> list[Announcement]:
    """Some of what stands of a kind, by record, those after a record first.

    Args:
        words: only those in whose payload they occur somewhere, facts that are not public included: look again.
    """
    query = _standing(kind, now).where(table.c.record > after).limit(limit)
    if words:
        query = query.where(table.c.payload.contains(words, autoescape=True))
    return list(map(as_announcement, connection.execute(query)))


def standing_count(connection: Connection, kind: Kind, now: datetime) -> int:
    """How many records of a kind stand."""
    found = _standing(kind, now).order_by(None).subquery()
    return connection.scalar(select(func.count()).select_from(found)) or 0


def _standing(kind: Kind, now: datetime) -> Select[Any]:
    later = table.alias("later")
    replaced = select(later.c.seq).where(
        later.c.record == table.c.record,
        later.c.seq > table.c.seq,
        (later.c.not_before <= now) | (later.c.action == "d"),
    )
    return (
        select(table)
        .where(table.c.kind == kind, table.c.action != "d", table.c.not_before <= now, ~replaced.exists())
        .order_by(table.c.record)
    )
