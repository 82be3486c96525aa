"""A timetable changed with as few moves as possible (SOLVER.md 4): who can keep the day keeps it.

Windows that do not overlap are problems of their own. In each, CP-SAT first leaves as few visits without a day as
possible, then moves as few as possible, with the bound of its proof; then the same visits look for near days and days
that bring somebody to their town already. Windows without a breach are not touched.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solver.day_board import Bools, Ints
from solver.timetable import TimetableProblem

NO_TOWN = 7
"""A day that brings nobody else to the town weighs as much as a day a week away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedDays:
    """The day of every visit, -1 for those that have none, (n_visits,).

    ``moved`` visits left their day; no timetable that gives a day to the same visits moves fewer than ``bound``.
    """

    day: Ints
    moved: int
    bound: int
    unplaced: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChange:
    """What is to be changed.

    Attributes:
        problem: windows, officers, agencies, days away; ``previous`` are visits outside it.
        day: present days, -1 for none, (n_visits,).
        fixed: visits that stay where they are whatever it breaks: carried out already, (n_visits,).
        pairs: visits to one firm, ``problem.min_gap`` calendar days apart.
    """

    problem: TimetableProblem
    day: Ints
    fixed: Bools
    pairs: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not self.day.size == self.fixed.size == self.problem.first_day.size:
            raise ValueError(f"day and fixed do not fit {self.problem.first_day.size} visits")
        if (self.day[self.fixed] < 0).any():
            raise ValueError("a fixed visit has no day")


def change_days(change: DayChange, *, effort: float = 20.0) -> ChangedDays:
    """Return days that keep every rule, moving as few visits as possible.

    Args:
        effort: deterministic seconds of CP-SAT for each window and goal.
    """
    day, bound = change.day.copy(), 0
    for members in _windows(change):
        desk = _Desk(change, members)
        if not desk.is_sound():
            bound += desk.solve(day, effort)
    had = change.day >= 0
    return ChangedDays(
        day=day,
        moved=int((had & (day >= 0) & (day != change.day)).sum()),
        bound=bound,
        unplaced=tuple(np.flatnonzero(day < 0).tolist()),
    )


def _windows(change: DayChange) -> list[list[int]]:
    """Return together the visits whose windows overlap, or that visit one firm and may both move, and what links them.

    The window of a visit that stands fast is its day.
    """
    first = np.where(change.fixed, change.day, change.problem.first_day)
    last = np.where(change.fixed, change.day, change.problem.last_day)
    group, end, count = np.zeros(first.size, dtype=np.int64), -1, -1
    for visit in np.lexsort((last, first)).tolist():
        count += first[visit] > end
        group[visit] = count
        end = max(end, int(last[visit]))
    for a, b in change.pairs:
        if not (change.fixed[a] or change.fixed[b]):
            group[group == group[b]] = group[a]
    return [np.flatnonzero(group == one).tolist() for one in np.unique(group)]


