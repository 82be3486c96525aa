"""Independent problems on processes: the same answers in the same order; a killed worker costs only time."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from inspection.errors import PlanError, RuleError
from inspection.steps.workers import TRIES, Desk, LocalCrew, run_on, spreading
from inspection.store.answers import Answers
from solver.seat_shortage import SeatShortage, ShortGroup


def double(number: int) -> int:
    return 2 * number


def die_once(given: tuple[int, str]) -> int:
    """The worker that meets the marked problem first kills itself."""
    number, marker = given
    if marker and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_at_one(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def invert(number: int) -> int:
    return 1 // number


def refuse(_: int) -> int:
    raise RuleError("plan.no_task")


@dataclass
class Threads:
    """A crew of threads."""

    pools: list[Executor] = field(default_factory=list)

    def opened(self) -> Executor:
        self.pools.append(ThreadPoolExecutor(2))
        return self.pools[-1]

    def job(self, work: Callable[..., object]) -> Callable[..., object]:
        return work

    def check(self) -> None:
        pass


def test_one_process_or_one_problem_needs_no_pool(monkeypatch):
    monkeypatch.setattr(LocalCrew, "opened", lambda self: pytest.fail("a pool was opened"))
    for processes, problems in ((1, 5), (4, 1)):
        with spreading(processes, problems) as run:
            assert list(run(double, range(3))) == [0, 2, 4]


@pytest.mark.slow
def test_processes_give_the_answers_of_one_in_order_and_tell_how_far_they_are():
    told = []
    with spreading(2, 9, progress=lambda done, total: told.append((done, total))) as run:
        assert list(run(double, range(9))) == [double(number) for number in range(9)]
    assert told == [(done, 9) for done in range(10)]


@pytest.mark.slow
def test_work_of_a_killed_worker_is_done_again(tmp_path):
    marker = str(tmp_path / "died")
    desk = Desk(work=die_once, problems=[(number, marker if number == 3 else "") for number in range(8)])
    run_on(LocalCrew(processes=2), desk)
    assert desk.results() == list(range(8))
    assert Path(marker).exists()


@pytest.mark.slow
def test_a_problem_that_kills_every_worker_is_named_and_the_others_are_solved(tmp_path):
    answers = Answers(tmp_path, "mark")
    desk = Desk(work=die_at_one, problems=[0, 1, 2, 3], answers=answers)
    run_on(LocalCrew(processes=2), desk)
    with pytest.raises(PlanError, match=r"#2.*BrokenProcessPool") as caught:
        desk.results()
    assert caught.value.params["done"] == 3
    assert [answers.find("die_at_one", number) for number in range(4)] == [(0,), None, (2,), (3,)]


def test_work_that_fails_is_named_after_the_others_are_solved():
    crew = Threads()
    desk = Desk(work=invert, problems=[1, 0, -1])
    run_on(crew, desk)
    with pytest.raises(PlanError, match=r"#2.*ZeroDivisionError"):
        desk.results()
    assert desk.done == {0: 1, 2: -1} and len(crew.pools) < TRIES


def test_an_error_of_the_domain_is_raised_as_it_is():
    with spreading(1, 1, cluster=Threads()) as run, pytest.raises(RuleError):
        run(refuse, [1, 2])


def test_answers_outlive_a_run_that_failed_and_go_when_one_succeeds(tmp_path):
    answers = Answers(tmp_path / "answers", "mark")
    with pytest.raises(PlanError), spreading(1, 3, cluster=Threads(), answers=answers) as run:
        run(invert, [1, 0, -1])
    assert answers.find("invert", 1) == (1,) and answers.find("invert", 0) is None
    with spreading(1, 1, answers=answers) as run:
        assert run(invert, [1, -1]) == [1, -1]
    assert not (tmp_path / "answers").exists()


def test_answers_of_other_code_are_not_taken(tmp_path):
    Answers(tmp_path, "old").keep("double", 1, 2)
    assert Answers(tmp_path, "old").find("double", 1) == (2,)
    assert Answers(tmp_path, "new").find("double", 1) is None
    assert Answers(tmp_path, "old").find("halve", 1) is None


def test_records_of_the_solver_are_read_back_as_they_were(tmp_path):
    group = ShortGroup(needs=(3, 5), months=(1,), inspectors=(7,), demand=4, capacity=3, short=1, qualified=False)
    short = SeatShortage(groups=(group,))
    answers = Answers(tmp_path, "mark")
    given = (short, {"rows": np.arange(6).reshape(2, 3)}, frozenset({"b", "a"}), (1.5, True, None))
    answers.keep("work", "problem", given)
    found = answers.find("work", "problem")
    assert found is not None and np.array_equal(found[0][1]["rows"], given[1]["rows"])
    assert (found[0][0], found[0][2:]) == (given[0], given[2:])


class Harm:
    """Unpickling it would run a command."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("content", [b"", b"\x80", b"no pickle", None])
def test_a_file_that_is_no_answer_is_not_read_and_runs_nothing(tmp_path, content):
    answers = Answers(tmp_path / "answers", "mark")
    answers.keep("work", 1, 2)
    (kept,) = (tmp_path / "answers").iterdir()
    kept.write_bytes(pickle.dumps(Harm(tmp_path / "harm")) if content is None else content)
    assert answers.find("work", 1) is None
    assert not (tmp_path / "harm").exists()
