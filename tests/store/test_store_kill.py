"""A planner killed anywhere leaves a store that opens, and going on ends in the same plan."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from expectations import ORIGIN, START
from sqlalchemy import Connection, event

from inspection.draw.log import Entry
from inspection.model import Combination, Visit
from inspection.store import drawn
from inspection.store.draws import commit_draw, draws, finish_draw, open_draw
from inspection.store.plans import Plan, Store
from inspection.store.workspace import Workspace

PLAN = Plan(plan="p", division="370828", year=2027, name="kill", policy={}, snapshot="5" * 64)
DRAW = "p/1-firms"
VISITS = [Visit(visit=f"V{n:05}", firm=f"F{n}", combination="K", month="2027-04") for n in range(400)]


def plan_year(workspace: Workspace) -> None:
    """A small planner: each step is stored with all it writes, and skipped where it is stored already."""
    store, log = workspace.store, workspace.log
    store.create_plan(PLAN, now=START)

    def step(name: str, writes: Callable[[Connection], None]) -> None:
        if store.step("p", name) is None:
            store.finish_step("p", name, {"step": name}, now=START, writes=writes)

    def note(connection: Connection, type: str) -> None:
        at = (START + timedelta(minutes=type == "result")).isoformat()
        parts = {"plan": "p", "draw": DRAW, "time": at, "actor": "bureau", "digest": "a" * 64}
        log.append(connection, Entry(type=type, **parts))  # type: ignore[arg-type]
        log.checkpoint(connection)

    def quotas(connection: Connection) -> None:
        open_draw(connection, "p", "firms")
        kind = Combination(combination="K", tasks=("T",), agencies=("A",), items=("I",), visits={"2027-04": 400})
        drawn.add_combinations(connection, DRAW, [kind])

    def commit(connection: Connection) -> None:
        commit_draw(connection, DRAW, "a" * 64, {"firms.csv": workspace.frozen.put_bytes(b"firms")})
        note(connection, "commit")

    def result(connection: Connection) -> None:
        drawn.add_visits(connection, DRAW, VISITS)
        finish_draw(connection, DRAW, "b" * 64, {"visits.csv": workspace.frozen.put_bytes(b"visits")})
        note(connection, "result")

    def days(connection: Connection) -> None:
        drawn.set_days(connection, DRAW, {each.visit: date(2027, 4, 6) for each in VISITS})

    for name, writes in (("quotas", quotas), ("commit", commit), ("result", result), ("days", days)):
        step(name, writes)


def examine(workspace: Workspace) -> list[str]:
    """The steps that are stored, each with everything that belongs to it and nothing of the step after."""
    done = [step.name for step in workspace.store.steps("p")]
    with workspace.store.reading() as connection:
        stored = draws(connection, "p")
        visits, days = drawn.visits(connection, DRAW), drawn.days(connection, DRAW)
    assert bool(stored) == ("quotas" in done)
    assert [Entry.parse(line.encode()).type for line in workspace.log.lines()] == [
        name for name in done if name in ("commit", "result")
    ]
    assert len(workspace.log.checkpoints()) == len(workspace.log.lines())
    workspace.log.check()
    assert len(visits) == (len(VISITS) if "result" in done else 0)
    assert len(days) == (len(VISITS) if "days" in done else 0)
    for record in stored:
        for digest in record.files.values():
            workspace.frozen.path(digest, verify=True)
    return done


def fork(work: Callable[[], None]) -> int:
    """A child process that does the work; forked, because importing takes longer than the work."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def integrity(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "inspection.db")) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    Workspace.create(tmp_path / "fresh", origin=ORIGIN).store.close()
    return tmp_path / "fresh"


def killed_at(folder: Path, statement: int) -> bool:
    """Plan in a child that kills itself before the given SQL statement; whether it came to that."""

    def work() -> None:
        workspace, count = Workspace.open(folder), 0

        def strike(*_: object) -> None:
            nonlocal count
            count += 1
            if count == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(workspace.store.engine, "before_cursor_execute", strike)
        event.listen(workspace.store.engine, "commit", strike)
        with workspace.lock("p"):
            plan_year(workspace)

    status = os.waitpid(fork(work), 0)[1]
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


@pytest.mark.slow
def test_planner_killed_before_any_statement_goes_on_to_the_same_plan(fresh: Path, tmp_path: Path) -> None:
    seen, statement = set(), 0
    folder = tmp_path / "killed"
    while True:
        statement += 1
        shutil.copytree(fresh, folder)
        was_killed = killed_at(folder, statement)
        assert integrity(folder) == "ok"
        workspace = Workspace.open(folder)
        seen.add(len(examine(workspace)))
        if not was_killed:
            break
        with workspace.lock("p"):
            plan_year(workspace)
        assert examine(workspace) == ["quotas", "commit", "result", "days"]
        workspace.store.close()
        shutil.rmtree(folder)
    assert seen == {0, 1, 2, 3, 4}
    assert statement > 30


@pytest.mark.slow
def test_planner_killed_again_and_again_at_any_moment_still_arrives(fresh: Path) -> None:
    workspace, done, kills = Workspace.open(fresh), list[str](), 0
    workspace.store.close()

    def work() -> None:
        opened = Workspace.open(fresh)
        with opened.lock("p"):
            plan_year(opened)

    while len(done) < 4:
        child = fork(work)
        time.sleep(0.004 + 0.0007 * kills)
        os.kill(child, signal.SIGKILL)
        kills += os.waitpid(child, 0)[1] == signal.SIGKILL
        again = Workspace.open(fresh)
        progress = examine(again)
        again.store.close()
        assert progress[: len(done)] == done
        done = progress
    assert integrity(fresh) == "ok"
    assert kills >= 2


@pytest.mark.slow
def test_workspace_killed_while_it_is_made_can_be_made_again(tmp_path: Path) -> None:
    for round_ in range(12):
        folder = tmp_path / f"w{round_}"

        def work(folder: Path = folder) -> None:
            Workspace.create(folder, origin=ORIGIN)

        child = fork(work)
        time.sleep(0.005 * round_)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        workspace = Workspace.open(folder) if folder.exists() else Workspace.create(folder, origin=ORIGIN)
        assert workspace.log.lines() == ()
        workspace.store.close()


def test_store_killed_while_it_is_upgraded_is_upgraded_again(tmp_path: Path) -> None:
    Store.at(f"sqlite:///{tmp_path / 'warm.db'}").close()
    for round_ in range(10):
        url = f"sqlite:///{tmp_path / f'{round_}.db'}"
        child = fork(lambda url=url: Store.at(url).close())  # type: ignore[misc]
        time.sleep(0.006 * round_)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        store = Store.at(url)
        store.create_plan(PLAN, now=START)
        assert store.plans() == (PLAN,)
        store.close()
