"""The largest chance as small as the rules allow, then the next largest (SOLVER.md 3, step 2)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from solver.seat_classes import MILLION, Bools, Ints
from solver.seat_flow import Bounds, Cut, SeatNetwork

ROUNDS = 3
"""Levels of largest chances that are pushed down one after the other; below them entropy evens out the rest."""


def bound_chances(network: SeatNetwork, bounds: Bounds) -> Bounds:
    """Return the bounds with every chance capped at max(z, floor of its class), z the least that fills every seat.

    A class whose own floor (officers / eligible) exceeds z is held exactly at its floor, so one need that few may
    serve does not let other chances approach 1. The classes that force z keep it; the rest are lowered again, at most
    ``ROUNDS`` times.

    1. Start at z = 0, every class at its own floor.
    2. A minimum cut that is short names the cells that must carry more; raise z to the least value that cut asks.
    3. When nothing is short, z is least, and the classes of the last cut are at their smallest largest chance.
    """
    floor = network.classes.floor()
    cap = floor.copy()
    is_open = np.ones(floor.size, np.bool_)
    for _ in range(ROUNDS):
        cap, critical = _least_level(network, bounds, floor, cap, is_open)
        if not critical.any():
            break
        is_open &= ~critical
    return replace(bounds, high=_cells(network, cap, bounds))


def _cells(network: SeatNetwork, cap: Ints, bounds: Bounds) -> Ints:
    return np.maximum(np.minimum(bounds.high, cap[network.cell_class] * network.cell_unit), bounds.low)


def _least_level(
    network: SeatNetwork, bounds: Bounds, floor: Ints, cap: Ints, is_open: Bools
) -> tuple[Ints, Bools]:
    """Return the caps of all classes with the open ones at their least common level, and the classes that force it."""
    level, critical = 0, np.zeros(floor.size, np.bool_)
    while True:
        trial = np.where(is_open, np.maximum(floor, level), cap)
        cut = network.fill(replace(bounds, high=_cells(network, trial, bounds)))
        if not cut.short:
            return trial, critical
        crossing = _crossing(network, cut) & is_open[network.cell_class]
        level = _raise(network.cell_unit[crossing], floor[network.cell_class[crossing]], level, cut.short)
        critical = np.zeros(floor.size, np.bool_)
        critical[network.cell_class[crossing & (floor[network.cell_class] <= level)]] = True


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
