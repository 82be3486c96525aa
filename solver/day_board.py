"""Where every officer is on every day while a timetable is made: what a day costs a visit, place, take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from solver.timetable import TimetableProblem

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

OFFICER_DAY = 1_000
"""One more officer-day."""
TWO_TOWNS = 2_500
"""An officer in a second town on one day: dearer than a new day."""
TOWN_DAY = 300
"""A day that brings nobody else to the town: firms of a town are visited together."""
CROWDED_DAY = 400
"""A day with as many visits as the mean day; proportional, so days fill evenly."""

_FAR = 1 << 30


class DayBoard:
    """The state of a timetable in the making; a visit is placed on at most one day."""

    def __init__(self, problem: TimetableProblem) -> None:
        n_visits, n_days = problem.first_day.size, problem.day_ordinal.size
        n_officers = problem.n_inspectors
        self._problem = problem
        self.day: Ints = np.full(n_visits, -1)
        self.officers = np.split(problem.officers, problem.officer_offsets[1:-1]) if n_visits else []
        self.agencies = [problem.agencies[:0]] * n_visits
        if problem.agency_offsets.size > 1:
            self.agencies = np.split(problem.agencies, problem.agency_offsets[1:-1])
        self._out: list[dict[int, list[int]]] = [{} for _ in range(n_officers)]
        self._count = np.zeros((n_officers, n_days), np.int64)
        if problem.blocked is not None:
            self._count[problem.blocked] = problem.visits_per_officer_day
        self._low = np.full((n_officers, n_days), _FAR)
        self._high = np.full((n_officers, n_days), -1)
        self._town_day = np.zeros((int(problem.town.max(initial=0)) + 1, n_days), np.int64)
        self._load = np.zeros(n_days, np.int64)
        n_agencies = problem.agency_daily.size
        self._agency_load = np.zeros((n_agencies, n_days), np.int64)
        self._first: list[int] = problem.first_day.tolist()
        self._last: list[int] = (problem.last_day + 1).tolist()
        self._town = problem.town.tolist()
        self._mean = max(n_visits / max(n_days, 1), 1.0)
        self._has_agencies = bool(n_agencies)
        near = problem.previous >= 0
        self._previous = {int(v): int(problem.previous[v]) for v in np.flatnonzero(near)}

    def window(self, visit: int) -> tuple[int, int]:
        """Return the first day of the visit and the day after its last."""
        return self._first[visit], self._last[visit]

    def too_near(self, visit: int) -> Bools | None:
        """Return the days of the window too near to the firm's earlier visit, None when there was none."""
        if visit not in self._previous:
            return None
        first, last = self.window(visit)
        distance = np.abs(self._problem.day_ordinal[first:last] - self._previous[visit])
        return np.less(distance, self._problem.min_gap)

    def full(self, visit: int) -> Bools:
        """Return the days of the window on which the visit breaks a hard rule."""
        first, last = self.window(visit)
        count = self._count[self.officers[visit], first:last]
        full: Bools = np.logical_or.reduce(count >= self._problem.visits_per_officer_day, axis=0)
        if self._has_agencies:
            who = self.agencies[visit]
            full |= (self._agency_load[who, first:last] >= self._problem.agency_daily[who][:, None]).any(axis=0)
        near = self.too_near(visit)
        return full if near is None else full | near

    def costs(self, visit: int) -> Ints:
        """Return what each day of the window costs, officer-days in thousandths; hard rules are not looked at."""
        first, last = self.window(visit)
        who, town = self.officers[visit], self._town[visit]
        low, high = self._low[who, first:last], self._high[who, first:last]
        fresh = high < 0
        crossing = (low == high) & (low != town)
        cost: Ints = OFFICER_DAY * fresh.sum(axis=0) + TWO_TOWNS * crossing.sum(axis=0)
        cost += TOWN_DAY * (self._town_day[town, first:last] == 0)
        cost += (self._load[first:last] * (CROWDED_DAY / self._mean)).astype(np.int64)
        return cost

    def best_day(self, visit: int) -> int:
        """Return the cheapest day that breaks no rule, the earliest of equals, or -1."""
        full = self.full(visit)
        if full.all():
            return -1
        cost = self.costs(visit)
        cost[full] = _FAR
        return int(self._first[visit]) + int(cost.argmin())

    def place(self, visit: int, day: int) -> None:
        """Put an unplaced visit on a day."""
        town = self._town[visit]
        who = self.officers[visit]
        self.day[visit] = day
        self._count[who, day] += 1
        self._low[who, day] = np.minimum(self._low[who, day], town)
        self._high[who, day] = np.maximum(self._high[who, day], town)
        for officer in who.tolist():
            self._out[officer].setdefault(day, []).append(visit)
        self._shift(visit, day, 1)

    def remove(self, visit: int) -> int:
        """Take a placed visit off its day and return that day."""
        day = int(self.day[visit])
        self.day[visit] = -1
        self._count[self.officers[visit], day] -= 1
        for officer in self.officers[visit].tolist():
            rest = self._out[officer][day]
            rest.remove(visit)
            towns = [self._town[other] for other in rest]
            self._low[officer, day] = min(towns, default=_FAR)
            self._high[officer, day] = max(towns, default=-1)
        self._shift(visit, day, -1)
        return day

    def _shift(self, visit: int, day: int, change: int) -> None:
        self._town_day[self._town[visit], day] += change
        self._load[day] += change
        if self._has_agencies:
            self._agency_load[self.agencies[visit], day] += change

    def blockers(self, visit: int, day: int) -> list[int]:
        """Return the placed visits that share a full officer or agency with the visit on a day, by index."""
        found: set[int] = set()
        for officer in self.officers[visit].tolist():
            if self.room(officer, day) <= 0:
                found.update(self._out[officer].get(day, ()))
        for agency in self.agencies[visit].tolist() if self._has_agencies else []:
            if self.agency_room(agency, day) <= 0:
                found.update(v for v in np.flatnonzero(self.day == day).tolist() if agency in self.agencies[v])
        return sorted(found)

    def is_officer_full(self, officer: int, first: int, last: int) -> Bools:
        """Return for each day of a range whether the officer can take no more visits."""
        full: Bools = self._count[officer, first:last] >= self._problem.visits_per_officer_day
        return full

    def is_agency_full(self, agency: int, first: int, last: int) -> Bools:
        """Return for each day of a range whether the agency can take no more visits."""
        full: Bools = self._agency_load[agency, first:last] >= self._problem.agency_daily[agency]
        return full

    def room(self, officer: int, day: int) -> int:
        """Return how many more visits the officer can take that day."""
        return self._problem.visits_per_officer_day - int(self._count[officer, day])

    def agency_room(self, agency: int, day: int) -> int:
        """Return how many more visits the agency can take that day."""
        return int(self._problem.agency_daily[agency] - self._agency_load[agency, day])

    def load(self, day: int) -> int:
        """Return how many visits are placed on the day."""
        return int(self._load[day])

    def busiest(self) -> int:
        """Return the most visits on one day."""
        return int(self._load.max(initial=0))

    def towns(self, officer: int, day: int) -> set[int]:
        """Return the towns the officer is in that day."""
        return {self._town[visit] for visit in self._out[officer].get(day, ())}

    def officer_days(self) -> int:
        """Return how many days officers are out, in all."""
        return int((self._high >= 0).sum())

    def two_town_days(self) -> int:
        """Return on how many of them an officer is in more than one town."""
        return int(((self._high >= 0) & (self._low != self._high)).sum())
