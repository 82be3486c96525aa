"""Seats that earlier draws of the year left free, so that further visits can all be staffed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from inspection.model import Inspector
from inspection.planning.resources import Resource, Whole, is_certified, seats_per_visit
from inspection.rules.past import Past
from inspection.rules.policy import Policy


def spare_seats(
    resources: Sequence[Resource], months: Sequence[str], inspectors: Iterable[Inspector], policy: Policy, past: Past
) -> Whole:
    """Seats of each resource in each month after what was drawn before; shape (n_resources, n_months).

    A visit takes its officers from different people, so a seat counts only where enough others are free beside it:
    v visits of k officers are possible when the sum of min(visits left to an officer, v) over officers reaches k v.
    Three officers with 8, 1 and 1 visits left staff two visits of two, not five.
    """
    people = list(inspectors)
    each = seats_per_visit(resources, policy).tolist()
    table = np.full((len(resources), len(months)), np.iinfo(np.int32).max, dtype=np.int64)
    for r, of in enumerate(resources):
        if of.alone:
            continue
        able = [one for one in people if one.agency == of.agency and (not of.qualification or _holds(one, of))]
        most = policy.visits_per_officer_month(of.agency)
        for m, month in enumerate(months):
            left = [
                max(most - past.duties[one.inspector, month], 0) for one in able if is_certified(one, month, policy)
            ]
            table[r, m] = each[r] * _most_visits(left, each[r])
            if not of.qualification:
                table[r, m] = min(table[r, m], _stated(of.agency, month, policy, past))
    return table


def _holds(inspector: Inspector, of: Resource) -> bool:
    return of.qualification in inspector.qualifications


def _most_visits(left: Sequence[int], officers: int) -> int:
    """Most visits of so many different officers, each of whom has so many visits left.

    >>> _most_visits([8, 1, 1], 2)
    2
    """
    visits = sum(left) // officers if officers else 0
    while visits and sum(min(each, visits) for each in left) < officers * visits:
        visits -= 1
    return visits


def _stated(agency: str, month: str, policy: Policy, past: Past) -> int:
    """Seats left of those that the plan's first rules state and of those the policy caps the month at."""
    special = policy.capacity.by_agency.get(agency)
    bounds = [past.stated_seats.get(agency, {}).get(month), special.months.get(month) if special else None]
    least = min((bound for bound in bounds if bound is not None), default=int(np.iinfo(np.int32).max))
    return max(least - past.seats[agency, month], 0)
