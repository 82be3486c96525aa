"""A workday for every visit inside its month: few officer-days, one town a day, even days (SOLVER.md 4).

A greedy first timetable, moves that free a day for what found none, CP-SAT for what is left, a sweep that puts each
visit on its cheapest day, and annealing. Limits count moves, not seconds: same input, same days; no part of the proof.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from solver.day_anneal import anneal_days
from solver.day_board import Bools, DayBoard, Ints
from solver.day_repair import Unplaced, place_the_rest
from solver.officer_days import least_officer_days

SWEEPS = 1
"""Times every visit is lifted and put back; later sweeps change little."""
FIRST_MOVES = 30
"""Moves of annealing for each visit, always made: half a second for a county, and the better part of the gain."""
MOVES_OF_EFFORT = 200_000
"""Moves for one more effort, about a second."""


def _nothing() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimetableProblem:
    """Visits with their officers, and the workdays they may fall on.

    Days are indices into the list of workdays, from which quiet days are gone; ``day_ordinal`` gives their calendar
    days. ``previous`` is the calendar day of the firm's earlier visit, or -1; ``min_gap`` calendar days must lie
    between. Officers and agencies of visit v are ``officers[offsets[v]:offsets[v + 1]]``, each named once.
    """

    first_day: Ints  # (n_visits,)
    last_day: Ints  # (n_visits,) inclusive
    officer_offsets: Ints  # (n_visits + 1,)
    officers: Ints
    n_inspectors: int
    town: Ints  # (n_visits,)
    day_ordinal: Ints  # (n_days,) increasing
    visits_per_officer_day: int
    blocked: Bools | None = None  # (n_inspectors, n_days) days an inspector is away
    agency_offsets: Ints = field(default_factory=_nothing)  # (n_visits + 1,) or empty
    agencies: Ints = field(default_factory=_nothing)
    agency_daily: Ints = field(default_factory=_nothing)  # (n_agencies,) most visits a day
    previous: Ints = field(default_factory=_nothing)  # (n_visits,) or empty
    min_gap: int = 0

    def __post_init__(self) -> None:
        n_visits, n_days = self.first_day.size, self.day_ordinal.size
        if not self.last_day.size == self.town.size == self.officer_offsets.size - 1 == n_visits:
            raise ValueError(f"last_day, town and officer_offsets do not fit {n_visits} visits")
        if n_visits and not (self.first_day.min() >= 0 and self.last_day.max() < n_days):
            raise ValueError(f"a window leaves the {n_days} workdays")
        if self.officers.size and not (self.officers.min() >= 0 and self.officers.max() < self.n_inspectors):
            raise ValueError(f"a visit names none of the {self.n_inspectors} inspectors")
        if self.agency_daily.size and self.agency_offsets.size != n_visits + 1:
            raise ValueError(f"agency_offsets do not fit {n_visits} visits")
        if self.previous.size not in (0, n_visits):
            raise ValueError(f"previous does not fit {n_visits} visits")
        if self.visits_per_officer_day < 1:
            raise ValueError("an officer makes at least one visit a day")
        if self.blocked is not None and self.blocked.shape != (self.n_inspectors, n_days):
            raise ValueError(f"blocked is {self.blocked.shape}, expected {(self.n_inspectors, n_days)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The day of every visit, -1 for those in ``unplaced``, and what it costs.

    No timetable has fewer officer-days than ``bound``, nor fewer than ``bound_one_town`` when every town of an
    officer's day is counted as a day of its own; both speak of all visits, placed or not.
    """

    day: Ints  # (n_visits,)
    officer_days: int
    officer_days_two_towns: int
    bound: int
    bound_one_town: int
    unplaced: tuple[Unplaced, ...]


def timetable(problem: TimetableProblem, *, effort: float = 0.0) -> Timetable:
    """Return a day for every visit that keeps every hard rule; visits without a day are named with the reason.

    Hard rules: the window, an officer's visits a day, days officers are away, agencies' daily capacity, the gap to
    the earlier visit.

    Args:
        effort: further improvement after the first timetable, about a second each; 0 for none.
    """
    board = DayBoard(problem)
    order = _order(problem)
    for visit in order:
        day = board.best_day(visit)
        if day >= 0:
            board.place(visit, day)
    unplaced = place_the_rest(problem, board)
    for _ in range(SWEEPS):
        _sweep(board, order)
    anneal_days(problem, board, FIRST_MOVES * len(order))
    if effort > 0:
        anneal_days(problem, board, round(MOVES_OF_EFFORT * effort))
    return Timetable(
        day=board.day,
        officer_days=board.officer_days(),
        officer_days_two_towns=board.two_town_days(),
        bound=least_officer_days(problem, one_town=False),
        bound_one_town=least_officer_days(problem, one_town=True),
        unplaced=unplaced,
    )


def _order(problem: TimetableProblem) -> list[int]:
    """Return the visits: by window, short windows first, towns together, many officers first."""
    size = np.diff(problem.officer_offsets)
    length = problem.last_day - problem.first_day
    keys: tuple[NDArray[np.int64], ...] = (-size, problem.town, problem.last_day, length)
    order: list[int] = np.lexsort(keys).tolist()
    return order


def _sweep(board: DayBoard, order: list[int]) -> None:
    for visit in order:
        if board.day[visit] >= 0:
            old = board.remove(visit)
            day = board.best_day(visit)
            board.place(visit, old if day < 0 else day)
