"""Loads as even as eligibility allows: the year first, then the months (SOLVER.md 3, step 1).

The loads that a seat network can carry form a base polyhedron, so one vector of loads is at once decreasingly minimal
and increasingly maximal (Frank and Murota 2020). Minimum cuts find its levels from the highest down. Whole floors and
ceilings of these levels then bound the year.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from solver.seat_classes import MILLION, Ints
from solver.seat_flow import Bounds, SeatNetwork


def bound_year(network: SeatNetwork, bounds: Bounds) -> Bounds:
    """Return the bounds with the load of every type between floor and ceiling of its most even load.

    1. Give all types without a level the same level, the mean of what is left.
    2. While seats stay open, the minimum cut names the types that must carry more: raise the level to what it asks.
    3. Those types are at their level for good; go on with the others until all have one.

    Example: 3 seats that only A may fill and 3 that A, B and C may fill: the cut raises A to 3; B and C get 1.5, so
    the year bounds A by 3 and 3, B and C by 1 and 2.
    """
    members = network.classes.members
    level = np.zeros(members.size, np.int64)
    is_open = network.by_type(np.ones_like(network.cell_unit)) > 0
    total = int(network.demand.sum())
    while is_open.any():
        left = total - int((level * members)[~is_open].sum())
        raised = max(-(-left // int(members[is_open].sum())), 0)
        critical = is_open
        while True:
            trial = np.where(is_open, raised, level)
            cut = network.fill(replace(bounds, load_high=trial * members))
            if not cut.short:
                break
            if (is_open & cut.types).any():
                critical = is_open & cut.types
                raised += -(-cut.short // int(members[critical].sum()))
            else:
                # Rounding of frozen levels left a hair open; give it back to them.
                level = level + np.where(is_open, 0, 1)
        level = np.where(critical, raised, level)
        is_open = is_open & ~critical
    slack = int(members.sum()) * (1 + members.size)
    return replace(
        bounds,
        load_low=np.maximum(level - slack, 0) // MILLION * MILLION * members,
        load_high=-(-level // MILLION) * MILLION * members,
    )


def bound_months(network: SeatNetwork, bounds: Bounds) -> Bounds:
    """Return the bounds with each month's duties no larger than evenness asks, in whole visits of a member.

    Each month taken alone has a least whole number of visits that nobody need exceed; the year may need a little more,
    the same everywhere, because who was away in one month catches up in others.
    """
    members = network.classes.members[network.duty_type]
    n_months = network.classes.capacity.shape[1]
    alone = replace(bounds, load_low=None, load_high=None)
    most = np.ones(n_months, np.int64)
    staff = _month_sums(network.duty_month, members, n_months)
    while True:
        cut = network.fill(_capped(alone, most[network.duty_month] * members))
        if not cut.short:
            break
        open_seats = _month_sums(network.classes.month, network.demand - network.by_class(cut.flow), n_months)
        most += -(-open_seats // (np.maximum(staff, 1) * MILLION))
    extra = 0
    while True:
        capped = _capped(bounds, (most[network.duty_month] + extra) * members)
        if not network.fill(capped).short:
            return capped
        extra = 2 * extra + 1


def _capped(bounds: Bounds, visits: Ints) -> Bounds:
    return replace(bounds, duty=np.minimum(bounds.duty, visits * MILLION))


def _month_sums(month: Ints, values: Ints, n_months: int) -> Ints:
    sums = np.zeros(n_months, np.int64)
    np.add.at(sums, month, values)
    return sums
