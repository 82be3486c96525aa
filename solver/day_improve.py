"""Small exact problems inside a timetable: CP-SAT on some visits, every other visit where it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.day_board import OFFICER_DAY, TWO_TOWNS, DayBoard

if TYPE_CHECKING:
    from solver.timetable import TimetableProblem

MISSING = 1_000 * TWO_TOWNS
"""A visit without a day outweighs every officer-day of a neighbourhood."""
NEIGHBOURHOOD = 60
"""Visits free at once: solved to optimality in tenths of a second."""
SHARE = 0.5
"""Most deterministic seconds for one neighbourhood."""
REPAIR_EFFORT = 1.0
"""Most deterministic seconds to decide whether visits that found no day have one."""
REPAIR_VISITS = 600
"""Most visits free to move in that decision: those nearest by shared officers, agencies and days."""


def place_most(problem: TimetableProblem, board: DayBoard, wanted: Sequence[int]) -> None:
    """Place as many visits as possible, those linked to the wanted ones by a shared officer or agency free to move."""
    _resolve(problem, board, _linked(board, wanted), REPAIR_EFFORT)


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
                if other not in seen and begin < last and first < end and len(found) < REPAIR_VISITS:
                    seen.add(other)
                    found.append(other)
    return sorted(found)


def _claims(board: DayBoard, visit: int) -> list[tuple[str, int]]:
    claims = [("officer", officer) for officer in board.officers[visit].tolist()]
    return claims + [("agency", agency) for agency in board.agencies[visit].tolist()]


def improve_days(problem: TimetableProblem, board: DayBoard, effort: float) -> None:
    """Improve the timetable for about ``effort`` deterministic seconds: neighbourhoods of a window, towns in turn."""
    order = np.lexsort((problem.town, problem.last_day, problem.first_day))
    placed = order[board.day[order] >= 0]
    cuts = np.flatnonzero(np.r_[True, np.diff(problem.last_day[placed]) != 0])
    windows = np.split(placed, cuts[1:])
    spent, step = 0.0, 0
    while spent < effort:
        gain_possible = False
        for window in windows:
            if spent >= effort:
                return
            if window.size:
                start = step * NEIGHBOURHOOD // 2 % window.size
                free = np.roll(window, -start)[:NEIGHBOURHOOD]
                spent += max(_resolve(problem, board, free.tolist(), min(SHARE, effort - spent)), 1e-3)
                gain_possible = True
        if not gain_possible:
            return
        step += 1


def _resolve(problem: TimetableProblem, board: DayBoard, free: Sequence[int], effort: float) -> float:
    """Put the free visits on the days CP-SAT finds when that is better; return deterministic seconds used."""
    from ortools.sat.python import cp_model

    before, crowd = {visit: int(board.day[visit]) for visit in free}, int(board.busiest())
    score = _score(board)
    _move(board, before, dict.fromkeys(free, -1))
    model = cp_model.CpModel()
    chosen: dict[int, list[tuple[int, Any]]] = {}
    at: dict[tuple[int, int], list[tuple[int, Any]]] = defaultdict(list)
    on: dict[int, list[Any]] = defaultdict(list)
    for visit in free:
        first, _ = board.window(visit)
        chosen[visit] = [(first + int(k), model.new_bool_var("")) for k in np.flatnonzero(~board.full(visit))]
        model.add_at_most_one(var for _, var in chosen[visit])
        for day, var in chosen[visit]:
            model.add_hint(var, day == before[visit])
            on[day].append(var)
            for officer in board.officers[visit].tolist():
                at[officer, day].append((visit, var))
    costs = _limit(model, problem, board, at, chosen)
    if min(before.values()) >= 0:
        # Improvement keeps the busiest day no busier.
        for day, variables in on.items():
            model.add(sum(variables) <= max(crowd - board.load(day), 0))
        model.minimize(sum(costs) - MISSING * sum(var for variables in on.values() for var in variables))
    else:
        # A day for everybody comes first; the sweeps see to costs.
        model.maximize(sum(var for variables in on.values() for var in variables))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = effort
    if solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        after = {v: next((d for d, var in days if solver.value(var)), -1) for v, days in chosen.items()}
        _move(board, dict.fromkeys(free, -1), after)
        if _score(board) > score:
            _move(board, after, before)
    else:
        _move(board, dict.fromkeys(free, -1), before)
    return float(solver.response_proto.deterministic_time)


def _move(board: DayBoard, old: dict[int, int], new: dict[int, int]) -> None:
    for visit, day in old.items():
        if day >= 0:
            board.remove(visit)
    for visit, day in new.items():
        if day >= 0:
            board.place(visit, day)


def _score(board: DayBoard) -> int:
    misses = int((board.day < 0).sum())
    return MISSING * misses + OFFICER_DAY * board.officer_days() + TWO_TOWNS * board.two_town_days()


def _limit(
    model: Any,
    problem: TimetableProblem,
    board: DayBoard,
    at: dict[tuple[int, int], list[tuple[int, Any]]],
    chosen: dict[int, list[tuple[int, Any]]],
) -> list[Any]:
    """Add what officers and agencies can do in a day; return the costs of officer-days and second towns."""
    costs: list[Any] = []
    for (officer, day), options in at.items():
        room = board.room(officer, day)
        if len(options) > room:
            model.add(sum(var for _, var in options) <= room)
        towns = defaultdict(list)
        for visit, var in options:
            towns[int(problem.town[visit])].append(var)
        there = board.towns(officer, day)
        in_town = []
        for town, variables in towns.items():
            present = model.new_bool_var("")
            for var in variables:
                model.add_implication(var, present)
            if town not in there:
                in_town.append(present)
        if not there:
            out = model.new_bool_var("")
            for present in in_town:
                model.add_implication(present, out)
            costs.append(OFFICER_DAY * out)
        if len(in_town) + len(there) > 1 and len(there) < 2:
            crossing = model.new_bool_var("")
            model.add(sum(in_town) + len(there) <= 1 + (len(in_town) + len(there)) * crossing)
            costs.append(TWO_TOWNS * crossing)
    agencies: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for visit, days in chosen.items() if problem.agency_daily.size else ():
        for day, var in days:
            for agency in board.agencies[visit].tolist():
                agencies[agency, day].append(var)
    for (agency, day), variables in agencies.items():
        model.add(sum(variables) <= board.agency_room(agency, day))
    return costs
