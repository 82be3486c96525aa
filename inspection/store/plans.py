"""Plans and their steps: a step and all it writes are stored in one transaction, before the next step begins."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import OperationalError

from inspection.draw.canonical import canonical_json
from inspection.errors import StoreError
from inspection.store import tables
from inspection.store.engine import connect, lock_writers, reader, upgrade, writer

Writes = Callable[[Connection], None]
"""What a step stores beside its payload, inside the step's transaction."""

DRAW_FOLDER = re.compile(r"[0-9]+-(firms|inspectors)")
"""The first part of a step's name where the step belongs to a draw."""

IDENTIFIER = re.compile(r"\w[\w.-]{0,63}")
"""What a plan may be called: its name becomes part of draw names, node names and file names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """年度抽查计划: one division's year under one policy, drawn from one snapshot of the registers.

    ``policy`` holds no floats; ``snapshot`` is a SHA-256 in hex.
    """

    plan: str
    division: str
    year: int
    name: str
    policy: Mapping[str, Any]
    snapshot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A finished step of a plan; its position counts the plan's steps from 0."""

    name: str
    position: int
    payload: Mapping[str, Any]
    started_at: datetime | None
    finished_at: datetime


class Store:
    """The living data of a workspace. One writer at a time; readers never wait for it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def at(cls, url: str) -> Self:
        """The store at a database URL (``sqlite:///…`` or ``postgresql://…``), its tables at the newest version.

        Raises:
            StoreError: the database cannot be reached, or was written by a newer program.
        """
        store = cls(connect(url))
        store.upgrade()
        return store

    def upgrade(self) -> None:
        """The tables are at the newest version; a process killed meanwhile leaves the old one whole."""
        upgrade(self.engine)

    def close(self) -> None:
        """No connection is open any more; the store may still be used."""
        self.engine.dispose()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: all of it is stored, or none. One at a time on the whole store.

        Raises:
            StoreError: another process has been writing for a minute.
        """
        with writer(self.engine).connect() as connection:
            try:
                transaction = connection.begin()
            except OperationalError:
                raise StoreError("store.database.busy") from None
            with transaction:
                lock_writers(connection)
                yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one state of the store."""
        with reader(self.engine).begin() as connection:
            yield connection

    def create_plan(self, plan: Plan, *, now: datetime) -> None:
        """The plan exists as given; creating it again with the same content changes nothing.

        Raises:
            StoreError: the name cannot be used, or the name or the division's year is taken by another plan.
        """
        if not IDENTIFIER.fullmatch(plan.plan):
            raise StoreError("store.plan.identifier", plan=plan.plan)
        row = _plan_row(plan)
        with self.writing() as connection:
            if (stored := _plan(connection, plan.plan)) is not None:
                _refuse_other(stored, plan)
                return
            taken = select(tables.plans.c.plan).filter_by(division=plan.division, year=plan.year)
            if (other := connection.scalar(taken)) is not None:
                raise StoreError("store.plan.year", division=plan.division, year=plan.year, other=other)
            connection.execute(insert(tables.plans), row | {"created_at": now})

    def plan(self, plan: str) -> Plan:
        """The plan of this name.

        Raises:
            StoreError: there is none.
        """
        with self.reading() as connection:
            return _known_plan(connection, plan)

    def plans(self) -> tuple[Plan, ...]:
        """All plans by name."""
        with self.reading() as connection:
            return tuple(map(_as_plan, connection.execute(select(tables.plans).order_by(tables.plans.c.plan))))

    def discard_plan(self, plan: str) -> None:
        """Nothing of the plan is left, as if never begun; for plans of which the log knows nothing.

        Raises:
            StoreError: there is no such plan, or an entry of the log names it: such a draw is voided, never deleted.
        """
        with self.writing() as connection:
            _known_plan(connection, plan)
            if connection.scalar(select(func.count()).select_from(tables.log_entries).filter_by(plan=plan)):
                raise StoreError("store.plan.logged", plan=plan)
            names = select(tables.draws.c.draw).filter_by(plan=plan).scalar_subquery()
            for table in (tables.assignments, tables.needs, tables.visits, tables.combinations, tables.ceremony):
                connection.execute(delete(table).where(table.c.draw.in_(names)))
            for table in (tables.changes, tables.draws, tables.supplements, tables.steps, tables.plans):
                connection.execute(delete(table).filter_by(plan=plan))

    def rebase_plan(self, plan: Plan) -> None:
        """The plan has other rules and registers, after every draw it committed to was given up.

        Raises:
            StoreError: there is no such plan, or a draw of it that counts is committed.
        """
        with self.writing() as connection:
            _known_plan(connection, plan.plan)
            _drop_drafts(connection, plan.plan)
            connection.execute(update(tables.plans).filter_by(plan=plan.plan).values(_plan_row(plan)))

    def discard_supplement(self, plan: str, number: int) -> None:
        """Nothing of a supplement without a committed draw is left, but draws of it that were given up.

        Raises:
            StoreError: a draw of it that counts is committed.
        """
        with self.writing() as connection:
            _drop_drafts(connection, plan, number)
            connection.execute(delete(tables.supplements).filter_by(plan=plan, number=number))

    def finish_step(
        self,
        plan: str,
        name: str,
        payload: Mapping[str, Any],
        *,
        now: datetime,
        started_at: datetime | None = None,
        writes: Writes | None = None,
    ) -> Step:
        """The step is finished with this payload and everything ``writes`` stored, in one transaction.

        Finishing it again with the same payload changes nothing and does not call ``writes``. A payload holds no
        floats.

        Raises:
            StoreError: the plan does not exist, or the step was finished with another payload.
        """
        line = canonical_json(payload).decode()
        with self.writing() as connection:
            if (stored := _step(connection, plan, name)) is not None:
                if stored.payload != line:
                    raise StoreError("store.step.differs", plan=plan, step=name)
                return _as_step(stored)
            _known_plan(connection, plan)
            if writes is not None:
                writes(connection)
            last = connection.scalar(select(func.max(tables.steps.c.position)).filter_by(plan=plan))
            row = {"plan": plan, "name": name, "position": 0 if last is None else last + 1, "payload": line}
            connection.execute(insert(tables.steps), row | {"started_at": started_at, "finished_at": now})
            stored = _step(connection, plan, name)
        if stored is None:
            raise StoreError("store.step.lost", plan=plan, step=name)
        return _as_step(stored)

    def step(self, plan: str, name: str) -> Mapping[str, Any] | None:
        """The payload of a finished step; None when it is not finished."""
        with self.reading() as connection:
            stored = _step(connection, plan, name)
        return None if stored is None else _as_step(stored).payload

    def steps(self, plan: str) -> tuple[Step, ...]:
        """The finished steps in the order they were finished."""
        query = select(tables.steps).filter_by(plan=plan).order_by(tables.steps.c.position)
        with self.reading() as connection:
            return tuple(map(_as_step, connection.execute(query)))


def _plan_row(plan: Plan) -> dict[str, Any]:
    policy = canonical_json(plan.policy)
    row = {name: getattr(plan, name) for name in ("plan", "division", "year", "name", "snapshot")}
    return row | {"policy": policy.decode(), "policy_digest": hashlib.sha256(policy).hexdigest()}


def _plan(connection: Connection, plan: str) -> Plan | None:
    row = connection.execute(select(tables.plans).filter_by(plan=plan)).one_or_none()
    return None if row is None else _as_plan(row)


def _known_plan(connection: Connection, plan: str) -> Plan:
    if (stored := _plan(connection, plan)) is None:
        known = ", ".join(connection.scalars(select(tables.plans.c.plan).order_by(tables.plans.c.plan))) or "–"
        raise StoreError("store.plan.unknown", plan=plan, known=known)
    return stored


def _drop_drafts(connection: Connection, plan: str, round: int = 0) -> None:
    """Steps and open draws of a round are gone, but for draws given up; rounds before it are complete.

    Raises:
        StoreError: a draw of the round is committed and was not given up.
    """
    draws = connection.execute(select(tables.draws).filter_by(plan=plan)).all()
    counting = [draw for draw in draws if draw.void is None and draw.commitment is not None]
    if committed := [draw.draw for draw in counting if draw.round == round]:
        raise StoreError("store.plan.committed", plan=plan, draw=committed[-1])
    kept = {draw.folder for draw in counting} | {draw.folder for draw in draws if draw.void is not None}
    for name in connection.scalars(select(tables.steps.c.name).filter_by(plan=plan)).all():
        folder, separator, _ = name.partition(".")
        if separator and DRAW_FOLDER.fullmatch(folder) and folder not in kept:
            connection.execute(delete(tables.steps).filter_by(plan=plan, name=name))
    for draw in draws:
        if draw.folder not in kept:
            connection.execute(delete(tables.ceremony).filter_by(draw=draw.draw))
            connection.execute(delete(tables.draws).filter_by(draw=draw.draw))


def _as_plan(row: Row[Any]) -> Plan:
    return Plan(
        plan=row.plan,
        division=row.division,
        year=row.year,
        name=row.name,
        policy=json.loads(row.policy),
        snapshot=row.snapshot,
    )


def _refuse_other(stored: Plan, given: Plan) -> None:
    ours, theirs = _plan_row(stored), _plan_row(given)
    if differing := [name for name in ours if ours[name] != theirs[name] and name != "policy_digest"]:
        raise StoreError("store.plan.differs", plan=given.plan, fields=", ".join(differing))


def _step(connection: Connection, plan: str, name: str) -> Row[Any] | None:
    return connection.execute(select(tables.steps).filter_by(plan=plan, name=name)).one_or_none()


def _as_step(row: Row[Any]) -> Step:
    return Step(
        name=row.name,
        position=row.position,
        payload=json.loads(row.payload),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
