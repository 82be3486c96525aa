"""Runs of jobs: claimed by one process at a time, finished, failed or taken over when their process died.

Every function takes the connection of a writing transaction, of which a store has one at a time: two schedulers that
ask for the same occasion are told apart here. A claim is a lease: whoever holds it renews it while it works.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from inspection.errors import StoreError
from inspection.store.schedule_tables import job_runs, jobs

RunState = Literal["running", "done", "failed", "given_up"]

LEASE = timedelta(minutes=5)
"""How long a claim holds without being renewed."""

LONGEST_WAIT = timedelta(hours=6)
"""How long a failed run waits at most before it is tried again."""

CLOCK_SET_BACK = timedelta(minutes=2)
"""Times later than now by more than this are of a clock that was set back; less is two machines' difference."""

KEPT = 50
"""Finished runs kept of a job that only ever catches up with its latest occasion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """A job as kept up: occasions after ``since`` count; ``seen_at`` is the latest time any scheduler saw."""

    job: str
    since: datetime
    seen_at: datetime
    paused_at: datetime | None = None
    paused_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of an occasion so far; ``outcome`` is what was done, or why it failed."""

    job: str
    occasion: str
    due_at: datetime
    state: RunState
    covers: int
    attempts: int
    claim: str | None
    lease_until: datetime | None
    begun_at: datetime
    ended_at: datetime | None
    retry_at: datetime | None
    outcome: str

    def is_held(self, now: datetime, lease: timedelta = LEASE) -> bool:
        """Whether somebody works on it. A lease that ends later than any given now can is of a clock set back since."""
        return self.lease_until is not None and now < self.lease_until <= now + 2 * lease

    def is_of_the_future(self, now: datetime) -> bool:
        """Whether it ended later than now, which a clock that was set back makes of a run."""
        return self.ended_at is not None and self.ended_at > now + CLOCK_SET_BACK

    def may_try(self, now: datetime, lease: timedelta = LEASE) -> bool:
        """Whether it may be claimed: abandoned, or failed and due for another attempt."""
        if self.state == "running":
            return not self.is_held(now, lease)
        return self.retry_at is not None and not now < self.retry_at <= now + 2 * LONGEST_WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A run somebody wants to begin: an occasion of a job, and how many occasions it stands for.

    ``is_again`` says that a run which ended later than now does not count: the clock was set back since.
    """

    job: str
    occasion: str
    due_at: datetime
    covers: int = 1
    is_again: bool = False


def keep_up(connection: Connection, names: Iterable[str], since: datetime, now: datetime) -> None:
    """The jobs are kept up, new ones for occasions after ``since``; the latest time seen is noted."""
    known = states(connection)
    for name in names:
        if name not in known:
            connection.execute(insert(jobs), {"job": name, "since": since, "seen_at": now})
        elif known[name].seen_at < now:
            connection.execute(update(jobs).filter_by(job=name).values(seen_at=now))


def states(connection: Connection) -> dict[str, JobState]:
    """All jobs kept up, by name."""
    rows = connection.execute(select(jobs).order_by(jobs.c.job))
    return {row.job: JobState(**row._asdict()) for row in rows}


def set_paused(connection: Connection, job: str, by: str | None, now: datetime) -> None:
    """The job rests until somebody resumes it (``by`` is None); what falls due meanwhile is caught up then.

    Raises:
        StoreError: no scheduler has kept up such a job.
    """
    values = {"paused_at": None if by is None else now, "paused_by": by}
    if not connection.execute(update(jobs).filter_by(job=job).values(values)).rowcount:
        raise StoreError("schedule.job.unknown", job=job, known=", ".join(states(connection)) or "–")


def runs(connection: Connection, job: str | None = None) -> tuple[Run, ...]:
    """Runs of a job or of all by job, then by the time they were due."""
    query = select(job_runs).order_by(job_runs.c.job, job_runs.c.due_at, job_runs.c.begun_at)
    return tuple(map(_as_run, connection.execute(query if job is None else query.filter_by(job=job))))


def claim(
    connection: Connection,
    wanted: Wanted,
    token: str,
    now: datetime,
    lease: timedelta = LEASE,
    *,
    by_hand: bool = False,
) -> Run | None:
    """The run is the claimant's until its lease ends; None when it is done, held or waiting, or its job rests.

    Args:
        token: tells this claim from every other ever made.
        by_hand: a person asked for it: what rests, waits or was given up is tried all the same.
    """
    state = states(connection).get(wanted.job)
    if state is None or (state.paused_at is not None and not by_hand):
        return None
    known = {run.occasion: run for run in runs(connection, wanted.job)}
    if any(run.is_held(now, lease) for run in known.values()):
        return None
    stored = known.get(wanted.occasion)
    values: dict[str, Any] = {"state": "running", "claim": token, "lease_until": now + lease, "begun_at": now}
    values |= {"ended_at": None, "retry_at": None, "outcome": "", "covers": wanted.covers}
    if stored is None:
        row = {"job": wanted.job, "occasion": wanted.occasion, "due_at": wanted.due_at, "attempts": 1}
        connection.execute(insert(job_runs), row | values)
    elif stored.may_try(now, lease) or wanted.is_again or (by_hand and stored.state != "done"):
        where = {"job": wanted.job, "occasion": wanted.occasion}
        connection.execute(update(job_runs).filter_by(**where).values(values | {"attempts": stored.attempts + 1}))
    else:
        return None
    return run_of(connection, wanted.job, wanted.occasion)


def run_of(connection: Connection, job: str, occasion: str) -> Run | None:
    """What came of an occasion; None when nobody has claimed it."""
    row = connection.execute(select(job_runs).filter_by(job=job, occasion=occasion)).one_or_none()
    return None if row is None else _as_run(row)


def renew(connection: Connection, held: Run, now: datetime, lease: timedelta = LEASE) -> bool:
    """The lease begins anew; False when somebody else took the run over."""
    return _settle(connection, held, {"lease_until": now + lease})


def finish(connection: Connection, held: Run, outcome: str, now: datetime) -> bool:
    """The run is done; False when somebody else took it over, whose word counts."""
    values = {"state": "done", "claim": None, "lease_until": None, "ended_at": now, "outcome": outcome}
    return _settle(connection, held, values)


def fail(connection: Connection, held: Run, reason: str, now: datetime, retry_at: datetime | None) -> bool:
    """The run failed and is tried again at a time, or (None) given up; False when somebody else took it over."""
    state = "given_up" if retry_at is None else "failed"
    values = {"state": state, "claim": None, "lease_until": None, "ended_at": now, "retry_at": retry_at}
    return _settle(connection, held, values | {"outcome": reason})


def supersede(connection: Connection, current: Run, now: datetime) -> None:
    """Earlier failed or abandoned runs of the job are given up, for this one does their work; old ones are dropped."""
    earlier = and_(job_runs.c.job == current.job, job_runs.c.due_at < current.due_at)
    values = {"state": "given_up", "claim": None, "lease_until": None, "retry_at": None, "ended_at": now}
    connection.execute(update(job_runs).where(earlier, job_runs.c.state.in_(("running", "failed"))).values(values))
    oldest = connection.scalar(
        select(job_runs.c.due_at).where(earlier).order_by(job_runs.c.due_at.desc()).offset(KEPT).limit(1)
    )
    if oldest is not None:
        connection.execute(delete(job_runs).where(job_runs.c.job == current.job, job_runs.c.due_at <= oldest))


def _settle(connection: Connection, held: Run, values: Mapping[str, Any]) -> bool:
    where = {"job": held.job, "occasion": held.occasion, "claim": held.claim, "state": "running"}
    return bool(connection.execute(update(job_runs).filter_by(**where).values(**values)).rowcount)


def _as_run(row: Row[Any]) -> Run:
    return Run(**row._asdict())
