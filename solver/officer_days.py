"""The least officer-days any timetable of a problem can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solver.timetable import TimetableProblem


def least_officer_days(problem: TimetableProblem, *, one_town: bool) -> int:
    """Return a lower bound on officer-days: each officer's visits in full days, windows that overlap together.

    With ``one_town`` visits of different towns share no day: a bound on officer-days plus the towns beyond the first.

    Example: 5 visits of an officer in March and 2 in May at four a day: 2 + 1 = 3.
    """
    visit = np.repeat(np.arange(problem.first_day.size), np.diff(problem.officer_offsets))
    if not visit.size:
        return 0
    town = problem.town[visit] if one_town else np.zeros_like(visit)
    crew = problem.officers * (int(town.max()) + 1) + town
    first, last = problem.first_day[visit], problem.last_day[visit]
    order = np.lexsort((first, crew))
    # Shifting each crew by more than all days makes one running maximum serve all of them.
    shift = crew[order] * (problem.day_ordinal.size + 1)
    first, reach = first[order] + shift, np.maximum.accumulate(last[order] + shift)
    opens = np.r_[True, first[1:] > reach[:-1]]
    visits = np.bincount(np.cumsum(opens) - 1)
    return int((-(-visits // problem.visits_per_officer_day)).sum())
