"""Supplements of a plan: which registers further draws are made from, for which tasks, from which day on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from inspection.draw.canonical import canonical_json
from inspection.store.tables import supplements as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """The k-th round of draws after the year's own.

    Attributes:
        number: k, from 1.
        snapshot: SHA-256 of the registers.
        start: nobody is sent before this day.
        tasks: codes of the tasks added, in order.
    """

    plan: str
    number: int
    snapshot: str
    start: date
    tasks: tuple[str, ...]


def add_supplement(connection: Connection, supplement: Supplement, now: datetime) -> None:
    """The supplement exists."""
    row = {name: getattr(supplement, name) for name in ("plan", "number", "snapshot", "start")}
    tasks = canonical_json(list(supplement.tasks)).decode()
    connection.execute(insert(table), row | {"tasks": tasks, "created_at": now})


def supplements(connection: Connection, plan: str) -> tuple[Supplement, ...]:
    """The plan's supplements in order."""
    rows = connection.execute(select(table).filter_by(plan=plan).order_by(table.c.number))
    return tuple(
        Supplement(
            plan=row.plan, number=row.number, snapshot=row.snapshot, start=row.start, tasks=tuple(json.loads(row.tasks))
        )
        for row in rows
    )
