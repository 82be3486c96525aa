"""Chances as even as the rules leave them: the flow of greatest entropy (SOLVER.md 3, step 3).

Sinkhorn scaling in the dual: a multiplier for each class (and its unqualified branch), duty and type, one after the
other set to its best value, with every cell clamped between its bounds. Floats never leave this step: the next one
makes exact integers near them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solver.seat_classes import MILLION, Ints
from solver.seat_flow import Bounds, SeatNetwork

Floats = NDArray[np.float64]

SWEEPS = 40
OVERSHOOT = 1.7
"""Power put on the corrections of duties and loads: over-relaxation halves the sweeps."""
TOLERANCE = 2e-5
"""Greatest remaining error of a load or duty, as a share of it; whole numbers are restored afterwards."""


def even_flow(network: SeatNetwork, bounds: Bounds) -> Floats:
    """Return nearly the flow of greatest entropy within the bounds, in seats, (n_cells,).

    Entropy is Σ −p log p over needs and inspectors; cells of one class and type share p. Seats of each class are
    filled; loads and duties may be off by a small share when the sweeps end first.
    """
    return _Scaling(network, bounds).run()


class _Scaling:
    """Dense arrays of classes by types, so that every step is a few vector operations."""

    def __init__(self, network: SeatNetwork, bounds: Bounds) -> None:
        classes = network.classes
        self._cells = network.cell_class, network.cell_type
        self._shape = classes.usable.shape
        self._high = self._dense(bounds.high)
        self._unit = self._dense(network.cell_unit * MILLION)
        self._seats = (classes.officers * classes.size).astype(float)
        self._held = (classes.qualified * classes.size).astype(float)
        self._others = self._dense(network.cell_branched * MILLION)
        self._has_branch = classes.qualified > 0
        n_months = classes.capacity.shape[1]
        self._month = classes.month
        self._in_month = (np.arange(n_months)[:, None] == classes.month).astype(float)
        self._duty_high = np.full((n_months, self._shape[1]), np.inf)
        self._duty_high[network.duty_month, network.duty_type] = bounds.duty / MILLION
        self._load_low, self._load_high = np.zeros(self._shape[1]), np.full(self._shape[1], np.inf)
        if bounds.load_low is not None and bounds.load_high is not None:
            self._load_low, self._load_high = bounds.load_low / MILLION, bounds.load_high / MILLION

    def _dense(self, values: Ints) -> Floats:
        dense = np.zeros(self._shape)
        dense[self._cells] = values / MILLION
        return dense

    def run(self) -> Floats:
        duty = np.ones((self._in_month.shape[0], self._shape[1]))
        load = np.ones(self._shape[1])
        for _ in range(SWEEPS):
            flow = self._fill_classes(self._unit * load * duty[self._month])
            months = self._in_month @ flow
            wanted = np.minimum(duty * _ratio(self._duty_high, months) ** OVERSHOOT, 1.0)
            flow *= (wanted / duty)[self._month]
            error = np.max(np.abs(wanted / duty - 1.0), initial=0.0)
            duty = wanted
            loads = flow.sum(axis=0)
            free = loads / load
            factor = _ratio(np.clip(free, self._load_low, self._load_high), loads)
            error = max(error, np.max(np.abs(factor - 1.0), initial=0.0))
            load = load * factor**OVERSHOOT
            if error < TOLERANCE:
                break
        flow = self._fill_classes(self._unit * load * duty[self._month])
        return flow[self._cells]

    def _fill_classes(self, weights: Floats) -> Floats:
        """Return the flow proportional to the weights that fills every class, holders with at least their seats."""
        flow = _fill(weights, self._high, self._seats)
        lacking = self._has_branch & ((flow * self._others).sum(axis=1) > self._seats - self._held + 1e-9)
        if lacking.any():
            other = weights[lacking] * self._others[lacking]
            held = weights[lacking] - other
            high = self._high[lacking]
            seats, least = self._seats[lacking], self._held[lacking]
            flow[lacking] = _fill(held, high, least) + _fill(other, high, seats - least)
        return flow


def _fill(weights: Floats, high: Floats, seats: Floats) -> Floats:
    """Return min(high, s · weights) with one s a row so that rows add up to ``seats``, as nearly as caps allow."""
    sums = weights.sum(axis=1)
    scale = _ratio(seats, sums)
    for _ in range(8):
        flow = weights * scale[:, None]
        full = flow > high
        if not full.any():
            return flow
        free = np.where(full, 0.0, weights).sum(axis=1)
        rest = seats - np.where(full, high, 0.0).sum(axis=1)
        scale = np.maximum(scale, np.where(free > 0, _ratio(np.maximum(rest, 0.0), free), scale))
    return np.minimum(flow, high)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.ones(np.broadcast(top, bottom).shape), where=bottom > 1e-300)
