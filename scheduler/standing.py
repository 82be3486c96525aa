"""How the jobs stand: what was done last, what is due, what failed and why, what comes next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inspection.errors import Language
from inspection.store.schedule import CLOCK_SET_BACK, JobState, Run
from scheduler import agenda
from scheduler.agenda import Runs
from scheduler.rhythm import Occasion
from scheduler.settings import JobTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One job.

    Attributes:
        last: the run that was done last.
        troubles: runs after it that failed or were given up, the latest last; of work that is done occasion by
            occasion, all of them.
        running: the run somebody works on now.
        waiting: how many occasions are due now and not done.
        next: the first occasion later than now.
    """

    job: str
    is_paused: bool
    last: Run | None
    troubles: tuple[Run, ...]
    running: Run | None
    waiting: int
    next: Occasion | None


def standings(
    times: Mapping[str, JobTimes], states: Mapping[str, JobState], runs: Runs, now: datetime
) -> list[Standing]:
    """Every job, in the order in which those due together are done."""
    return [_standing(job, each, states.get(job), runs.get(job, ()), now) for job, each in times.items()]


def clock_was_set_back(states: Mapping[str, JobState], now: datetime) -> datetime | None:
    """The latest time that was seen, where that is later than now; None while the clock is right."""
    seen = max((state.seen_at for state in states.values()), default=now)
    return seen if seen > now + CLOCK_SET_BACK else None


def outcome_words(run: Run, language: Language) -> str:
    """What a run did, or why it failed."""
    facts = json.loads(run.outcome or "{}")
    if run.state == "done":
        return ", ".join(f"{name} {value}" for name, value in facts.items()) or "–"
    return str(facts.get(language, "–"))


def _standing(job: str, times: JobTimes, state: JobState | None, runs: Sequence[Run], now: datetime) -> Standing:
    done = [run for run in runs if run.state == "done"]
    last = max(done, key=lambda run: (run.ended_at or run.begun_at, run.due_at), default=None)
    bad = [run for run in runs if run.state in ("failed", "given_up")]
    if not times.is_each and last is not None:
        bad = [run for run in bad if run.due_at > last.due_at]
    return Standing(
        job=job,
        is_paused=state is not None and state.paused_at is not None,
        last=last,
        troubles=tuple(bad),
        running=next((run for run in runs if run.is_held(now)), None),
        waiting=0 if state is None else _waiting(job, times, state, runs, now),
        next=times.rhythm.next(now),
    )


def _waiting(job: str, times: JobTimes, state: JobState, runs: Sequence[Run], now: datetime) -> int:
    """Occasions due and not done, whether or not the job rests."""
    if times.is_each:
        settled = {run.occasion for run in runs if run.state in ("done", "given_up")}
        return sum(1 for each in times.rhythm.between(state.since, now) if each.name not in settled)
    awake = {job: JobState(job=job, since=state.since, seen_at=state.seen_at)}
    due = agenda.due({job: times}, awake, {job: runs}, now)
    return due[0].covers if due else 0
