"""Claims of runs: one holder at a time, taken over from the dead, done once whatever is killed; on both databases."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from expectations import START, refused
from sqlalchemy import func, select
from test_store_kill import PLAN

from inspection.store import schedule
from inspection.store.outbox_tables import outbox
from inspection.store.plans import Store
from inspection.store.schedule import KEPT, LEASE, Run, Wanted
from inspection.store.trail import deeds
from inspection.store.workspace import Workspace

NOW = START + timedelta(days=1)
JOB = Wanted(job="backup", occasion="2027-01-06", due_at=NOW)


@pytest.fixture
def kept(store: Store) -> Store:
    with store.writing() as connection:
        schedule.keep_up(connection, ["backup", "month"], START, START)
    return store


def claim(
    store: Store, wanted: Wanted = JOB, token: str = "one", now: datetime = NOW, by_hand: bool = False
) -> Run | None:
    with store.writing() as connection:
        return schedule.claim(connection, wanted, token, now, by_hand=by_hand)


def claimed(store: Store, wanted: Wanted = JOB, token: str = "one", now: datetime = NOW) -> Run:
    run = claim(store, wanted, token, now)
    assert run is not None
    return run


def stored(store: Store) -> Run:
    with store.reading() as connection:
        run = schedule.run_of(connection, JOB.job, JOB.occasion)
    assert run is not None
    return run


def test_second_claimant_gets_nothing_while_the_first_holds(kept: Store) -> None:
    first = claimed(kept)
    assert (first.state, first.attempts, first.lease_until) == ("running", 1, NOW + LEASE)
    assert claim(kept, token="two") is None
    assert claim(kept, token="two", now=NOW + LEASE - timedelta(seconds=1)) is None
    with kept.writing() as connection:
        assert schedule.renew(connection, first, NOW + LEASE - timedelta(seconds=1))
    assert claim(kept, token="two", now=NOW + LEASE) is None


def test_run_of_a_dead_claimant_is_taken_over_and_its_word_counts_no_more(kept: Store) -> None:
    dead = claimed(kept)
    heir = claimed(kept, token="two", now=NOW + LEASE)
    assert (heir.attempts, heir.claim) == (2, "two")
    with kept.writing() as connection:
        assert not schedule.finish(connection, dead, "{}", NOW + LEASE)
        assert not schedule.fail(connection, dead, "{}", NOW + LEASE, None)
        assert not schedule.renew(connection, dead, NOW + LEASE)
        assert schedule.finish(connection, heir, '{"rows":1}', NOW + LEASE)
    assert (stored(kept).state, stored(kept).outcome) == ("done", '{"rows":1}')


def test_lease_of_a_clock_that_ran_ahead_holds_nobody_up(kept: Store) -> None:
    claimed(kept, now=NOW + timedelta(days=400))
    assert claim(kept, token="two") is not None


def test_done_is_done_once_even_by_hand(kept: Store) -> None:
    run = claimed(kept)
    with kept.writing() as connection:
        schedule.finish(connection, run, "{}", NOW)
    assert claim(kept, token="two", now=NOW + timedelta(days=9)) is None
    assert claim(kept, token="two", now=NOW + timedelta(days=9), by_hand=True) is None


def test_failed_run_waits_for_its_time_and_one_given_up_for_a_person(kept: Store) -> None:
    run = claimed(kept)
    with kept.writing() as connection:
        schedule.fail(connection, run, '{"zh":"盘满"}', NOW, NOW + timedelta(minutes=4))
    assert stored(kept).state == "failed"
    assert claim(kept, token="two", now=NOW + timedelta(minutes=3)) is None
    again = claimed(kept, token="two", now=NOW + timedelta(minutes=4))
    assert again.attempts == 2
    with kept.writing() as connection:
        schedule.fail(connection, again, '{"zh":"盘满"}', NOW, None)
    assert stored(kept).state == "given_up"
    assert claim(kept, token="three", now=NOW + timedelta(days=9)) is None
    assert claim(kept, token="three", now=NOW + timedelta(days=9), by_hand=True) is not None


def test_one_job_has_one_run_at_a_time(kept: Store) -> None:
    claimed(kept)
    later = Wanted(job="backup", occasion="2027-01-07", due_at=NOW + timedelta(days=1))
    assert claim(kept, later, "two") is None
    assert claim(kept, Wanted(job="month", occasion="2026-12", due_at=NOW), "two") is not None


def test_job_at_rest_is_claimed_by_hand_alone(kept: Store) -> None:
    with kept.writing() as connection:
        schedule.set_paused(connection, "backup", "张三", NOW)
    assert claim(kept) is None
    assert claim(kept, by_hand=True) is not None
    with refused("schedule.job.unknown"), kept.writing() as connection:
        schedule.set_paused(connection, "nothing", "张三", NOW)


def test_latest_run_supersedes_earlier_failures_and_old_ones_are_dropped(kept: Store) -> None:
    for number in range(KEPT + 12):
        at = NOW + timedelta(hours=number)
        run = claimed(kept, Wanted(job="backup", occasion=f"{number:03}", due_at=at), now=at)
        with kept.writing() as connection:
            if number % 10 == 9:
                schedule.fail(connection, run, "{}", at, at + timedelta(hours=5))
            else:
                schedule.finish(connection, run, "{}", at)
            schedule.supersede(connection, run, at)
    with kept.reading() as connection:
        left = schedule.runs(connection, "backup")
    assert len(left) == KEPT + 1
    assert {run.state for run in left[:-1]} == {"done", "given_up"}


NURSERY = """
import os, random, signal, sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from inspection.store import schedule
from inspection.store.outbox import News, announce_all
from inspection.store.trail import Deed, record
from inspection.store.workspace import Workspace
from scheduler.rhythm import EveryMinutes
from scheduler.runner import Job, Runner
from scheduler.settings import JobTimes

