"""The line: an opened plan whose steps are each stored before the next begins (ARCHITECTURE, the straight line).

A step that is stored is never made again; its value is read back from what it stored. So a process killed anywhere
resumes at the step it was in, and reaches the same plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from inspection.draw.refusal import DrawRefusal
from inspection.errors import DrawError, Language, catalogue, message
from inspection.model import Agency, Inspector, Item, Recusal, Task
from inspection.registry.snapshot import Snapshot
from inspection.rules.past import NOTHING, Past
from inspection.rules.policy import Policy, policy_from
from inspection.store.plans import Plan, Writes
from inspection.store.workspace import Workspace

Value = TypeVar("Value")
Clock = Callable[[], datetime]
"""The present time, aware."""


class Watcher(Protocol):
    """Who is told how far the line is; steps are named as in the store."""

    def begin(self, step: str) -> None:
        """The step begins."""

    def advance(self, done: int, total: int) -> None:
        """So much of the present step is done."""

    def end(self, step: str, seconds: float) -> None:
        """The step is stored."""


class Silent:
    """Nobody is told."""

    def begin(self, step: str) -> None:
        """Nothing happens."""

    def advance(self, done: int, total: int) -> None:
        """Nothing happens."""

    def end(self, step: str, seconds: float) -> None:
        """Nothing happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made(Generic[Value]):
    """What a step made: the payload to store, the value for the steps after it, and rows for the same transaction."""

    payload: Mapping[str, Any]
    value: Value
    writes: Writes | None = None


class Given:
    """The registers and rules a round of draws is made from, read once.

    ``past`` is what the plan drew in earlier rounds, ``repeated`` the rules they bind this one to; both empty at first.
    Nobody is sent before ``start``.
    """

    start: date | None = None

    def __init__(
        self, policy: Policy, snapshot: Snapshot, past: Past = NOTHING, repeated: Mapping[str, Any] | None = None
    ) -> None:
        self.policy = policy
        self.snapshot = snapshot
        self.past = past
        self.repeated = repeated or {}

    def with_joint_floor(self, floor: Fraction) -> Given:
        """The same, with another floor of the joint share."""
        other = copy(self)
        other.policy = self.policy.model_copy(update={"joint": self.policy.joint.model_copy(update={"floor": floor})})
        return other

    @cached_property
    def agencies(self) -> dict[str, Agency]:
        """By code."""
        return {agency.agency: agency for agency in self.snapshot.agencies()}

    @cached_property
    def items(self) -> dict[str, Item]:
        """By code."""
        return {item.item: item for item in self.snapshot.items()}

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """By code."""
        return self.snapshot.tasks()

    @cached_property
    def inspectors(self) -> tuple[Inspector, ...]:
        """By code."""
        return self.snapshot.inspectors()

    @cached_property
    def recusals(self) -> tuple[Recusal, ...]:
        """By inspector, then firm."""
        return self.snapshot.recusals()


class Line:
    """One round of a plan in one workspace, with the clock and the watcher of whoever runs it.

    Round 0 is the year's own, made from what the plan was opened with; round k is its k-th supplement.
    """

    round = 0

    def __init__(self, workspace: Workspace, plan: Plan, clock: Clock, watcher: Watcher) -> None:
        self.workspace = workspace
        self.plan = plan
        self.clock = clock
        self.watcher = watcher
        self.given = Given(
            policy_from({**plan.policy, "tiers": plan.policy["tiers"]}),
            Snapshot.open(workspace.folder, plan.snapshot),
        )

    def in_round(self, number: int, given: Given) -> Line:
        """The line of another round of the same plan."""
        other = copy(self)
        other.round, other.given = number, given
        return other

    def of_year(self) -> Line:
        """The line of the year's own round."""
        return Line(self.workspace, self.plan, self.clock, self.watcher)

    @property
    def name(self) -> str:
        """The plan's code, the first part of its draws' names."""
        return self.plan.plan

    def step(self, name: str, make: Callable[[], Made[Value]], load: Callable[[Mapping[str, Any]], Value]) -> Value:
        """The value of a step: read back when it is stored, otherwise made, stored, and only then returned."""
        stored = self.workspace.store.step(self.name, name)
        if stored is not None:
            return load(stored)
        self.watcher.begin(name)
        started = self.clock()
        with refusals():
            made = make()
        now = self.clock()
        self.workspace.store.finish_step(self.name, name, made.payload, now=now, started_at=started, writes=made.writes)
        self.watcher.end(name, (now - started).total_seconds())
        return made.value

    def keep(self, data: bytes) -> str:
        """The bytes are frozen; their name is returned."""
        return self.workspace.frozen.put_bytes(data)

    def kept(self, digest: str) -> Path:
        """Where frozen bytes lie."""
        return self.workspace.frozen.path(digest, verify=True)

    def read(self, digest: str) -> bytes:
        """Frozen bytes, verified."""
        return self.workspace.frozen.read(digest)

    def salt_key(self, draw: str, table: str) -> bytes:
        """What the salts of one table of one draw are derived from."""
        return hashlib.sha256(self.workspace.salt + f"/{draw}/{table}".encode()).digest()

    def salts(self, draw: str, table: str, rows: Iterable[str]) -> Iterator[str]:
        """A salt of 32 hex digits for each row: nobody without the key can guess it, and it is always the same."""
        key = self.salt_key(draw, table).hex()
        for row in rows:
            yield hashlib.sha256(f"{key}/{row}".encode()).hexdigest()[:32]


@contextmanager
def refusals() -> Iterator[None]:
    """A refusal of the draw core becomes an error with a message in both languages."""
    try:
        yield
    except DrawRefusal as refusal:
        raise DrawError(refusal.code, **refusal.params) from refusal


def stamp(moment: datetime) -> str:
    """RFC 3339 with offset, to the microsecond."""
    return moment.isoformat(timespec="microseconds")


def step_name(step: str, language: Language) -> str:
    """What people call a step: ``1-firms.quotas`` is 抽查额度."""
    folder, _, part = step.rpartition(".")
    kind = folder.partition("-")[2]
    for code in (f"step.{kind}.{part}", f"step.{part}"):
        if code in catalogue():
            return message(code, language)
    return step
