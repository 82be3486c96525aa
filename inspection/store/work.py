"""The year as work: parts of visits with their states, what happened to them, and what was found.

A part is one agency's share of one visit. Every function takes the connection of the transaction it belongs to;
``draw`` is always the firm draw of the visit, and a plan's draws are found by their name (``<plan>/…``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, false, func, or_, select

from inspection.draw.canonical import canonical_json
from inspection.errors import InputError
from inspection.rules.findings import Finding
from inspection.rules.visit_life import Actor, Event, State
from inspection.store import tables, work_tables
from inspection.store.bulk import insert_rows, put_rows, update_rows

SPELLED_OUT = 200
"""Parts named one by one in a query; more are picked from all of the plan's."""


class PartKey(NamedTuple):
    """Which agency's share of which visit."""

    draw: str
    visit: str
    agency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One agency's share of a visit as it stands.

    Attributes:
        combination, month, day: of the visit as drawn and scheduled.
        since: when it came into this state; None while planned from the start.
        version: 0 while nothing happened; rises by one with every change.
        finished: the day the inspection ended.
        outcome: reason code of a closed or voided one.
    """

    key: PartKey
    combination: str
    month: str
    day: date | None
    state: State = "planned"
    since: datetime | None = None
    version: int = 0
    finished: date | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFilter:
    """Which parts are asked for; None asks for all."""

    agency: str | None = None
    states: Sequence[State] | None = None
    month: str | None = None
    draw: str | None = None
    visits: Sequence[tuple[str, str]] | None = None


ALL = PartFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEvent:
    """What happened to a visit, or to one agency's part of it: when, by whom. Never edited."""

    draw: str
    visit: str
    agency: str
    event: str
    at: datetime
    actor: str
    role: str
    note: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding as stored: who entered it, who reviewed it, and how often it was changed."""

    finding: Finding
    entered_by: str
    entered_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    version: int

    @property
    def key(self) -> PartKey:
        """The part it belongs to."""
        return PartKey(self.finding.draw, self.finding.visit, self.finding.agency)


def parts(
    connection: Connection, plan: str, which: PartFilter = ALL, after: PartKey | None = None, limit: int | None = None
) -> tuple[Part, ...]:
    """Parts of the plan's visits by draw, visit, agency: the next ``limit`` after a key, or all (keyset paging)."""
    needs, visits = tables.needs.c, tables.visits.c
    query = _parts_query(plan)
    if which.agency is not None:
        query = query.where(needs.agency == which.agency)
    if which.month is not None:
        query = query.where(visits.month == which.month)
    if which.draw is not None:
        query = query.where(needs.draw == which.draw)
    if which.states is not None:
        query = query.where(func.coalesce(work_tables.visit_states.c.state, "planned").in_(which.states))
    if after is not None:
        query = query.where(_beyond(after))
    wanted = None if which.visits is None else set(which.visits)
    if wanted is not None and len(wanted) <= SPELLED_OUT:
        query = query.where(or_(false(), *(and_(needs.draw == draw, needs.visit == visit) for draw, visit in wanted)))
    query = query.order_by(needs.draw, needs.visit, needs.agency)
    found = map(_as_part, connection.execute(query if limit is None or wanted else query.limit(limit)))
    return tuple(islice((part for part in found if wanted is None or part.key[:2] in wanted), limit))


def _beyond(after: PartKey) -> Any:
    """Rows after the key; spelled out because SQLite's planner uses an index for this form."""
    needs = tables.needs.c
    return or_(
        needs.draw > after.draw,
        and_(needs.draw == after.draw, needs.visit > after.visit),
        and_(needs.draw == after.draw, needs.visit == after.visit, needs.agency > after.agency),
    )


def _parts_query(plan: str) -> Select[Any]:
    needs, visits, states = tables.needs, tables.visits, work_tables.visit_states
    same_part = and_(*(states.c[name] == needs.c[name] for name in ("draw", "visit", "agency")))
    same_visit = and_(visits.c.draw == needs.c.draw, visits.c.visit == needs.c.visit)
    return (
        select(
            needs.c.draw,
            needs.c.visit,
            needs.c.agency,
            visits.c.combination,
            visits.c.month,
            visits.c.day,
            states.c.state,
            states.c.since,
            states.c.version,
            states.c.finished,
            states.c.outcome,
        )
        .select_from(needs.join(visits, same_visit).outerjoin(states, same_part))
        .where(needs.c.draw >= f"{plan}/", needs.c.draw < f"{plan}0")
    )


def _as_part(row: Row[Any]) -> Part:
    return Part(
        key=PartKey(row.draw, row.visit, row.agency),
        combination=row.combination,
        month=row.month,
        day=row.day,
        state=row.state or "planned",
        since=row.since,
        version=row.version or 0,
        finished=row.finished,
        outcome=row.outcome,
    )