class _Desk:
    """One window's visits: the days each may have, and who shares an officer, an agency or a firm."""

    def __init__(self, change: DayChange, members: Sequence[int]) -> None:
        problem = change.problem
        self._change, self._problem = change, problem
        self._day: list[int] = change.day.tolist()
        self._officers = {
            v: problem.officers[problem.officer_offsets[v] : problem.officer_offsets[v + 1]] for v in members
        }
        self._agencies = dict.fromkeys(members, problem.agencies[:0])
        if problem.agency_offsets.size > 1:
            offsets = problem.agency_offsets
            self._agencies = {v: problem.agencies[offsets[v] : offsets[v + 1]] for v in members}
        self._fixed = [v for v in members if change.fixed[v]]
        self._free = [v for v in members if not change.fixed[v]]
        self._in_town = Counter((int(problem.town[v]), self._day[v]) for v in members)
        near = self._near_fixed()
        self._options = {v: self._days_of(v, near[v]) for v in self._free}

    def _near_fixed(self) -> dict[int, list[int]]:
        """Return the days on which another visit to the firm stands fast, by free visit."""
        near: dict[int, list[int]] = defaultdict(list)
        for a, b in self._change.pairs:
            for one, other in ((a, b), (b, a)):
                if self._change.fixed[other]:
                    near[one].append(int(self._problem.day_ordinal[self._day[other]]))
        return near

    def _days_of(self, visit: int, near: Iterable[int]) -> list[int]:
        """Return the days a visit may have by itself."""
        problem = self._problem
        days = np.arange(int(problem.first_day[visit]), int(problem.last_day[visit]) + 1)
        allowed = np.ones(days.size, dtype=bool)
        if problem.blocked is not None:
            allowed &= ~problem.blocked[np.ix_(self._officers[visit], days)].any(axis=0)
        others = [
            *near,
            *([int(problem.previous[visit])] if problem.previous.size and problem.previous[visit] >= 0 else []),
        ]
        for ordinal in others:
            allowed &= np.abs(problem.day_ordinal[days] - ordinal) >= problem.min_gap
        found: list[int] = days[allowed].tolist()
        return found

    def _claims(self, visit: int) -> list[tuple[str, int]]:
        officers = [("officer", int(one)) for one in self._officers[visit]]
        return officers + [("agency", int(one)) for one in self._agencies[visit]]

    def _room(self, claim: tuple[str, int], taken: int) -> int:
        kind, one = claim
        most = self._problem.visits_per_officer_day if kind == "officer" else int(self._problem.agency_daily[one])
        return max(most - taken, 0)

    def _taken(self, visits: Iterable[int]) -> Counter[tuple[tuple[str, int], int]]:
        """Return how often an officer or agency is out on a day with these visits."""
        return Counter((claim, self._day[v]) for v in visits for claim in self._claims(v) if self._day[v] >= 0)

    def _are_apart(self, a: int, b: int, one: int, other: int) -> bool:
        ordinal = self._problem.day_ordinal
        return a == b or abs(int(ordinal[one]) - int(ordinal[other])) >= self._problem.min_gap

    def is_sound(self) -> bool:
        """Return whether every free visit may stay where it is."""
        if any(self._day[v] not in self._options[v] for v in self._free):
            return False
        held, free = self._taken(self._fixed), self._taken(self._free)
        if any(count > self._room(claim, held[claim, day]) for (claim, day), count in free.items()):
            return False
        return all(self._are_apart(a, b, self._day[a], self._day[b]) for a, b in self._own_pairs())

    def _own_pairs(self) -> list[tuple[int, int]]:
        here = set(self._free)
        return [(a, b) for a, b in self._change.pairs if a in here and b in here]

    def solve(self, day: Ints, effort: float) -> int:
        """Write the new days; return the bound on moves."""
        from ortools.sat.python import cp_model

        model, on = cp_model.CpModel(), dict[tuple[int, int], Any]()
        for visit in self._free:
            for option in self._options[visit]:
                on[visit, option] = model.new_bool_var("")
            model.add_at_most_one(on[visit, option] for option in self._options[visit])
        self._add_limits(model, on)
        _hint(model, on, {v: self._day[v] for v in self._free})
        placed = sum(on.values())
        had = [v for v in self._free if self._day[v] >= 0]
        kept = sum(on[v, self._day[v]] for v in had if (v, self._day[v]) in on)
        weight = len(had) + 1
        # A visit with a day outweighs all that keep theirs.
        model.maximize(weight * placed + kept)
        solver = _run(model, effort)
        chosen = _chosen(solver, on)
        # Among timetables that give a day to the same visits, none keeps more than the bound of the proof allows.
        most_kept = math.floor(solver.best_objective_bound + 1e-6) - weight * len(chosen)
        bound = sum(1 for v in had if v in chosen) - most_kept
        self._look_near(model, on, chosen)
        for visit, best_day in (dict.fromkeys(self._free, -1) | _chosen(_run(model, effort), on)).items():
            day[visit] = best_day
        return max(int(bound), 0)

    def _look_near(self, model: Any, on: dict[tuple[int, int], Any], chosen: dict[int, int]) -> None:
        """Ask for near days of those that move; those that keep their day, and those without one, stay as chosen."""
        for visit in self._free:
            options = [on[visit, option] for option in self._options[visit]]
            model.add(sum(options) == int(visit in chosen))
            if visit in chosen and chosen[visit] == self._day[visit]:
                model.add(on[visit, self._day[visit]] == 1)
        model.minimize(sum(self._distance(v, d) * var for (v, d), var in on.items() if self._day[v] >= 0))
        _hint(model, on, chosen)

    def _add_limits(self, model: Any, on: dict[tuple[int, int], Any]) -> None:
        """Nobody is out too often on a day, and visits to one firm lie apart."""
        held = self._taken(self._fixed)
        out: dict[tuple[tuple[str, int], int], list[Any]] = defaultdict(list)
        for (visit, day), var in on.items():
            for claim in self._claims(visit):
                out[claim, day].append(var)
        for (claim, day), variables in out.items():
            room = self._room(claim, held[claim, day])
            if len(variables) > room:
                model.add(sum(variables) <= room)
        for a, b in self._own_pairs():
            for one in self._options[a]:
                near = [on[b, other] for other in self._options[b] if not self._are_apart(a, b, one, other)]
                if near:
                    model.add(sum(near) == 0).only_enforce_if(on[a, one])

    def _distance(self, visit: int, day: int) -> int:
        """Return how far a day is from the present one; a town nobody else is in that day counts as a week."""
        old = self._day[visit]
        if day == old:
            return 0
        alone = not self._in_town[int(self._problem.town[visit]), day]
        return abs(int(self._problem.day_ordinal[day]) - int(self._problem.day_ordinal[old])) + NO_TOWN * alone


def _run(model: Any, effort: float) -> Any:
    """Return the solver with the best it found; nothing without a day is always found, so something is."""
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = effort
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise ValueError(f"no timetable within {effort} deterministic seconds")
    return solver


def _hint(model: Any, on: dict[tuple[int, int], Any], days: dict[int, int]) -> None:
    model.clear_hints()
    for (visit, day), var in on.items():
        model.add_hint(var, days.get(visit, -1) == day)


def _chosen(solver: Any, on: dict[tuple[int, int], Any]) -> dict[int, int]:
    return {visit: day for (visit, day), var in on.items() if solver.value(var)}