folder, start, occasions, most_seconds = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), *map(int, sys.argv[3:])
begun = datetime.now(UTC)

def now():
    return start + timedelta(minutes=occasions + 1) + (datetime.now(UTC) - begun)

class Office:
    pass

def live(seed):
    rng = random.Random(seed)
    lives = rng.randrange(1, 6)
    Office.workspace = workspace = Workspace.open(folder)

    def perhaps_die():
        nonlocal lives
        lives -= 1
        time.sleep(rng.random() * 0.02)
        if not lives:
            os.kill(os.getpid(), signal.SIGKILL)

    def work(office, wanted, at):
        perhaps_die()
        with workspace.store.writing() as connection:
            key = f"work/{wanted.occasion}"
            news = News(key=key, record=key, kind="plan", action="i", payload={"plan": "p"}, not_before=at)
            if announce_all(connection, [news], now=at):
                record(connection, Deed(number=0, at=at, actor="", action=wanted.occasion, object="", outcome="done"))
        perhaps_die()
        return {"done": 1}

    times = JobTimes(rhythm=EveryMinutes(minutes=1), is_each=True, keep=1, to="")
    runner = Runner(Office, {"work": Job(times=times, work=work)}, now, lease=timedelta(seconds=0.3))
    while True:
        runner.run_due()
        with workspace.store.reading() as connection:
            if sum(run.state == "done" for run in schedule.runs(connection, "work")) >= occasions:
                os._exit(0)
        time.sleep(0.02)

def born(seed):
    child = os.fork()
    if not child:
        try:
            live(seed)
        finally:
            os._exit(1)
    return child

children, seed, killed = {born(0), born(1)}, 2, 0
signal.alarm(most_seconds)
while children:
    child, status = os.wait()
    children.discard(child)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        children.add(born(seed))
        seed, killed = seed + 1, killed + 1
    elif status:
        sys.exit("a scheduler failed")
print(killed)
"""
OCCASIONS = 15


@pytest.mark.slow
def test_two_schedulers_killed_at_random_do_each_piece_of_work_once_and_in_order(workspace: Workspace) -> None:
    workspace.store.create_plan(PLAN, now=START)
    words = [sys.executable, "-c", NURSERY, str(workspace.folder), START.isoformat(), str(OCCASIONS), "100"]
    nursery = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert nursery.returncode == 0, nursery.stderr
    killed = int(nursery.stdout)
    with workspace.store.reading() as connection:
        worked = [deed.action for deed in reversed(deeds(connection, before=None, limit=1000))]
        announced = connection.scalar(select(func.count()).select_from(outbox))
        runs = schedule.runs(connection, "work")
    done = [run.occasion for run in runs if run.state == "done"]
    assert killed >= 5 and sum(run.attempts - 1 for run in runs) >= killed - 2
    assert len(worked) >= OCCASIONS and worked == sorted(set(worked))
    assert announced == len(worked)
    assert done == worked[: len(done)]


def test_ticker_of_apscheduler_looks_at_once_and_again_and_stops(tmp_path: Path) -> None:
    from scheduler.ticker import Ticker

    workspace = Workspace.create(tmp_path / "office", origin="open-draw.example/ticker")
    (tmp_path / "office" / "policy.toml").write_bytes(Path("data/policy.toml").read_bytes())
    ticker = Ticker(tmp_path / "office", every=1)
    looks: list[float] = []
    ticker._runner.run_due = lambda stop: looks.append(time.monotonic()) or []  # type: ignore[method-assign,assignment]
    ticker.start()
    deadline = time.monotonic() + 10
    while len(looks) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    ticker.stop()
    seen = len(looks)
    time.sleep(1.2)
    assert seen >= 2 and len(looks) == seen
    workspace.store.close()
