"""The agenda: which occasions are due now and not done yet, in the order in which they fell due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from inspection.store.schedule import JobState, Run, Wanted
from scheduler.rhythm import Occasion
from scheduler.settings import JobTimes

Runs = Mapping[str, Sequence[Run]]
"""Job → its runs by the time they were due."""


def due(times: Mapping[str, JobTimes], states: Mapping[str, JobState], runs: Runs, now: datetime) -> list[Wanted]:
    """What is due and neither done nor given up, earliest first; jobs that rest or are not kept up have nothing.

    Of a job whose occasions are each a piece of work, only the first unfinished one is due: its successors wait, so
    that work is made up for in order. Other jobs are due once, for their latest occasion, which covers those missed.
    """
    found = [
        wanted
        for job, each in times.items()
        if (state := states.get(job)) is not None and state.paused_at is None
        for wanted in _of_job(each, state, runs.get(job, ()), now)
    ]
    order = {job: place for place, job in enumerate(times)}
    return sorted(found, key=lambda wanted: (wanted.due_at, order[wanted.job]))


def _of_job(times: JobTimes, state: JobState, runs: Sequence[Run], now: datetime) -> Iterator[Wanted]:
    known = {run.occasion: run for run in runs if run.state in ("done", "given_up")}
    if times.is_each:
        open_ = (each for each in times.rhythm.between(state.since, now) if each.name not in known)
        if (first := next(open_, None)) is not None:
            yield _wanted(state.job, first)
        return
    latest = times.rhythm.last(now)
    if latest is None or latest.due_at <= state.since:
        return
    settled = known.get(latest.name)
    if settled is not None and not settled.is_of_the_future(now):
        return
    done = [run.due_at for run in runs if run.state == "done" and run.due_at < latest.due_at]
    covers = times.rhythm.count(max([state.since, *done]), latest.due_at)
    yield replace(_wanted(state.job, latest), covers=max(covers, 1), is_again=settled is not None)


def _wanted(job: str, occasion: Occasion) -> Wanted:
    return Wanted(job=job, occasion=occasion.name, due_at=occasion.due_at)


def by_hand(job: str, times: JobTimes, state: JobState, runs: Sequence[Run], now: datetime) -> Wanted | None:
    """What a person who says "now" means: the first piece of work due or given up, or for the others this minute.

    None when every occasion so far is done.
    """
    if not times.is_each:
        return Wanted(job=job, occasion=f"{now:%Y-%m-%dT%H:%M:%S}", due_at=now)
    done = {run.occasion for run in runs if run.state == "done"}
    open_ = (each for each in times.rhythm.between(state.since, now) if each.name not in done)
    first = next(open_, None)
    return None if first is None else _wanted(job, first)
