"""Plans and their steps: a step and all it writes are stored in one transaction, before the next step begins."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select

from inspection.draw.canonical import canonical_json, digest_hex
from inspection.errors import StoreError
from inspection.store import tables
from inspection.store.engine import connect, lock_writers, upgrade

Writes = Callable[[Connection], None]
"""What a step stores beside its payload, inside the step's transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """年度抽查计划: one division's year under one policy, drawn from one snapshot of the registers."""

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
        self._writer = engine.execution_options(begin="IMMEDIATE")

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
        """The tables are at the newest version; nothing was lost (SQLite and PostgreSQL migrate in one transaction)."""
        upgrade(self)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: all of it is stored, or none. One at a time on the whole store."""
        with self._writer.begin() as connection:
            lock_writers(connection)
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one state of the store."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def create_plan(self, plan: Plan, *, now: datetime) -> None:
        """The plan exists as given; creating it again with the same content changes nothing.

        Raises:
            StoreError: the name, or the division's year, is taken by a plan of other content.
        """
        raise NotImplementedError

    def plan(self, plan: str) -> Plan:
        """The plan of this name.

        Raises:
            StoreError: there is none.
        """
        raise NotImplementedError

    def plans(self) -> tuple[Plan, ...]:
        """All plans by name."""
        raise NotImplementedError

    def discard_plan(self, plan: str) -> None:
        """Nothing of the plan is left, as if never begun; for plans of which the log knows nothing.

        Raises:
            StoreError: there is no such plan, or an entry of the log names it: such a draw is voided, never deleted.
        """
        raise NotImplementedError

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

        Finishing it again with the same payload changes nothing and does not call ``writes``.

        Raises:
            StoreError: the plan does not exist, or the step was finished with another payload.
        """
        raise NotImplementedError

    def step(self, plan: str, name: str) -> Mapping[str, Any] | None:
        """The payload of a finished step; None when it is not finished."""
        raise NotImplementedError

    def steps(self, plan: str) -> tuple[Step, ...]:
        """The finished steps in the order they were finished."""
        raise NotImplementedError
