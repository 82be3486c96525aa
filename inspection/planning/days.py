"""Days: a workday for every visit, found by the solver; never part of the proof (SOLVER 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from inspection.model import Assignment, Visit
from inspection.rules.policy import Policy
from inspection.rules.workdays import WorkCalendar
from solver.timetable import TimetableProblem, timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The day of each visit, visits that found none with why, and how officers' days are used."""

    days: Mapping[str, date]
    unplaced: tuple[tuple[str, str], ...]
    officer_days: int
    officer_days_two_towns: int


def plan_days(
    visits: Sequence[Visit],
    assignments: Sequence[Assignment],
    towns: Mapping[str, str],
    calendar: WorkCalendar,
    policy: Policy,
) -> Days:
    """Give every visit a workday in its month, its officers free, towns kept together.

    Args:
        visits: as drawn.
        assignments: of all of them.
        towns: firm → town.
        calendar: workdays of the year without quiet days.
        policy: visits of an officer and of an agency in a day, effort.
    """
    problem = timetable_problem(visits, assignments, towns, calendar, policy)
    answer = timetable(problem, effort=policy.timetable.effort)
    placed = {
        visit.visit: calendar.days[day] for visit, day in zip(visits, answer.day.tolist(), strict=True) if day >= 0
    }
    return Days(
        days=placed,
        unplaced=tuple((visits[each.visit].visit, each.reason) for each in answer.unplaced),
        officer_days=answer.officer_days,
        officer_days_two_towns=answer.officer_days_two_towns,
    )


def timetable_problem(
    visits: Sequence[Visit],
    assignments: Sequence[Assignment],
    towns: Mapping[str, str],
    calendar: WorkCalendar,
    policy: Policy,
) -> TimetableProblem:
    """The visits in numbers, in their order; officers and towns numbered in order of name."""
    spans = _spans(calendar)
    team: dict[str, list[Assignment]] = {}
    for seat in assignments:
        team.setdefault(seat.visit, []).append(seat)
    officers = {code: number for number, code in enumerate(sorted({seat.inspector for seat in assignments}))}
    agencies = {code: number for number, code in enumerate(sorted({seat.agency for seat in assignments}))}
    places = {town: number for number, town in enumerate(sorted({towns[visit.firm] for visit in visits}))}
    members = [[officers[seat.inspector] for seat in team.get(visit.visit, [])] for visit in visits]
    parties = [sorted({agencies[seat.agency] for seat in team.get(visit.visit, [])}) for visit in visits]
    most = [policy.visits_per_day(agency) for agency in agencies]
    return TimetableProblem(
        first_day=np.array([spans[visit.month][0] for visit in visits], dtype=np.int64),
        last_day=np.array([spans[visit.month][1] for visit in visits], dtype=np.int64),
        officer_offsets=_offsets(members),
        officers=np.array([member for row in members for member in row], dtype=np.int64),
        n_inspectors=len(officers),
        town=np.array([places[towns[visit.firm]] for visit in visits], dtype=np.int64),
        day_ordinal=np.array([day.toordinal() for day in calendar.days], dtype=np.int64),
        visits_per_officer_day=policy.capacity.visits_per_officer_day,
        agency_offsets=_offsets(parties),
        agencies=np.array([agency for row in parties for agency in row], dtype=np.int64),
        agency_daily=np.array([len(visits) if bound is None else bound for bound in most], dtype=np.int64),
    )


def _spans(calendar: WorkCalendar) -> dict[str, tuple[int, int]]:
    """Month → first and last index of its days; last below first when every day is quiet or a holiday."""
    spans: dict[str, tuple[int, int]] = {f"{calendar.year}-{month:02d}": (0, -1) for month in range(1, 13)}
    for index, day in enumerate(calendar.days):
        month = f"{day:%Y-%m}"
        first, last = spans[month]
        spans[month] = (index, index) if last < first else (first, index)
    return spans


def _offsets(rows: Sequence[Sequence[int]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Where each row begins in the flattened list; shape (n_rows + 1,)."""
    return np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
