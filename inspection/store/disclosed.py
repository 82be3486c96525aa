"""What is due for disclosure and what was disclosed: due dates, decisions, amendments, batches; nothing twice.

Every function takes the connection of the transaction it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, and_, func, insert, select, update

from inspection.errors import StoreError
from inspection.outgoing import Action
from inspection.rules.deadlines import DueKind
from inspection.store import work_tables
from inspection.store.bulk import insert_rows, put_rows, update_rows
from inspection.store.changes import is_same_person
from inspection.store.work import PartKey, stored_time

AmendmentKind = Literal["correct", "withdraw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDate:
    """What an agency owes the public: its findings of a visit, or a decision (``reference`` is its number)."""

    kind: DueKind
    key: PartKey
    since: date
    due: date
    reference: str = ""
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An enforcement decision that followed from a visit, public once a second person reviewed it."""

    number: int
    key: PartKey
    document: str
    made_on: date
    summary: str
    entered_by: str
    entered_at: datetime
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A correction or withdrawal of what is public; ``item`` is '' where all the agency found is withdrawn."""

    number: int
    key: PartKey
    item: str
    kind: AmendmentKind
    before: str
    result: str
    note: str
    reason: str
    requested_by: str
    requested_at: datetime
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One version of a public record, and the batch of the log that holds it."""

    record: str
    version: int
    batch: int
    kind: Literal["visit", "finding", "decision"]
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was disclosed of a draw at one time: the table's root as the log has it, and its frozen file."""

    number: int
    draw: str
    root: str
    file: str
    records: int
    position: int
    made_at: datetime


def set_due(connection: Connection, due: Sequence[DueDate]) -> None:
    """Each is due on its day; one set before gets the new day."""
    columns = ("kind", "draw", "visit", "agency", "reference", "since", "due", "done_at")
    rows = [
        (
            *(each.kind, *each.key, each.reference, each.since.isoformat(), each.due.isoformat()),
            each.done_at and stored_time(each.done_at),
        )
        for each in due
    ]
    put_rows(connection, work_tables.due_dates, columns, columns[:5], rows)


def done(connection: Connection, kind: DueKind, keys: Iterable[tuple[PartKey, str]], now: datetime) -> None:
    """These (part, reference) are owed no more since now."""
    rows = [(stored_time(now), kind, *key, reference) for key, reference in keys]
    columns = ("done_at", "kind", "draw", "visit", "agency", "reference")
    update_rows(connection, work_tables.due_dates, columns, rows)


def due_dates(
    connection: Connection, plan: str, agency: str | None = None, *, is_open: bool | None = True
) -> tuple[DueDate, ...]:
    """What the plan's agencies owe, the earliest first; with ``is_open`` None also what is done."""
    table = work_tables.due_dates
    query = select(table).where(table.c.draw >= f"{plan}/", table.c.draw < f"{plan}0")
    if agency is not None:
        query = query.where(table.c.agency == agency)
    if is_open is not None:
        query = query.where(table.c.done_at.is_(None) if is_open else table.c.done_at.is_not(None))
    rows = connection.execute(query.order_by(table.c.due, table.c.draw, table.c.visit, table.c.agency))
    return tuple(
        DueDate(
            kind=row.kind,
            key=PartKey(row.draw, row.visit, row.agency),
            since=row.since,
            due=row.due,
            reference=row.reference,
            done_at=row.done_at,
        )
        for row in rows
    )


def add_decision(connection: Connection, decision: Decision) -> Decision:
    """The decision is stored under the next number and waits for a second person.

    Raises:
        StoreError: the agency has a decision of this document number.
    """
    table = work_tables.decisions
    known = connection.scalar(select(table.c.number).filter_by(agency=decision.key.agency, document=decision.document))
    if known is not None:
        raise StoreError("work.decision.known", document=decision.document, number=known)
    number = 1 + (connection.scalar(select(func.max(table.c.number))) or 0)
    names = ("document", "made_on", "summary", "entered_by", "entered_at")
    row = {name: getattr(decision, name) for name in names} | decision.key._asdict()
    connection.execute(insert(table), row | {"number": number})
    return get_decision(connection, number)


def get_decision(connection: Connection, number: int) -> Decision:
    """The decision of a number; StoreError when there is none."""
    for each in decisions(connection, "", number):
        return each
    raise StoreError("work.decision.unknown", number=number)


def decisions(connection: Connection, plan: str, number: int | None = None) -> tuple[Decision, ...]:
    """The plan's decisions by number, or the one of a number."""
    table = work_tables.decisions
    query = select(table).order_by(table.c.number)
    if number is not None:
        query = query.filter_by(number=number)
    else:
        query = query.where(table.c.draw >= f"{plan}/", table.c.draw < f"{plan}0")
    names = ("number", "document", "made_on", "summary", "entered_by", "entered_at", "reviewed_by", "reviewed_at")
    return tuple(
        Decision(key=PartKey(row.draw, row.visit, row.agency), **{name: getattr(row, name) for name in names})
        for row in connection.execute(query)
    )


