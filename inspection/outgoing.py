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

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=6)

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
    """

    seq: int
    result: Literal["delivered", "refused", "again"]
    receipt: str | None = None
    detail: str = ""
    after: timedelta = timedelta(0)


def wait_after(attempts: int, random: Random) -> timedelta:
    """How long to wait after so many failed attempts: doubled each time up to six hours, the last half at random.

    >>> [wait_after(n, lambda: 0.0).total_seconds() for n in (1, 2, 3, 40)]
    [1.0, 2.0, 4.0, 10800.0]
    """
    doubled: int = 2 ** min(attempts - 1, 30)
    whole = min(FIRST_WAIT * doubled, LONGEST_WAIT)
    return whole / 2 + whole / 2 * random()
