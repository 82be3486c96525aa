"""Whole millionths near a fractional flow, with every rule kept exactly (SOLVER.md 3, step 4)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from solver.seat_classes import MILLION, Ints
from solver.seat_flow import Bounds, SeatNetwork


def exact_flow(network: SeatNetwork, bounds: Bounds, near: NDArray[np.float64]) -> Ints:
    """Return a flow within the bounds that fills every seat, each cell as near to ``near`` as one window allows.

    A feasible fractional flow has a whole one between its floors and ceilings. ``near`` is feasible up to a small
    error only, so the window around it opens fourfold until a maximum flow fills every seat.

    Args:
        near: seats, (n_cells,).

    Returns:
        Millionths, (n_cells,).
    """
    whole = np.floor(near * MILLION).astype(np.int64)
    width = 0
    while True:
        low = np.clip(whole - width * network.cell_unit, bounds.low, bounds.high)
        high = np.clip(whole + 1 + width * network.cell_unit, low, bounds.high)
        cut = network.fill(replace(bounds, low=low, high=high))
        if not cut.short:
            return cut.flow
        if width > MILLION:
            raise ArithmeticError(f"seats that could be filled are open by {cut.short} millionths")
        width = max(1, 4 * width)
