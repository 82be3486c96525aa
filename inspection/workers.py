"""How independent problems are run: here one after another, or on processes that outlive a killed worker."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from inspection.planning.quotas import Spreader

TRIES = 3
"""How often work is handed out again when the pool broke under it."""


@contextmanager
def spreading(processes: int, problems: int) -> Iterator[Spreader]:
    """A ``map`` over local processes; the built-in one where a single process or problem makes them pointless."""
    if processes < 2 or problems < 2:
        yield map
        return

    def run(work: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
        return run_on(lambda: _pool(processes), work, list(given))

    yield run


def _pool(processes: int) -> Executor:
    # Each process is one worker; a linear algebra library that starts threads in each would fight over the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Forking a process that holds database threads can hang the child: start clean ones.
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("forkserver"))


def run_on(pool: Callable[[], Executor], work: Callable[[Any], Any], given: list[Any]) -> list[Any]:
    """The work on each problem, in order of the problems; what a broken pool left undone is handed out again.

    Raises:
        BrokenProcessPool: the pool broke as often as we try.
    """
    done: dict[int, Any] = {}
    for attempt in range(1, TRIES + 1):
        with pool() as executor:
            futures: dict[int, Future[Any]] = {
                number: executor.submit(work, problem) for number, problem in enumerate(given) if number not in done
            }
            try:
                for number, future in futures.items():
                    done[number] = future.result()
                return [done[number] for number in range(len(given))]
            except BrokenProcessPool:
                done.update({number: each.result() for number, each in futures.items() if _is_good(each)})
                if attempt == TRIES:
                    raise
    raise AssertionError("unreachable")


def _is_good(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
