"""A day for visits that found none: others move aside, CP-SAT decides what is left, the rest is named with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from solver.day_board import DayBoard

if TYPE_CHECKING:
    from solver.timetable import TimetableProblem

Reason = Literal["no_workday", "gap", "officer_away", "officer_full", "agency_full", "together"]

_MAY_MOVE = ("officer_full", "agency_full", "together")

MOVES = 100
"""Visits that may be moved aside for one that found no day; each is tried once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A visit without a day; ``officer`` or ``agency`` is who has none left, -1 where nobody alone is the reason."""

    visit: int
    reason: Reason
    officer: int = -1
    agency: int = -1


def place_the_rest(problem: TimetableProblem, board: DayBoard) -> tuple[Unplaced, ...]:
    """Place what the greedy pass left, moving others where that helps; return what cannot be placed, by visit."""
    for visit in np.flatnonzero(board.day < 0).tolist():
        _make_room(board, visit, {visit})
    left = np.flatnonzero(board.day < 0).tolist()
    hopeful = [visit for visit in left if _reason(problem, board, visit).reason in _MAY_MOVE]
    if hopeful:
        from solver.day_exact import place_most

        place_most(problem, board, hopeful)
    return tuple(_reason(problem, board, visit) for visit in np.flatnonzero(board.day < 0).tolist())


def _make_room(board: DayBoard, visit: int, tried: set[int]) -> bool:
    """Place the visit, pushing others along (an augmenting path); leave everything as it was when that fails."""
    day = board.best_day(visit)
    if day >= 0:
        board.place(visit, day)
        return True
    first, last = board.window(visit)
    near = board.too_near(visit)
    for day in range(first, last):
        blockers = [] if near is not None and near[day - first] else board.blockers(visit, day)
        for other in blockers:
            if other in tried or len(tried) > MOVES:
                continue
            tried.add(other)
            board.remove(other)
            if not board.full(visit)[day - first]:
                board.place(visit, day)
                if _make_room(board, other, tried):
                    return True
                board.remove(visit)
            board.place(other, day)
    return False


def _reason(problem: TimetableProblem, board: DayBoard, visit: int) -> Unplaced:
    """Return why the visit has no day: the first rule that alone closes its whole window, else the tightest mix."""
    first, last = board.window(visit)
    if first >= last:
        return Unplaced(visit=visit, reason="no_workday")
    near = board.too_near(visit)
    open_days = np.ones(last - first, np.bool_) if near is None else ~near
    if not open_days.any():
        return Unplaced(visit=visit, reason="gap")
    for officer in board.officers[visit].tolist():
        if problem.blocked is not None and problem.blocked[officer, first:last][open_days].all():
            return Unplaced(visit=visit, reason="officer_away", officer=officer)
    for officer in board.officers[visit].tolist():
        if board.is_officer_full(officer, first, last)[open_days].all():
            return Unplaced(visit=visit, reason="officer_full", officer=officer)
    for agency in board.agencies[visit].tolist() if problem.agency_daily.size else []:
        if board.is_agency_full(agency, first, last)[open_days].all():
            return Unplaced(visit=visit, reason="agency_full", agency=agency)
    return Unplaced(visit=visit, reason="together")
