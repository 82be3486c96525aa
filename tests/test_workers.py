"""Independent problems on processes: the same answers in the same order, and a killed worker costs only time."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from inspection.workers import TRIES, _pool, run_on, spreading


def double(number: int) -> int:
    return 2 * number


def die_once(given: tuple[int, str]) -> int:
    """The worker that meets the marked problem first kills itself."""
    number, marker = given
    if marker and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_one_process_or_one_problem_uses_no_pool():
    with spreading(1, 5) as run:
        assert run is map
    with spreading(4, 1) as run:
        assert run is map


@pytest.mark.slow
def test_processes_give_the_answers_of_one_in_order():
    with spreading(2, 9) as run:
        assert list(run(double, range(9))) == [double(number) for number in range(9)]


@pytest.mark.slow
def test_work_of_a_killed_worker_is_done_again(tmp_path):
    marker = str(tmp_path / "died")
    given = [(number, marker if number == 3 else "") for number in range(8)]
    assert run_on(lambda: _pool(2), die_once, given) == list(range(8))
    assert Path(marker).exists()


@pytest.mark.slow
def test_work_that_kills_every_worker_is_given_up_after_some_tries():
    pools = []

    def pool():
        pools.append(_pool(1))
        return pools[-1]

    with pytest.raises(BrokenProcessPool):
        run_on(pool, die, [1])
    assert len(pools) == TRIES


def test_an_error_of_the_work_is_raised_at_once():
    with pytest.raises(ZeroDivisionError):
        run_on(lambda: ThreadPoolExecutor(1), lambda number: 1 // number, [1, 0])
