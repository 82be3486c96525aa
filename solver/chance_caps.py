"""The largest chance as small as the rules allow (SOLVER.md 3, step 2)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from solver.seat_classes import MILLION, Bools, Ints
from solver.seat_flow import Bounds, Cut, SeatNetwork


def bound_chances(network: SeatNetwork, bounds: Bounds) -> Bounds:
    """Return the bounds with every chance capped at max(z, floor of its class), z the least that fills every seat.

    A class whose own floor (officers / eligible) exceeds z is held exactly at its floor, so one need that few may
    serve does not let other chances approach 1.

    1. Start at z = 0, every class at its own floor.
    2. A minimum cut that is short names the cells that must carry more; raise z to the least value that cut asks.
    3. When nothing is short, z is least.
    """
    floor = network.classes.floor()
    level = 0
    while True:
        capped = replace(bounds, high=_cells(network, np.maximum(floor, level), bounds))
        cut = network.fill(capped)
        if not cut.short:
            return capped
        crossing = _crossing(network, cut)
        level = _raise(network.cell_unit[crossing], floor[network.cell_class[crossing]], level, cut.short)


def _cells(network: SeatNetwork, cap: Ints, bounds: Bounds) -> Ints:
    high: Ints = np.maximum(np.minimum(bounds.high, cap[network.cell_class] * network.cell_unit), bounds.low)
    return high


def bound_exclusion(network: SeatNetwork, bounds: Bounds) -> Bounds:
    """Return the bounds with every chance at least a quarter of officers / eligible, or as near as the rules allow.

    Without it the least largest chance may be bought by chances of a millionth. Cells that a minimum cut shows to be
    too high fall fourfold, until everything fits.
    """
    classes = network.classes
    even = (classes.officers * MILLION // np.maximum(classes.usable @ classes.members, 1))[network.cell_class]
    share = np.where(bounds.low > 0, even // 4, 0)
    while True:
        low = np.minimum(np.maximum(share * network.cell_unit, bounds.low), bounds.high)
        cut = network.fill(replace(bounds, low=low))
        if not cut.short:
            return replace(bounds, low=low)
        too_high = share > 0
        if cut.classes.size:
            tail = np.where(network.cell_branched, cut.branches[network.cell_class], cut.classes[network.cell_class])
            closing = too_high & ~tail & cut.duties[network.cell_duty]
            leaving = too_high & cut.types[network.cell_type]
            too_high = closing if closing.any() else leaving if leaving.any() else too_high
        share = np.where(too_high, share // 4, share)


def _crossing(network: SeatNetwork, cut: Cut) -> Bools:
    tail = np.where(network.cell_branched, cut.branches[network.cell_class], cut.classes[network.cell_class])
    crossing: Bools = tail & ~cut.duties[network.cell_duty]
    return crossing


def _raise(unit: Ints, floor: Ints, level: int, short: int) -> int:
    """Return the least level at which these cells carry ``short`` millionths more than now, at most a million."""
    now, low, high = np.maximum(floor, level), level + 1, MILLION
    while low < high:
        middle = (low + high) // 2
        if int(((np.maximum(floor, middle) - now) * unit).sum()) >= short:
            high = middle
        else:
            low = middle + 1
    return high