def stored_time(moment: datetime) -> str:
    """The text of ``tables.Instant``, for rows written in bulk."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def put_parts(connection: Connection, changed: Iterable[Part], now: datetime) -> None:
    """Each part is stored as given, one version later, in its state since now."""
    at = stored_time(now)
    rows = [
        (*part.key, part.state, at, part.version + 1, part.finished and part.finished.isoformat(), part.outcome)
        for part in changed
    ]
    columns = ("draw", "visit", "agency", "state", "since", "version", "finished", "outcome")
    put_rows(connection, work_tables.visit_states, columns, columns[:3], rows)


def moved(part: Part, state: State, **changes: Any) -> Part:
    """The part in another state."""
    return replace(part, state=state, **changes)


def add_events(connection: Connection, events: Iterable[VisitEvent]) -> None:
    """The events are the last of all, in the order given."""
    last = connection.scalar(select(func.max(work_tables.visit_events.c.number))) or 0
    columns = ("number", "draw", "visit", "agency", "event", "at", "actor", "role", "note", "payload")
    rows = (
        (
            number,
            *(each.draw, each.visit, each.agency, each.event),
            stored_time(each.at),
            *(each.actor, each.role, each.note),
            canonical_json(each.payload).decode() if each.payload else "{}",
        )
        for number, each in enumerate(events, last + 1)
    )
    insert_rows(connection, work_tables.visit_events, columns, rows)


def event(key: PartKey, name: Event | str, actor: Actor, at: datetime, **rest: Any) -> VisitEvent:
    """An event of a part by an actor; ``rest`` are note and payload."""
    return VisitEvent(
        draw=key.draw, visit=key.visit, agency=key.agency, event=name, at=at, actor=actor.name, role=actor.role, **rest
    )


def events(connection: Connection, draw: str, visit: str) -> tuple[VisitEvent, ...]:
    """All that happened to a visit, in order."""
    table = work_tables.visit_events
    rows = connection.execute(select(table).filter_by(draw=draw, visit=visit).order_by(table.c.number))
    names = ("number", "draw", "visit", "agency", "event", "at", "actor", "role", "note")
    return tuple(
        VisitEvent(**{name: getattr(row, name) for name in names}, payload=json.loads(row.payload)) for row in rows
    )


def put_findings(connection: Connection, entered: Sequence[tuple[Finding, int]], by: str, now: datetime) -> None:
    """The findings are stored as entered now and not reviewed.

    Args:
        entered: each with the version it takes.
    """
    at = stored_time(now)
    columns = (
        *("draw", "visit", "agency", "item", "result", "method", "note", "disposal", "found_on"),
        *("entered_by", "entered_at", "reviewed_by", "reviewed_at", "version"),
    )
    rows = [
        (
            *(each.draw, each.visit, each.agency, each.item, each.result, each.method, each.note, each.disposal),
            *(each.found_on.isoformat(), by, at, None, None, version),
        )
        for each, version in entered
    ]
    put_rows(connection, work_tables.findings, columns, columns[:4], rows)


def findings(
    connection: Connection, plan: str, keys: Iterable[PartKey] | None = None, agency: str | None = None
) -> Iterator[FindingRow]:
    """The plan's findings by draw, visit, agency, item: those of some parts, of one agency, or all."""
    table = work_tables.findings
    query = select(table).where(table.c.draw >= f"{plan}/", table.c.draw < f"{plan}0")
    if agency is not None:
        query = query.where(table.c.agency == agency)
    wanted = None if keys is None else set(keys)
    if wanted is not None and len(wanted) <= SPELLED_OUT:
        query = query.where(or_(false(), *(_of_part(table, key) for key in wanted)))
    for row in connection.execute(query.order_by(table.c.draw, table.c.visit, table.c.agency, table.c.item)):
        found = _as_finding(row)
        if wanted is None or found.key in wanted:
            yield found


def _of_part(table: Any, key: PartKey) -> Any:
    return and_(table.c.draw == key.draw, table.c.visit == key.visit, table.c.agency == key.agency)


def _as_finding(row: Row[Any]) -> FindingRow:
    names = ("draw", "visit", "agency", "item", "result", "found_on", "method", "note", "disposal")
    return FindingRow(
        finding=Finding(**{name: getattr(row, name) for name in names}),
        entered_by=row.entered_by,
        entered_at=row.entered_at,
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        version=row.version,
    )


def mark_reviewed(connection: Connection, keys: Sequence[PartKey], by: str, now: datetime) -> None:
    """All findings of the parts were reviewed by this person now."""
    at = stored_time(now)
    for column, value in (("reviewed_by", by), ("reviewed_at", at)):
        rows = [(value, *key) for key in keys]
        update_rows(connection, work_tables.findings, (column, "draw", "visit", "agency"), rows)


def part(connection: Connection, plan: str, key: PartKey) -> Part:
    """The part of a key; InputError when the plan has none."""
    needs = tables.needs.c
    query = _parts_query(plan).where(needs.draw == key.draw, needs.visit == key.visit, needs.agency == key.agency)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise InputError("work.part", visit=key.visit, agency=key.agency)
    return _as_part(row)
