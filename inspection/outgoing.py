"""What leaves the house: an announcement of the outbox, the parcel one receiver gets of it, and what came of it.

Pure records, shared by the store, which keeps them, and by the channels, which carry them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

Action = Literal["i", "u", "d"]
"""Insert, update (a correction), delete (a withdrawal): each is a record of its own (DOMAIN 6.2, cd_operation)."""

Kind = Literal["plan", "task", "visit", "finding", "decision", "statistics", "reminder"]
"""What an announcement is about; the facts of each kind stand in data/adapters/facts.toml."""

KINDS: tuple[Kind, ...] = get_args(Kind)

State = Literal["waiting", "delivered", "dead", "dropped"]
"""Of a delivery: due some time, receipted, given up until a person looks, or set aside for a reason."""

HEALTHY_STEPS = 4
"""Doublings a wait may reach by failed requests while others to the same target succeed."""

Random = Callable[[], float]
"""A number in [0, 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One row of the outbox: never edited; ``seq`` orders all of them, ``key`` is its idempotency key."""

    seq: int
    key: str
    record: str
    kind: Kind
    action: Action
    payload: Mapping[str, Any]
    not_before: datetime
    announced_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An announcement claimed for one target.

    Attributes:
        previous: key of the announcement of this record delivered to the target before this one; None for the first.
        batch: number of the batch it was put in when it was queued (yyyymmdd and five digits); kept through retries.
        attempts: how often it was claimed, this time included.
        claim: token of this claim; only its holder may settle the parcel as failed.
    """

    target: str
    announcement: Announcement
    previous: str | None
    batch: str
    attempts: int
    claim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a parcel: delivered with a receipt, refused for good, or to be tried again.

    Attributes:
        detail: why not, for people.
        after: the receiver asked not to come back sooner.
        is_shared: the whole request failed, not this record: its records are tried again together.
    """

    seq: int
    result: Literal["delivered", "refused", "again"]
    receipt: str | None = None
    detail: str = ""
    after: timedelta = timedelta(0)
    is_shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How a target's failures are met.

    Attributes:
        first, longest: the wait after the first failure, and the longest.
        most_attempts: failed attempts until a parcel is a dead letter.
    """

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(hours=6)
    most_attempts: int = 40

    def wait(self, steps: int, random: float) -> timedelta:
        """How long to wait after so many failures: doubled each time up to the longest, the last half at random.

        >>> [Patience().wait(steps, 0.0).total_seconds() for steps in (1, 2, 3, 40)]
        [1.0, 2.0, 4.0, 10800.0]
        """
        doubled: int = 2 ** min(steps - 1, 30)
        whole = min(self.first * doubled, self.longest)
        return whole / 2 + whole / 2 * random


def steps_of(outcome: Outcome, attempts: int, streak: int) -> int:
    """Doublings of a failed parcel's wait: its own failures, or what the target's last requests in a row say of it.

    Args:
        streak: requests to the target that failed one after the other, this one included. A receiver that is down makes
            everything wait longer and longer; one that fails now and then does not.
    """
    return min(attempts, streak + HEALTHY_STEPS) if outcome.is_shared else attempts
