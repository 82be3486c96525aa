"""A month for every visit, loads even and seats kept: coordinate descent over combinations, exact where seats bind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.merge_problem import Bools, Floats, Ints, MergeProblem

PASSES = 4
"""Sweeps over the combinations; after four the loads of a county no longer move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """Visits by combination and month, and the resources whose seats that exceeds (none: the dealing stands)."""

    visits: Ints
    overfull: tuple[int, ...]


def deal(
    problem: MergeProblem, combinations: Bools, visits: Ints, start: Ints | None = None, *, is_trial: bool = False
) -> Dealt:
    """Deal the visits of each combination to months all its tasks are open, agencies' months as even as possible.

    1. Combinations with the fewest months first, each fills the least loaded months (squared loads, relative to what
       the resource does in the year); months without seats cost so much that they are left when others have room.
    2. Each combination is taken out and dealt again, until nothing moves.
    3. Where a month is still overfull, an integer program looks for a dealing within the seats, and 2 follows.

    Args:
        problem: windows and seats.
        combinations: (n_combinations, n_tasks).
        visits: (n_combinations,).
        start: a dealing to begin from, or None; rows of it that add up to less are dealt anew.
        is_trial: one sweep of 2, and no 3.
    """
    windows = open_months(problem, combinations)
    uses = uses_of(problem, combinations) * problem.seats_per_visit
    dealt = np.zeros(windows.shape, np.int64)
    if start is not None:
        dealt = np.where((start.sum(axis=1) == visits)[:, None], start, 0)
    dealt = _descend(problem, windows, uses, visits, dealt, passes=1 if is_trial else PASSES)
    overfull = _overfull(problem, uses, dealt)
    if overfull and not is_trial:
        exact = _deal_exactly(problem, windows, uses, visits)
        if exact is not None:
            dealt, overfull = _descend(problem, windows, uses, visits, exact), ()
    return Dealt(visits=dealt, overfull=overfull)


def _overfull(problem: MergeProblem, uses: Ints, dealt: Ints) -> tuple[int, ...]:
    return tuple(int(r) for r in np.flatnonzero((uses.T @ dealt > problem.seats).any(axis=1)))


def _descend(
    problem: MergeProblem, windows: Bools, uses: Ints, visits: Ints, dealt: Ints, *, passes: int = PASSES
) -> Ints:
    """Re-deal one combination at a time (undealt ones first, of few months first), at most ``passes`` times."""
    dealt = dealt.copy()
    months_of = windows.sum(axis=1)
    order = sorted(range(len(visits)), key=lambda c: (bool(dealt[c].any()), int(months_of[c]), -int(visits[c]), c))
    load: Ints = uses.T @ dealt
    year = np.maximum(uses.T @ visits, 1).astype(np.float64)
    for _ in range(passes):
        moved = False
        for c in order:
            r = np.flatnonzero(uses[c])
            load[r] -= uses[c, r][:, None] * dealt[c]
            new = _deal_one(int(visits[c]), np.flatnonzero(windows[c]), load[r], uses[c, r], problem.seats[r], year[r])
            moved |= bool((new != dealt[c]).any())
            dealt[c] = new
            load[r] += uses[c, r][:, None] * new
        if not moved:
            break
    return dealt


def open_months(problem: MergeProblem, combinations: Bools) -> Bools:
    """Months in which all tasks of a combination are open, (n_combinations, n_months)."""
    closed = (combinations.astype(np.float64) @ (~problem.windows).astype(np.float64)) > 0
    return ~closed


def uses_of(problem: MergeProblem, combinations: Bools) -> Ints:
    """1 where a combination takes a resource, (n_combinations, n_resources)."""
    used: Ints = ((combinations.astype(np.float64) @ problem.resources.astype(np.float64)) > 0).astype(np.int64)
    return used


def _deal_one(n: int, months: Ints, load: Ints, uses: Ints, seats: Ints, year: Floats) -> Ints:
    """Deal n visits to the months so that the sum of squared relative loads grows least, (n_months,)."""
    dealt = np.zeros(load.shape[1], np.int64)
    if not n:
        return dealt
    scale = (uses / year)[:, None]
    slope = float((scale[:, 0] * uses).sum())
    cost = (scale * load[:, months]).sum(axis=0)
    room = np.min((seats[:, months] - load[:, months]) // uses[:, None], axis=0)
    level = _level(n, cost, slope)
    take = np.clip(np.floor((level - cost) / slope), 0, np.maximum(room, 0)).astype(np.int64)
    while int(take.sum()) > n:
        take[int(np.argmax(take * (take > 0)))] -= 1
    for _ in range(n - int(take.sum())):
        take[int(np.argmin(cost + slope * take + 1e6 * np.maximum(take + 1 - room, 0)))] += 1
    dealt[months] = take
    return dealt


def _level(n: int, cost: Floats, slope: float) -> float:
    """The level to which n units fill basins of depth ``cost`` where each unit raises a basin by ``slope``."""
    rising = np.sort(cost)
    levels = (rising.cumsum() + n * slope) / np.arange(1, len(rising) + 1)
    filled = np.flatnonzero(levels >= rising - 1e-12)
    return float(levels[filled[-1]])


def _deal_exactly(problem: MergeProblem, windows: Bools, uses: Ints, visits: Ints) -> Ints | None:
    """Find any dealing within the seats by an integer program (nodes limited, so the same every time)."""
    from ortools.linear_solver import pywraplp  # type: ignore[import-untyped] # no stubs shipped

    lp = pywraplp.Solver.CreateSolver("SCIP")
    lp.SetSolverSpecificParametersAsString("limits/nodes = 500\nlimits/solutions = 1\n")
    cells = [(int(c), int(m)) for c, m in np.argwhere(windows) if visits[c] > 0]
    variables = [lp.IntVar(0, int(visits[c]), "") for c, _ in cells]
    rows = {int(c): lp.Constraint(float(visits[c]), float(visits[c])) for c in np.flatnonzero(visits > 0)}
    seats = {
        (int(r), m): lp.Constraint(-lp.infinity(), float(problem.seats[r, m]))
        for r in np.flatnonzero(uses.any(axis=0))
        for m in range(windows.shape[1])
    }
    for (c, m), variable in zip(cells, variables, strict=True):
        rows[c].SetCoefficient(variable, 1.0)
        for r in np.flatnonzero(uses[c]):
            seats[int(r), m].SetCoefficient(variable, float(uses[c, r]))
    if lp.Solve() not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return None
    dealt = np.zeros(windows.shape, np.int64)
    for (c, m), variable in zip(cells, variables, strict=True):
        dealt[c, m] = round(variable.solution_value())
    return dealt
