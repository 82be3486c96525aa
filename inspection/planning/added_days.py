"""Days for visits added in mid-year: those planned before keep theirs and bind officers, agencies and gaps."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from inspection.model import Assignment, Visit
from inspection.planning.days import Days, timetable_problem
from inspection.rules.past import StandingVisit
from inspection.rules.policy import Policy
from inspection.rules.workdays import WorkCalendar
from solver.timetable import TimetableProblem, timetable

Fixed = tuple[StandingVisit, date]
"""A visit planned before, and its day."""


def plan_added_days(
    visits: Sequence[Visit],
    assignments: Sequence[Assignment],
    towns: Mapping[str, str],
    calendar: WorkCalendar,
    policy: Policy,
    *,
    fixed: Sequence[StandingVisit],
    start: date,
) -> Days:
    """Give every added visit a workday in its month, not before ``start``, around the visits that have one.

    Args:
        towns: firm → town, of all firms named by ``visits`` and ``fixed``.
        fixed: visits planned before; those without a day, or whose day is no workday any more, bind nobody.
    """
    held = [(visit, visit.day) for visit in fixed if visit.day in set(calendar.days)]
    problem = _around(visits, assignments, towns, calendar, policy, [(v, d) for v, d in held if d is not None], start)
    answer = timetable(problem, effort=policy.timetable.effort)
    days = answer.day.tolist()[: len(visits)]
    placed = {visit.visit: calendar.days[day] for visit, day in zip(visits, days, strict=True) if day >= 0}
    officer_days, two_towns = used_days(placed, assignments, {visit.visit: towns[visit.firm] for visit in visits})
    return Days(
        days=placed,
        unplaced=tuple((visits[each.visit].visit, each.reason) for each in answer.unplaced if each.visit < len(visits)),
        officer_days=officer_days,
        officer_days_two_towns=two_towns,
    )


def _around(
    visits: Sequence[Visit],
    assignments: Sequence[Assignment],
    towns: Mapping[str, str],
    calendar: WorkCalendar,
    policy: Policy,
    held: Sequence[Fixed],
    start: date,
) -> TimetableProblem:
    """The added visits, then the earlier ones with their one day for a window."""
    old = [
        Visit(visit=f"{visit.draw}/{visit.visit}", firm=visit.firm, combination=visit.combination, month=visit.month)
        for visit, _ in held
    ]
    seats = [
        Assignment(visit=named.visit, agency=agency, inspector=inspector)
        for named, (visit, _) in zip(old, held, strict=True)
        for agency, inspector in visit.team
    ]
    problem = timetable_problem([*visits, *old], [*assignments, *seats], towns, calendar, policy)
    first, last = problem.first_day.copy(), problem.last_day.copy()
    begin = bisect_left(calendar.days, start)
    first[: len(visits)] = np.maximum(first[: len(visits)], begin)
    exact = [bisect_left(calendar.days, day) for _, day in held]
    first[len(visits) :] = last[len(visits) :] = np.array(exact, dtype=np.int64)
    # A month that is over has an empty window, as a month of quiet days has; its first day must still be a day.
    over = first > last
    first[over] = np.minimum(first[over], max(len(calendar.days) - 1, 0))
    return replace(
        problem,
        first_day=first,
        last_day=last,
        previous=np.array([*_previous(visits, held), *(-1 for _ in held)], dtype=np.int64),
        min_gap=policy.gap.days,
    )


def _previous(visits: Sequence[Visit], held: Sequence[Fixed]) -> list[int]:
    """Calendar day of each added visit's nearest earlier one at the same firm, -1 where there is none."""
    own: dict[str, list[int]] = defaultdict(list)
    for visit, day in held:
        own[visit.firm].append(day.toordinal())
    middle = {visit.visit: date.fromisoformat(f"{visit.month}-15").toordinal() for visit in visits}
    return [
        min(own[visit.firm], key=lambda day: abs(day - middle[visit.visit])) if visit.firm in own else -1
        for visit in visits
    ]


def used_days(
    placed: Mapping[str, date], assignments: Sequence[Assignment], town: Mapping[str, str]
) -> tuple[int, int]:
    """Days officers are out in all, and on how many of them in more than one town."""
    towns: dict[tuple[str, date], set[str]] = defaultdict(set)
    for seat in assignments:
        if seat.visit in placed:
            towns[seat.inspector, placed[seat.visit]].add(town[seat.visit])
    return len(towns), sum(1 for visited in towns.values() if len(visited) > 1)
