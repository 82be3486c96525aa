"""A day for as many visits as possible: CP-SAT on those that found none and those they compete with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.day_board import DayBoard

if TYPE_CHECKING:
    from solver.timetable import TimetableProblem

EFFORT = 1.0
"""Most deterministic seconds to decide whether visits that found no day have one."""
MOST_FREE = 600
"""Most visits free to move in that decision: those nearest by shared officers, agencies and days."""

Choices = dict[int, list[tuple[int, Any]]]
"""Visit → its open days, each with the variable that says whether it takes place then."""


def place_most(problem: TimetableProblem, board: DayBoard, wanted: Sequence[int]) -> None:
    """Place as many visits as possible; those linked to the wanted ones by a shared officer or agency may move."""
    from ortools.sat.python import cp_model

    free = _linked(board, wanted)
    before = {visit: int(board.day[visit]) for visit in free}
    _move(board, before, dict.fromkeys(free, -1))
    model = cp_model.CpModel()
    chosen: Choices = {}
    for visit in free:
        first, _ = board.window(visit)
        chosen[visit] = [(first + int(k), model.new_bool_var("")) for k in np.flatnonzero(~board.full(visit))]
        model.add_at_most_one(var for _, var in chosen[visit])
        for day, var in chosen[visit]:
            model.add_hint(var, day == before[visit])
    _limit(model, problem, board, chosen)
    model.maximize(sum(var for days in chosen.values() for _, var in days))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = EFFORT
    after = before
    if solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        found = {visit: next((d for d, var in days if solver.value(var)), -1) for visit, days in chosen.items()}
        if _placed(found) >= _placed(before):
            after = found
    _move(board, dict.fromkeys(free, -1), after)


def _placed(days: dict[int, int]) -> int:
    return sum(day >= 0 for day in days.values())


def _linked(board: DayBoard, wanted: Sequence[int]) -> list[int]:
    """Return the wanted visits and those they compete with, then those these compete with, up to a number."""
    rivals: dict[tuple[str, int], list[int]] = defaultdict(list)
    for visit in range(board.day.size):
        for rival in _claims(board, visit):
            rivals[rival].append(visit)
    found, seen = list(wanted), set(wanted)
    for visit in found:
        first, last = board.window(visit)
        for claim in _claims(board, visit):
            for other in rivals[claim]:
                begin, end = board.window(other)
                if other not in seen and begin < last and first < end and len(found) < MOST_FREE:
                    seen.add(other)
                    found.append(other)
    return sorted(found)


def _claims(board: DayBoard, visit: int) -> list[tuple[str, int]]:
    claims = [("officer", officer) for officer in board.officers[visit].tolist()]
    return claims + [("agency", agency) for agency in board.agencies[visit].tolist()]


def _move(board: DayBoard, old: dict[int, int], new: dict[int, int]) -> None:
    for visit, day in old.items():
        if day >= 0:
            board.remove(visit)
    for visit, day in new.items():
        if day >= 0:
            board.place(visit, day)


def _limit(model: Any, problem: TimetableProblem, board: DayBoard, chosen: Choices) -> None:
    """Add what officers and agencies can do in a day."""
    officers: dict[tuple[int, int], list[Any]] = defaultdict(list)
    agencies: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for visit, days in chosen.items():
        for day, var in days:
            for officer in board.officers[visit].tolist():
                officers[officer, day].append(var)
            for agency in board.agencies[visit].tolist() if problem.agency_daily.size else ():
                agencies[agency, day].append(var)
    for (officer, day), variables in officers.items():
        if len(variables) > (room := board.room(officer, day)):
            model.add(sum(variables) <= room)
    for (agency, day), variables in agencies.items():
        if len(variables) > (room := board.agency_room(agency, day)):
            model.add(sum(variables) <= room)