def review_decision(connection: Connection, number: int, by: str, now: datetime) -> Decision:
    """A second person reviewed the decision.

    Raises:
        StoreError: no such decision, reviewed before, or entered by the same person.
    """
    stored = get_decision(connection, number)
    require_second(stored.entered_by, stored.reviewed_by, by)
    values = {"reviewed_by": by, "reviewed_at": now}
    connection.execute(update(work_tables.decisions).filter_by(number=number).values(values))
    return get_decision(connection, number)


def require_second(first: str, reviewer: str | None, by: str) -> None:
    """Nobody reviewed it yet, and ``by`` is not who entered it; StoreError otherwise."""
    if reviewer is not None:
        raise StoreError("work.review.done", by=reviewer)
    if is_same_person(first, by):
        raise StoreError("work.review.same_person", by=first)


def add_amendment(connection: Connection, amendment: Amendment) -> Amendment:
    """The amendment waits for a second person; its number is the next.

    Raises:
        StoreError: one about the same item waits already.
    """
    table = work_tables.amendments
    waiting = connection.scalar(
        select(table.c.number)
        .filter_by(**amendment.key._asdict(), item=amendment.item)
        .where(table.c.reviewed_by.is_(None))
    )
    if waiting is not None:
        raise StoreError("work.amendment.waiting", number=waiting)
    number = 1 + (connection.scalar(select(func.max(table.c.number))) or 0)
    names = ("item", "kind", "before", "result", "note", "reason", "requested_by", "requested_at")
    row = {name: getattr(amendment, name) for name in names} | amendment.key._asdict()
    connection.execute(insert(table), row | {"number": number})
    return get_amendment(connection, number)


def get_amendment(connection: Connection, number: int) -> Amendment:
    """The amendment of a number; StoreError when there is none."""
    row = connection.execute(select(work_tables.amendments).filter_by(number=number)).one_or_none()
    if row is None:
        raise StoreError("work.amendment.unknown", number=number)
    names = ("number", "item", "kind", "before", "result", "note", "reason")
    people = ("requested_by", "requested_at", "reviewed_by", "reviewed_at")
    return Amendment(
        key=PartKey(row.draw, row.visit, row.agency), **{name: getattr(row, name) for name in (*names, *people)}
    )


def amendments(connection: Connection, plan: str, *, waiting: bool | None = None) -> tuple[Amendment, ...]:
    """The plan's amendments by number: those that wait, those reviewed, or all."""
    table = work_tables.amendments
    query = select(table.c.number).where(table.c.draw >= f"{plan}/", table.c.draw < f"{plan}0")
    if waiting is not None:
        query = query.where(table.c.reviewed_by.is_(None) if waiting else table.c.reviewed_by.is_not(None))
    return tuple(
        get_amendment(connection, number) for number in connection.scalars(query.order_by(table.c.number)).all()
    )


def review_amendment(connection: Connection, number: int, by: str, now: datetime) -> Amendment:
    """A second person reviewed the amendment; StoreError as ``review_decision``."""
    stored = get_amendment(connection, number)
    require_second(stored.requested_by, stored.reviewed_by, by)
    values = {"reviewed_by": by, "reviewed_at": now}
    connection.execute(update(work_tables.amendments).filter_by(number=number).values(values))
    return get_amendment(connection, number)


def next_batch(connection: Connection) -> int:
    """The number of the next batch."""
    return 1 + (connection.scalar(select(func.max(work_tables.disclosure_batches.c.number))) or 0)


def add_batch(connection: Connection, batch: Batch, records: Iterable[Disclosure]) -> None:
    """The batch and the records in it are disclosed.

    Raises:
        StoreError: a version of a record was disclosed before.
    """
    names = ("number", "draw", "root", "file", "records", "position", "made_at")
    connection.execute(insert(work_tables.disclosure_batches), {name: getattr(batch, name) for name in names})
    columns = ("record", "version", "batch", "kind", "action")
    rows = ((each.record, each.version, each.batch, each.kind, each.action) for each in records)
    insert_rows(connection, work_tables.disclosures, columns, rows)


def batches(connection: Connection, plan: str) -> tuple[Batch, ...]:
    """The plan's batches in order."""
    table = work_tables.disclosure_batches
    query = select(table).where(table.c.draw >= f"{plan}/", table.c.draw < f"{plan}0").order_by(table.c.number)
    return tuple(Batch(**row._mapping) for row in connection.execute(query))


def disclosed_versions(connection: Connection, records: Sequence[str] | None = None) -> Mapping[str, Disclosure]:
    """The newest disclosure of each record, of those named or of all."""
    table = work_tables.disclosures
    newest = select(table.c.record, func.max(table.c.version).label("version")).group_by(table.c.record)
    if records is not None and len(records) <= 500:
        newest = newest.where(table.c.record.in_(records))
    last = newest.subquery()
    query = select(table).join(last, and_(table.c.record == last.c.record, table.c.version == last.c.version))
    return {row.record: Disclosure(**row._mapping) for row in connection.execute(query)}
