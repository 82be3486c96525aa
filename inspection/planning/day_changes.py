"""Days changed after people, rules or firms have: as few visits move as possible, what is carried out stands fast."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from inspection.model import Assignment, Visit
from inspection.planning.days import timetable_problem
from inspection.rules.past import StandingVisit
from inspection.rules.policy import Policy
from inspection.rules.workdays import WorkCalendar
from solver.day_changes import DayChange, change_days

Key = tuple[str, str]
"""(draw, visit)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """An inspector is away from the first day to the last."""

    inspector: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedDays:
    """Visits whose day changes: (old, new), None where there was or is none; and all that have none now.

    No timetable that gives a day to the same visits moves fewer than ``bound`` of them.
    """

    changed: Mapping[Key, tuple[date | None, date | None]]
    unplaced: tuple[Key, ...]
    bound: int

    @property
    def moved(self) -> int:
        """Visits that go from one day to another."""
        return sum(1 for old, new in self.changed.values() if old and new)


def plan_day_changes(
    visits: Sequence[StandingVisit],
    towns: Mapping[str, str],
    calendar: WorkCalendar,
    policy: Policy,
    *,
    today: date,
    starts: Mapping[str, date],
    absences: Sequence[Absence] = (),
) -> MovedDays:
    """Days that keep every rule again.

    Args:
        visits: open ones as they stand; those of today and before stand fast.
        towns: firm → town.
        calendar: workdays without quiet days, as known now.
        policy: gap, visits of an officer and of an agency in a day.
        starts: first day of visits of a draw, where it has one.
        absences: days inspectors are away.
    """
    days = tuple(sorted({*calendar.days, *(visit.day for visit in visits if visit.day)}))
    tomorrow = today + timedelta(days=1)
    begin = [max(tomorrow, starts.get(visit.draw, tomorrow)) for visit in visits]
    change = _change(visits, towns, replace(calendar, days=days), policy, begin)
    blocked = _blocked(visits, days, frozenset(calendar.days), absences)
    answer = change_days(replace(change, problem=replace(change.problem, blocked=blocked)))
    new = [days[day] if day >= 0 else None for day in answer.day.tolist()]
    return MovedDays(
        changed={visit.key: (visit.day, day) for visit, day in zip(visits, new, strict=True) if visit.day != day},
        unplaced=tuple(visits[v].key for v in answer.unplaced),
        bound=answer.bound,
    )


def _change(
    visits: Sequence[StandingVisit],
    towns: Mapping[str, str],
    calendar: WorkCalendar,
    policy: Policy,
    begin: Sequence[date],
) -> DayChange:
    """The visits in numbers: windows from their first possible days, those before it fast, pairs of one firm."""
    named = [
        Visit(visit=f"{each.draw}/{each.visit}", firm=each.firm, combination=each.combination, month=each.month)
        for each in visits
    ]
    seats = [
        Assignment(visit=name.visit, agency=agency, inspector=person)
        for name, each in zip(named, visits, strict=True)
        for agency, person in each.team
    ]
    problem = timetable_problem(named, seats, towns, calendar, policy)
    index = {day: number for number, day in enumerate(calendar.days)}
    first = np.array([bisect_left(calendar.days, day) for day in begin], dtype=np.int64)
    return DayChange(
        problem=replace(problem, first_day=np.maximum(problem.first_day, first), min_gap=policy.gap.days),
        day=np.array([index[visit.day] if visit.day else -1 for visit in visits], dtype=np.int64),
        fixed=np.array(
            [bool(visit.day and visit.day < day) for visit, day in zip(visits, begin, strict=True)], dtype=bool
        ),
        pairs=_pairs(visits),
    )


def _pairs(visits: Sequence[StandingVisit]) -> tuple[tuple[int, int], ...]:
    """Visits to one firm, two by two."""
    own: dict[str, list[int]] = defaultdict(list)
    for number, visit in enumerate(visits):
        own[visit.firm].append(number)
    return tuple(pair for numbers in own.values() for pair in itertools.combinations(numbers, 2))


def _blocked(
    visits: Sequence[StandingVisit], days: Sequence[date], workdays: frozenset[date], absences: Sequence[Absence]
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Days nobody works any more and days an inspector is away; shape (n_inspectors, n_days), by code."""
    people = {code: row for row, code in enumerate(sorted({person for visit in visits for _, person in visit.team}))}
    blocked = np.zeros((len(people), len(days)), dtype=np.bool_)
    blocked[:, [day not in workdays for day in days]] = True
    for away in absences:
        if away.inspector in people:
            blocked[people[away.inspector], [away.first <= day <= away.last for day in days]] = True
    return blocked
