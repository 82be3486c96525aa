"""What was drawn: combinations, visits, needs, assignments and days, written in bulk and read back as records.

Every function takes the connection of the transaction it belongs to; ``draw`` is always the firm draw of the visits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Connection, select

from inspection.draw.canonical import canonical_json
from inspection.errors import StoreError
from inspection.model import Assignment, Combination, Need, Visit
from inspection.store import tables
from inspection.store.bulk import insert_rows, update_rows


def add_combinations(connection: Connection, draw: str, combinations: Iterable[Combination]) -> None:
    """The combinations are stored with the draw (it must be open)."""
    lists = ("tasks", "agencies", "items", "visits")
    rows = (
        (draw, each.combination, *(canonical_json(getattr(each, name)).decode() for name in lists))
        for each in combinations
    )
    insert_rows(connection, tables.combinations, ("draw", "combination", *lists), rows)


def add_visits(connection: Connection, draw: str, visits: Iterable[Visit]) -> None:
    """The visits are stored, without days; their combinations must be there."""
    rows = ((draw, each.visit, each.firm, each.combination, each.month) for each in visits)
    insert_rows(connection, tables.visits, ("draw", "visit", "firm", "combination", "month"), rows)


def add_needs(connection: Connection, draw: str, needs: Iterable[Need]) -> None:
    """The needs are stored; their visits must be there."""
    rows = ((draw, each.visit, each.agency, each.officers, each.qualified, each.qualification) for each in needs)
    columns = ("draw", "visit", "agency", "officers", "qualified", "qualification")
    insert_rows(connection, tables.needs, columns, rows)


def add_assignments(connection: Connection, draw: str, assignments: Iterable[Assignment]) -> None:
    """The assignments are stored; their needs must be there."""
    rows = ((draw, each.visit, each.agency, each.inspector) for each in assignments)
    insert_rows(connection, tables.assignments, ("draw", "visit", "agency", "inspector"), rows)


def set_days(connection: Connection, draw: str, days: Mapping[str, date | None]) -> None:
    """Each visit named has its day, or none any more; other visits keep theirs.

    Raises:
        StoreError: a visit named is not of this draw.
    """
    rows = [(day.isoformat() if day else None, draw, visit) for visit, day in days.items()]
    if update_rows(connection, tables.visits, ("day", "draw", "visit"), rows) != len(rows):
        query = select(tables.visits.c.visit).filter_by(draw=draw)
        missing = sorted(days.keys() - set(connection.scalars(query)))
        raise StoreError("store.visit.unknown", draw=draw, count=len(missing), first=missing[0])


def combinations(connection: Connection, draw: str) -> tuple[Combination, ...]:
    """The draw's combinations by code."""
    query = select(tables.combinations).filter_by(draw=draw).order_by(tables.combinations.c.combination)
    return tuple(
        Combination(
            combination=row.combination,
            tasks=tuple(json.loads(row.tasks)),
            agencies=tuple(json.loads(row.agencies)),
            items=tuple(json.loads(row.items)),
            visits=json.loads(row.visits),
        )
        for row in connection.execute(query)
    )


def visits(connection: Connection, draw: str) -> tuple[Visit, ...]:
    """The draw's visits by code."""
    columns = tables.visits.c
    query = select(columns.visit, columns.firm, columns.combination, columns.month)
    rows = connection.execute(query.filter_by(draw=draw).order_by(columns.visit))
    return tuple(
        Visit(visit=visit, firm=firm, combination=combination, month=month) for visit, firm, combination, month in rows
    )


def needs(connection: Connection, draw: str) -> tuple[Need, ...]:
    """The draw's needs by visit, agency."""
    columns = tables.needs.c
    query = select(columns.visit, columns.agency, columns.officers, columns.qualified, columns.qualification)
    rows = connection.execute(query.filter_by(draw=draw).order_by(columns.visit, columns.agency))
    return tuple(
        Need(visit=visit, agency=agency, officers=officers, qualified=qualified, qualification=qualification)
        for visit, agency, officers, qualified, qualification in rows
    )


def assignments(connection: Connection, draw: str) -> tuple[Assignment, ...]:
    """The draw's assignments by visit, agency, inspector."""
    columns = tables.assignments.c
    query = select(columns.visit, columns.agency, columns.inspector).filter_by(draw=draw)
    rows = connection.execute(query.order_by(columns.visit, columns.agency, columns.inspector))
    return tuple(Assignment(visit=visit, agency=agency, inspector=inspector) for visit, agency, inspector in rows)


def days(connection: Connection, draw: str) -> dict[str, date]:
    """The day of every visit that has one, by visit."""
    columns = tables.visits.c
    query = select(columns.visit, columns.day).filter_by(draw=draw).where(columns.day.is_not(None))
    return {row.visit: row.day for row in connection.execute(query.order_by(columns.visit))}
