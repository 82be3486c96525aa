"""Whole millionths near a fractional flow, with every rule kept exactly (SOLVER.md 3, step 4)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from solver.seat_classes import MILLION, Ints
from solver.seat_flow import Bounds, SeatNetwork

WINDOWS = (0.0, *(4.0**power for power in range(-9, 1)))
"""Shares by which a cell may leave its fractional flow, tried from the narrowest on."""


def exact_flow(network: SeatNetwork, bounds: Bounds, near: NDArray[np.float64]) -> Ints:
    """Return a flow within the bounds that fills every seat, each cell as near to ``near`` as one window allows.

    A feasible fractional flow has a whole one between its floors and ceilings. ``near`` is feasible up to a small
    error only, so the window around it, a share of each cell, opens fourfold until a maximum flow fills every seat.

    Args:
        near: seats, (n_cells,).

    Returns:
        Millionths, (n_cells,).
    """
    millionths = near * MILLION
    for share in WINDOWS:
        low = np.clip(np.floor(millionths * (1 - share)).astype(np.int64), bounds.low, bounds.high)
        high = np.clip(np.floor(millionths * (1 + share)).astype(np.int64) + 1, low, bounds.high)
        cut = network.fill(replace(bounds, low=low, high=high))
        if not cut.short:
            return cut.flow
    cut = network.fill(bounds)
    if cut.short:
        raise ArithmeticError(f"seats that could be filled are open by {cut.short} millionths")
    return cut.flow
