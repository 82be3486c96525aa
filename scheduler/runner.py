"""Who does the work: claims what is due, one occasion at a time, calls the job, and notes what came of it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection, func, select

from inspection.errors import InspectionError, StoreError
from inspection.office import Office
from inspection.steps.line import Clock
from inspection.store import schedule
from inspection.store.plans import Store
from inspection.store.schedule import CLOCK_SET_BACK, LEASE, LONGEST_WAIT, JobState, Run, Wanted
from inspection.store.tables import plans
from scheduler import agenda
from scheduler.settings import JobTimes

LOGGER = logging.getLogger(__name__)

Facts = Mapping[str, int | str]
"""What a job did, in counts and codes."""

Work = Callable[[Office, Wanted, datetime], Facts]
"""One idempotent service call: asked again with the same occasion, it finds its work done."""

FIRST_WAIT = timedelta(minutes=1)
MOST_ATTEMPTS = 12
"""A piece of work that failed so often (about a day) is given up until a person asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a job does and when."""

    times: JobTimes
    work: Work


class Runner:
    """Does what is due of some jobs on one store; any number of runners may share it."""

    def __init__(self, office: Office, jobs: Mapping[str, Job], clock: Clock, *, lease: timedelta = LEASE) -> None:
        self._office = office
        self._jobs = jobs
        self._clock = clock
        self._lease = lease
        self._store: Store = office.workspace.store
        self._owner = f"{socket.gethostname()}/{os.getpid()}"
        self._warned = False

    def run_due(self, should_stop: Callable[[], bool] = lambda: False) -> list[Run]:
        """Everything due was tried once, in order; what came of it. What others do meanwhile is left to them."""
        self._keep_up()
        tried: set[tuple[str, str]] = set()
        came: list[Run] = []
        while not should_stop():
            waiting = [each for each in self.due() if (each.job, each.occasion) not in tried]
            if not waiting:
                return came
            tried.add((waiting[0].job, waiting[0].occasion))
            if (run := self.try_one(waiting[0])) is not None:
                came.append(run)
        return came

    def due(self) -> list[Wanted]:
        """What is due now and not done, earliest first."""
        states, runs = self.kept()
        return agenda.due(self.times, states, runs, self._clock())

    def kept(self) -> tuple[dict[str, JobState], dict[str, Sequence[Run]]]:
        """What the store says of the jobs and their runs."""
        with self._store.reading() as connection:
            states = schedule.states(connection)
            runs = groupby(schedule.runs(connection), key=lambda run: run.job)
            return states, {job: list(own) for job, own in runs}

    def now(self) -> datetime:
        """The present time by this runner's clock."""
        return self._clock()

    def set_paused(self, names: Sequence[str], by: str | None) -> None:
        """The jobs rest, or (None) go on; all of them or none.

        Raises:
            StoreError: one of them is no job.
        """
        self._keep_up()
        for name in names:
            self._require(name)
        with self._store.writing() as connection:
            for name in names:
                schedule.set_paused(connection, name, by, self._clock())

    def _require(self, job: str) -> None:
        if job not in self._jobs:
            raise StoreError("schedule.job.unknown", job=job, known=", ".join(self._jobs))

    def run_now(self, job: str) -> Run | None:
        """The job is done now because a person asked; None when all its occasions so far are done, or it is busy.

        Raises:
            StoreError: there is no such job.
        """
        self._require(job)
        self._keep_up()
        states, runs = self.kept()
        wanted = agenda.by_hand(job, self._jobs[job].times, states[job], runs.get(job, ()), self._clock())
        return None if wanted is None else self.try_one(wanted, by_hand=True)

    def try_one(self, wanted: Wanted, *, by_hand: bool = False) -> Run | None:
        """The occasion is worked on, if it is free; what came of it."""
        token = f"{self._owner}/{secrets.token_hex(8)}"
        with self._store.writing() as connection:
            held = schedule.claim(connection, wanted, token, self._clock(), self._lease, by_hand=by_hand)
        if held is None:
            return None
        LOGGER.info("job begins", extra={"event": "job.begun", "job": held.job, "occasion": held.occasion})
        with self._renewing(held):
            facts, reason = self._work(wanted)
        self._settle(held, facts, reason)
        with self._store.reading() as connection:
            return schedule.run_of(connection, held.job, held.occasion)

    @property
    def times(self) -> dict[str, JobTimes]:
        """When each job is due."""
        return {name: job.times for name, job in self._jobs.items()}

    def _keep_up(self) -> None:
        """Every job is kept up from when the first plan was made, and the store knows how late it is."""
        now = self._clock()
        with self._store.reading() as connection:
            known = schedule.states(connection)
        seen = max((state.seen_at for state in known.values()), default=now)
        if seen - now > CLOCK_SET_BACK and not self._warned:
            self._warned = True
            LOGGER.warning("clock was set back", extra={"event": "clock.back", "seen": seen.isoformat()})
        if self._jobs.keys() <= known.keys() and now - seen < FIRST_WAIT:
            return
        with self._store.writing() as connection:
            schedule.keep_up(connection, self._jobs, first_duty(connection, now), now)

    def _work(self, wanted: Wanted) -> tuple[Facts, str | None]:
        """What the job did, or why it failed: a failure of one job stops no other."""
        try:
            return self._jobs[wanted.job].work(self._office, wanted, self._clock()), None
        except InspectionError as error:
            LOGGER.warning("job failed", extra={"event": "job.failed", "job": wanted.job, "code": error.code})
            return {}, json.dumps({"zh": error.text("zh"), "en": error.text("en")}, ensure_ascii=False)
        except Exception as error:
            LOGGER.exception("job failed", extra={"event": "job.failed", "job": wanted.job})
            words = f"{type(error).__name__}: {error}"
            return {}, json.dumps({"zh": words, "en": words}, ensure_ascii=False)

    def _settle(self, held: Run, facts: Facts, reason: str | None) -> None:
        now = self._clock()
        with self._store.writing() as connection:
            if reason is None:
                ours = schedule.finish(connection, held, json.dumps(dict(facts), ensure_ascii=False), now)
            else:
                ours = schedule.fail(connection, held, reason, now, self._retry_at(held, now))
            if ours and not self._jobs[held.job].times.is_each:
                schedule.supersede(connection, held, now)
        if not ours:
            LOGGER.warning("job taken over", extra={"event": "job.lost", "job": held.job, "occasion": held.occasion})

    def _retry_at(self, held: Run, now: datetime) -> datetime | None:
        """Doubled waits up to six hours; None when it is time to give up until somebody asks."""
        if held.attempts >= MOST_ATTEMPTS:
            return None
        return now + min(FIRST_WAIT * (1 << (held.attempts - 1)), LONGEST_WAIT)

    @contextlib.contextmanager
    def _renewing(self, held: Run) -> Iterator[None]:
        """The claim does not end while the work goes on, however long it takes."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._lease.total_seconds() / 3):
                with contextlib.suppress(Exception), self._store.writing() as connection:
                    schedule.renew(connection, held, self._clock(), self._lease)

        thread = threading.Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def first_duty(connection: Connection, now: datetime) -> datetime:
    """Since when there is work at all: when the first plan was made, or now."""
    return min(connection.scalar(select(func.min(plans.c.created_at))) or now, now)
