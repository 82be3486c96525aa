"""A supplement is begun, taken up again, or set aside while nothing of it is committed (PROTOCOL 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from inspection.errors import InputError, StoreError
from inspection.model import Task
from inspection.registry.snapshot import Snapshot
from inspection.steps.line import Line
from inspection.steps.rounds import in_months_from, round_of, supplement_line
from inspection.store.supplements import Supplement, add_supplement, supplements


def present_line(line: Line) -> Line:
    """The line of the plan's latest round: its last supplement, or the year itself."""
    known = _known(line)
    return supplement_line(line, known[-1]) if known else line


def begin_supplement(line: Line, snapshot: Snapshot, start: date | None) -> Line:
    """The line of the supplement to be made from these registers.

    One that is begun and not committed follows the registers and the day given now; one that is committed stays as it
    is and is merely taken up again; after a finished one comes the next.

    Args:
        line: of the year.
        snapshot: newer registers; their tasks that the plan does not know are added.
        start: nobody is sent before this day; None for the first of the coming month.

    Raises:
        StoreError: the round before is not finished.
        InputError: no task is new, a known one was changed, or no month of a new one is left.
    """
    known = _known(line)
    if known and not is_finished(last := supplement_line(line, known[-1])):
        if is_committed(last):
            return last
        line.workspace.store.discard_supplement(line.name, known[-1].number)
        known = known[:-1]
    before = supplement_line(line, known[-1]) if known else line
    if not is_finished(before):
        raise StoreError("supplement.unfinished", plan=line.name)
    added = _supplement(line, snapshot, start or next_month(line), known)
    with line.workspace.store.writing() as connection:
        add_supplement(connection, added, line.clock())
    return supplement_line(line, added)


def is_finished(line: Line) -> bool:
    """Whether the line's round is drawn, has its days and was checked."""
    return line.workspace.store.step(line.name, f"{round_of(line).firms}.check") is not None


def is_committed(line: Line) -> bool:
    """Whether the firm draw of the line's round that counts is in the log."""
    return line.workspace.log.position(f"{line.name}/{round_of(line).firms}", "commit") is not None


def next_month(line: Line) -> date:
    """The first of the month after today, or of the plan's year where that is later."""
    today = line.clock().date()
    following = (today.replace(day=28) + timedelta(days=7)).replace(day=1)
    return max(following, date(line.plan.year, 1, 1))


def _known(line: Line) -> tuple[Supplement, ...]:
    with line.workspace.store.reading() as connection:
        return supplements(connection, line.name)


def _supplement(line: Line, snapshot: Snapshot, start: date, known: tuple[Supplement, ...]) -> Supplement:
    """The supplement in figures, its tasks checked."""
    planned = {task.task: task for task in line.given.tasks}
    for earlier in known:
        of = Snapshot.open(line.workspace.folder, earlier.snapshot)
        planned |= {task.task: task for task in of.tasks() if task.task in earlier.tasks}
    given = snapshot.tasks()
    if changed := [task.task for task in given if task.task in planned and _differs(task, planned[task.task])]:
        raise InputError("supplement.changed", tasks=", ".join(changed))
    added = [task for task in given if task.task not in planned]
    if not added:
        raise InputError("supplement.nothing", plan=line.name)
    if start.year != line.plan.year:
        raise InputError("supplement.year", start=start, year=line.plan.year)
    if late := [task.task for task in added if not in_months_from(task, start).months]:
        raise InputError("supplement.late", tasks=", ".join(late), start=start)
    return Supplement(
        plan=line.name,
        number=len(known) + 1,
        snapshot=snapshot.digest,
        start=start,
        tasks=tuple(task.task for task in added),
    )


def _differs(task: Task, planned: Task) -> bool:
    """Whether more than the wording of the name was changed."""
    return replace(task, name=planned.name) != planned
