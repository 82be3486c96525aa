"""How independent problems are run: here one after another, on processes of this machine, or on a cluster.

The answers are the same everywhere and come in the order of the problems. Each is kept when it is found; a problem
that kills whoever takes it, or fails, is named after all others are solved and kept.
"""

from __future__ import annotations

import functools
import hashlib
import multiprocessing
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from inspection.errors import InspectionError, PlanError

if TYPE_CHECKING:
    from inspection.planning.quotas import Spreader
    from inspection.store.answers import Answers

Work = Callable[[Any], Any]
Progress = Callable[[int, int], None]
"""(problems solved, problems) → nothing."""

TRIES = 3
"""How often work is handed out again when the workers broke under it."""
PULSE = 2.0
"""Seconds between two looks at whether anybody still works."""

LIBRARIES = ("numpy", "ortools")
"""Libraries whose version decides what the solver answers."""


class Crew(Protocol):
    """Who solves the problems."""

    def opened(self) -> AbstractContextManager[Executor]:
        """An executor, closed again at the end."""

    def job(self, work: Work) -> Work:
        """The work as it is handed to the executor."""

    def check(self) -> None:
        """Returns while somebody works; raises when nobody is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCrew:
    """Processes of this machine."""

    processes: int

    def opened(self) -> Executor:
        """A fresh pool of processes."""
        # Each process is one worker; a linear algebra library that starts threads in each would fight over the cores.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # Forking a process that holds database threads can hang the child: start clean ones.
        return ProcessPoolExecutor(self.processes, mp_context=multiprocessing.get_context("forkserver"))

    def job(self, work: Work) -> Work:
        """The work itself: the processes run this very code."""
        return work

    def check(self) -> None:
        """A pool tells of a lost process by itself."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """The problems of one kind of work: what is solved is kept and shown, what failed is put aside."""

    work: Work
    problems: list[Any]
    answers: Answers | None = None
    progress: Progress | None = None
    done: dict[int, Any] = field(default_factory=dict)
    failed: dict[int, BaseException] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, problem in enumerate(self.problems if self.answers else ()):
            if self.answers and (found := self.answers.find(self.work.__qualname__, problem)):
                self.done[number] = found[0]
        self.show()

    def show(self) -> None:
        """Tell how far the work is."""
        if self.progress:
            self.progress(len(self.done), len(self.problems))

    def open(self) -> list[int]:
        """Problems neither solved nor put aside."""
        return [number for number in range(len(self.problems)) if number not in self.done | self.failed]

    def take(self, number: int, answer: Any) -> None:
        """The problem is solved."""
        self.done[number] = answer
        if self.answers:
            self.answers.keep(self.work.__qualname__, self.problems[number], answer)
        self.show()

    def results(self) -> list[Any]:
        """The answers in order of the problems.

        Raises:
            InspectionError: as the work raised it.
            PlanError: the work on some problems failed; which, and why. The others are kept.
        """
        for error in self.failed.values():
            if isinstance(error, InspectionError):
                raise error
        if self.failed:
            names = ", ".join(self.name(number) for number in sorted(self.failed))
            first = self.failed[min(self.failed)]
            raise PlanError(
                "workers.failed", names=names, reason=_reason(first), done=len(self.done), total=len(self.problems)
            ) from first
        return [self.done[number] for number in range(len(self.problems))]

    def name(self, number: int) -> str:
        """What people call the problem: its region or agency."""
        problem = self.problems[number]
        return str(getattr(problem, "region", None) or getattr(problem, "agency", None) or f"#{number + 1}")


@contextmanager
def spreading(
    processes: int,
    problems: int,
    *,
    cluster: Crew | None = None,
    answers: Answers | None = None,
    progress: Progress | None = None,
) -> Iterator[Spreader]:
    """A ``map`` over the cluster if there is one, else over local processes; in place where those are pointless.

    Args:
        processes: of this machine.
        problems: about how many independent ones there are.
        answers: where answers are kept until the block ends without an error.
        progress: told how many problems are solved, by whomever.
    """
    crew = cluster
    if crew is None and processes > 1 and problems > 1:
        crew = LocalCrew(processes=processes)

    def run(work: Work, given: Iterable[Any]) -> list[Any]:
        desk = Desk(work=work, problems=list(given), answers=answers, progress=progress)
        if crew is None:
            run_here(desk)
        else:
            run_on(crew, desk)
        return desk.results()

    yield run
    if answers:
        answers.clear()


def run_here(desk: Desk) -> None:
    """Each problem is solved in this process, in order; an error ends it at once."""
    for number in desk.open():
        desk.take(number, desk.work(desk.problems[number]))


def run_on(crew: Crew, desk: Desk) -> None:
    """Every problem is solved by the crew or put aside; what a broken executor left open is handed out again.

    Hand out everything, as often as we try; what is open after that is handed out one by one, so that the problem that
    breaks the executor each time is known and the others are solved.
    """
    for _ in range(1, TRIES):
        if desk.open():
            _hand_out(crew, desk, desk.open())
    for number in desk.open():
        if error := _hand_out(crew, desk, [number]):
            desk.failed[number] = error


def _hand_out(crew: Crew, desk: Desk, numbers: list[int]) -> BaseException | None:
    """The problems are solved, put aside, or left open by a broken executor, whose error is returned."""
    broken: BaseException | None = None
    with crew.opened() as executor:
        job = crew.job(desk.work)
        try:
            waiting = {executor.submit(job, desk.problems[number]): number for number in numbers}
        except BrokenExecutor as error:
            return error
        while waiting:
            finished, _ = wait(waiting, timeout=PULSE, return_when=FIRST_COMPLETED)
            if not finished:
                crew.check()
            for future in finished:
                broken = _sort(desk, waiting.pop(future), future) or broken
    return broken


def _sort(desk: Desk, number: int, future: Future[Any]) -> BaseException | None:
    if future.cancelled():
        return BrokenExecutor("cancelled")
    error = future.exception()
    if error is None:
        desk.take(number, future.result())
    elif isinstance(error, BrokenExecutor):
        return error
    else:
        desk.failed[number] = error
    return None


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0][:300]


@functools.cache
def code_mark() -> str:
    """Stands for all that decides an answer: our solver and planning code, its libraries, Python, the processor family.

    Machines of one mark and one model of processor give the same bytes. Another model may add floats in another
    order, which can move a chance by a millionth; what is then committed is as fair, and as exact. 32 hex digits.
    """
    digest = hashlib.sha256(f"{platform.python_version()} {platform.machine()}\n".encode())
    for library in LIBRARIES:
        digest.update(f"{library} {metadata.version(library)}\n".encode())
    for package in ("solver", "inspection.planning"):
        found = util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            for file in sorted(Path(folder).glob("*.py")):
                digest.update(f"{package} {file.name} {len(data := file.read_bytes())}\n".encode() + data)
    return digest.hexdigest()[:32]
