"""Delivering the outbox: queue what is new, claim what is due, carry it, settle it; killed anywhere, nothing is lost.

At least once by construction, exactly once in effect where the receiver honours the key: a parcel is settled only with
a receipt in hand, and a parcel whose carrier died is carried again under the same key.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from inspection.draw.note import VerifierKey
from inspection.outgoing import Outcome
from inspection.publish.folder_channel import FolderChannel
from inspection.publish.http_channel import Carried, HttpChannel, Sender
from inspection.publish.letters import Ready, make_ready
from inspection.publish.targets import Target
from inspection.store import dead_letters, deliveries
from inspection.store.keys import Signer, verify
from inspection.store.plans import Store
from inspection.store.workspace import Workspace

LOG = logging.getLogger(__name__)
SENDER_KEY = "publish.pem"
LONGEST_SLEEP = timedelta(seconds=0.5)

Clock = Callable[[], datetime]


class Channel(Protocol):
    """A way to a target."""

    def carry(self, letters: list[Ready]) -> Carried:
        """Send the records and say what came of each; never raises for what happens on the way."""

    def close(self) -> None:
        """Nothing is open any more."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a run did at one target, counted while it runs; ``streak`` is of requests that failed in a row."""

    target: str
    delivered: int = 0
    again: int = 0
    refused: int = 0
    streak: int = 0
    halt: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcomes: Mapping[int, Outcome], halt: str | None) -> None:
        """Count the outcomes."""
        with self.lock:
            for outcome in outcomes.values():
                self.delivered += outcome.result == "delivered"
                self.again += outcome.result == "again"
                self.refused += outcome.result == "refused"
            if outcomes:
                self.streak = self.streak + 1 if all(each.is_shared for each in outcomes.values()) else 0
            self.halt = self.halt or halt

    def include(self, other: Tally) -> None:
        """Count what a later run did; how it ended counts alone."""
        self.delivered, self.again = self.delivered + other.delivered, self.again + other.again
        self.refused, self.halt = self.refused + other.refused, other.halt


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One target's delivery at work; ``random`` is of the waits after failures."""

    store: Store
    target: Target
    channel: Callable[[], Channel]
    now: Clock
    patience: timedelta = timedelta(0)
    random: Callable[[], float] = random.random
    stop: threading.Event = field(default_factory=threading.Event)


def sender_of(workspace: Workspace) -> Sender:
    """Who signs what the workspace publishes: a key of its own, made at first use; never the log's."""
    path = workspace.folder / "keys" / SENDER_KEY
    try:
        signer = Signer.generate(path)
    except FileExistsError:
        signer = Signer.load(path)
    return Sender(name=f"{workspace.origin}/publish", sign=signer.sign)


def sender_verifier(workspace: Workspace) -> VerifierKey:
    """The key that receivers know the workspace by."""
    sender = sender_of(workspace)
    return VerifierKey(name=sender.name, public_key=Signer.load(workspace.folder / "keys" / SENDER_KEY).public_key)


def open_channel(target: Target, sender: Sender, now: Clock) -> Channel:
    """The way to the target that its settings name."""
    if target.settings.channel == "http":
        return HttpChannel(target, sender, verify, now)
    return FolderChannel(target, sender, now)


def deliver(
    workspace: Workspace,
    target: Target,
    now: Clock,
    *,
    patience: timedelta = timedelta(0),
    stop: threading.Event | None = None,
) -> Tally:
    """What is due at the target is delivered, as far as it and the network let it be.

    Args:
        patience: how far ahead a due time may lie for the run to wait for it.
        stop: set it to end the run after the batch at hand.

    Raises:
        PublishError: the target is live and a dictionary is not confirmed, or its files cannot be used.
    """
    target.require_ready()
    sender = sender_of(workspace)

    def channel() -> Channel:
        return open_channel(target, sender, now)

    work = Delivery(store=workspace.store, target=target, channel=channel, now=now, patience=patience)
    return run(work if stop is None else replace(work, stop=stop))


def run(work: Delivery) -> Tally:
    """Carry on until nothing is due within the patience, the target halts, or ``stop`` is set."""
    tally = Tally(target=work.target.name)
    count = work.target.settings.connections
    channels = [work.channel() for _ in range(count)]
    try:
        if count == 1:
            _carry_on(work, channels[0], tally)
        else:
            with ThreadPoolExecutor(count) as pool:
                for done in [pool.submit(_carry_on, work, channel, tally) for channel in channels]:
                    done.result()
    finally:
        for channel in channels:
            channel.close()
    LOG.info("delivered", extra={"event": "publish.delivered", "target": tally.target, "count": tally.delivered})
    return tally


def _carry_on(work: Delivery, channel: Channel, tally: Tally) -> None:
    while tally.halt is None and not work.stop.is_set():
        moment = work.now()
        if carry_some(work, channel, tally):
            continue
        with work.store.reading() as connection:
            due = dead_letters.next_due(connection, work.target.name)
        if due is None or due > moment + work.patience:
            return
        rest = max(timedelta(seconds=0.01), min(due - work.now(), LONGEST_SLEEP))
        work.stop.wait(rest.total_seconds())


def carry_some(work: Delivery, channel: Channel, tally: Tally) -> bool:
    """Queue what is new and carry one batch; whether there was anything to do."""
    target, settings, moment = work.target, work.target.settings, work.now()
    with deliveries.carrying(work.store) as connection:
        seen = deliveries.enqueue(connection, target.name, target.adapter.takes, batch_size=settings.batch, now=moment)
        parcels = deliveries.claim(connection, target.name, limit=settings.batch, lease=target.lease, now=moment)
    if not parcels:
        return seen > 0
    ready, outcomes = make_ready(target.adapter, target.local, parcels)
    carried = channel.carry(ready)
    outcomes |= carried.outcomes
    tally.add(outcomes, carried.halt)
    settled = [parcel for parcel in parcels if parcel.announcement.seq in outcomes]
    left = [parcel for parcel in parcels if parcel.announcement.seq not in outcomes]
    with deliveries.carrying(work.store) as connection:
        deliveries.settle(
            connection,
            settled,
            outcomes,
            patience=target.patience,
            random=work.random,
            now=work.now(),
            streak=tally.streak,
        )
        deliveries.release(connection, left, work.now())
    return True
