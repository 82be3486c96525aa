"""The ticker: APScheduler looks every few seconds; what is due is asked of the store each time.

Its job store is memory and holds one job, "look". A ticker that dies loses nothing.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from inspection.errors import PublishError
from inspection.office import Office, now
from inspection.store.schedule import LEASE
from scheduler.jobs import office_jobs
from scheduler.runner import Runner

LOGGER = logging.getLogger(__name__)

EVERY = 10
"""Seconds between two looks."""


class Ticker:
    """Looks for due work of one office in a thread of its own, until it is stopped."""

    def __init__(self, folder: Path, *, every: int = EVERY, lease: timedelta = LEASE) -> None:
        """Nothing ticks before ``start``.

        Raises:
            PublishError: the extra ``publish`` is not installed.
            InspectionError: the workspace or its ``schedule.toml`` cannot be used.
        """
        office = Office.opened(folder)
        self._stop = threading.Event()
        self._runner = Runner(office, office_jobs(office), now, lease=lease)
        self._scheduler = _background()
        # One look at a time; looks missed while one was long, or the machine asleep, are one look.
        self._scheduler.add_job(
            self._look, "interval", seconds=every, max_instances=1, coalesce=True, misfire_grace_time=None
        )

    def start(self) -> None:
        """The first look is now, the next ones follow."""
        from datetime import datetime

        self._scheduler.start()
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def stop(self) -> None:
        """The job that runs is finished, no other begins."""
        self._stop.set()
        self._scheduler.shutdown(wait=True)

    def _look(self) -> None:
        try:
            self._runner.run_due(self._stop.is_set)
        except Exception:
            # A database that does not answer now may answer at the next look.
            LOGGER.exception("look failed", extra={"event": "scheduler.look"})


@contextlib.contextmanager
def ticking(folder: Path, *, every: int = EVERY) -> Iterator[None]:
    """The office's work is done while the block runs; the job at work when it ends is finished first."""
    ticker = Ticker(folder, every=every)
    ticker.start()
    try:
        yield
    finally:
        ticker.stop()


def run_until_told(folder: Path, *, every: int = EVERY) -> None:
    """Tick until SIGTERM or SIGINT; the job at work then is finished first."""
    told = threading.Event()
    before = {number: signal.signal(number, lambda *_: told.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with ticking(folder, every=every):
            told.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _background() -> Any:
    try:
        from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
    except ImportError:
        raise PublishError("schedule.extra") from None
    # The zone is given: looking up the machine's own fails in containers without a table of zones.
    return BackgroundScheduler(timezone=UTC)
