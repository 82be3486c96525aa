"""From fair expected visits to exact flows: entropy scaling for evenness, maximum flows for exactness."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from solver.merge_problem import MILLION, Bools, Floats, Ints

SWEEPS = 300
"""Scaling sweeps; what they leave undone the exact flow repairs."""


class Grouped(Protocol):
    """What is read of the grouping (solver.spread.Groups)."""

    @property
    def pool_group(self) -> Ints: ...  # noqa: D102
    @property
    def class_of(self) -> Ints: ...  # noqa: D102
    @property
    def eligible(self) -> Bools: ...  # noqa: D102
    @property
    def supply(self) -> Ints: ...  # noqa: D102


def even_flow(visits: Ints, groups: Grouped, lower: Ints, upper: Ints, shares: Floats, arcs: Bools) -> Ints:
    """Return millionths (n_pools, n_combinations): exact columns, rows nearest ``shares`` within their bounds.

    1. Whole row totals of groups by a flow that rounds shares up or down.
    2. Group by class: scaling towards row and column totals, then exact.
    3. Each cell of that is split over the group's pools and the class's combinations in proportion, exactly.
    """
    totals, arcs = _row_totals(groups, lower, upper, shares, arcs)
    cells = _exact_cells(arcs, totals, groups.supply)
    flow = np.zeros((len(groups.pool_group), len(visits)), np.int64)
    for g in range(len(totals)):
        pools = np.flatnonzero(groups.pool_group == g)
        pool_totals = _apportion(shares[pools], int(totals[g]), lower[pools], upper[pools])
        cells_of_pools = split_evenly(pool_totals, cells[g])
        flow[pools] = cells_of_pools[:, groups.class_of]
    return _split_classes(flow, visits, groups)


def _split_classes(by_class: Ints, visits: Ints, groups: Grouped) -> Ints:
    """Split what each pool gets of a class over the class's combinations, in proportion to their visits."""
    flow = np.zeros_like(by_class)
    for c in range(len(groups.supply)):
        members = np.flatnonzero(groups.class_of == c)
        flow[:, members] = split_evenly(by_class[:, members[0]], visits[members] * MILLION)
    return flow


def split_evenly(rows: Ints, columns: Ints) -> Ints:
    """Return whole numbers (n, m) with these row and column sums, nearest to proportional.

    Floors of the proportional table, then the missing units by north-west corner, at most n + m cells touched.
    """
    total = int(rows.sum())
    table = np.zeros((len(rows), len(columns)), np.int64)
    if not total:
        return table
    if len(rows) == 1:
        table[0] = columns
        return table
    if len(columns) == 1:
        table[:, 0] = rows
        return table
    table = np.floor(rows[:, None] * (columns / total)[None, :] * (1 - 1e-12)).astype(np.int64)
    row_left, column_left = rows - table.sum(axis=1), columns - table.sum(axis=0)
    i = j = 0
    while i < len(rows) and j < len(columns):
        n = min(int(row_left[i]), int(column_left[j]))
        table[i, j] += n
        row_left[i] -= n
        column_left[j] -= n
        if not row_left[i]:
            i += 1
        else:
            j += 1
    return table


def _apportion(shares: Floats, total: int, lower: Ints, upper: Ints) -> Ints:
    """Whole numbers nearest the shares, within bounds, that add up to the total (largest remainders first)."""
    base = np.clip(np.floor(shares + 1e-6).astype(np.int64), lower, upper)
    order = np.argsort(-(shares - base), kind="stable")
    missing = total - int(base.sum())
    while missing:
        step = 1 if missing > 0 else -1
        moved = False
        for p in order if step > 0 else order[::-1]:
            if missing and lower[p] <= base[p] + step <= upper[p]:
                base[p] += step
                missing -= step
                moved = True
        if not moved:
            raise ValueError("the bounds of pools cannot be met")
    return base


def _row_totals(groups: Grouped, lower: Ints, upper: Ints, shares: Floats, arcs: Bools) -> tuple[Ints, Bools]:
    """Whole totals of groups at the floor or ceiling of their shares, and the arcs used (n_groups, n_classes)."""
    n_groups = len(groups.eligible)
    wanted = np.bincount(groups.pool_group, weights=shares, minlength=n_groups)
    least = np.bincount(groups.pool_group, weights=lower, minlength=n_groups).astype(np.int64)
    most = np.bincount(groups.pool_group, weights=upper, minlength=n_groups).astype(np.int64)
    for allowed, slack in ((arcs, 0), (arcs, 2), (arcs, 64), (groups.eligible, 64), (groups.eligible, MILLION)):
        low = np.clip(np.floor(wanted + 1e-6).astype(np.int64) - slack, least, most)
        high = np.clip(np.ceil(wanted - 1e-6).astype(np.int64) + slack, least, most)
        found = bounded_flow(allowed, np.zeros(allowed.shape, np.int64), low, high, groups.supply)
        if found is not None:
            return found.sum(axis=1), allowed
    found = bounded_flow(groups.eligible, np.zeros(arcs.shape, np.int64), least, most, groups.supply)
    if found is None:
        raise ValueError("the bounds of pools cannot be met")
    return found.sum(axis=1), groups.eligible


def bounded_flow(arcs: Bools, floor: Ints, low: Ints, high: Ints, supply: Ints) -> Ints | None:
    """Return whole cells ≥ ``floor`` on the arcs with exact column sums and row sums within [low, high], or None."""
    from ortools.graph.python import max_flow  # type: ignore[import-untyped] # no stubs shipped

    left = supply - floor.sum(axis=0)
    used = floor.sum(axis=1)
    owed, free = np.maximum(low - used, 0), high - np.maximum(low, used)
    total = int(left.sum())
    spare = total - int(owed.sum())
    if (left < 0).any() or (free < 0).any() or spare < 0:
        return None
    n_rows, n_columns = arcs.shape
    row, column = np.nonzero(arcs)
    row_node, column_node = 3 + np.arange(n_rows), 3 + n_rows + np.arange(n_columns)
    tails = np.concatenate([np.zeros(n_columns), column_node[column], row_node, row_node, [2]]).astype(np.int32)
    heads = np.concatenate([column_node, row_node[row], np.ones(n_rows), np.full(n_rows, 2), [1]]).astype(np.int32)
    capacity = np.concatenate([left, np.full(len(row), total), owed, free, [spare]]).astype(np.int64)
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(tails, heads, capacity)
    flow.solve(0, 1)
    if flow.optimal_flow() != total:
        return None
    cells = floor.copy()
    cells[row, column] += np.asarray(flow.flows(np.arange(n_columns, n_columns + len(row), dtype=np.int32)))
    return cells


def _exact_cells(arcs: Bools, totals: Ints, supply: Ints) -> Ints:
    """Whole cells as even as the totals allow: entropy scaling, then the least correction that makes sums exact."""
    even = _scaled(arcs, totals.astype(np.float64), supply.astype(np.float64))
    for kept in (0.9999, 0.999, 0.99, 0.9, 0.5, 0.0):
        floor = np.floor(even * kept).astype(np.int64)
        cells = bounded_flow(arcs, floor, totals, totals, supply)
        if cells is not None:
            return cells
    raise ValueError("the bounds of pools cannot be met")


def _scaled(arcs: Bools, rows: Floats, columns: Floats) -> Floats:
    """Sinkhorn scaling of the arcs towards row and column sums."""
    table = arcs.astype(np.float64)
    y = np.ones(len(columns))
    x = np.ones(len(rows))
    for _ in range(SWEEPS):
        reach = table @ y
        x = np.divide(rows, reach, out=np.zeros_like(rows), where=reach > 0)
        back = x @ table
        y = np.divide(columns, back, out=np.zeros_like(columns), where=back > 0)
    scaled = table * x[:, None] * y[None, :]
    over = scaled.sum(axis=1) / np.maximum(rows, 1e-9)
    limited: Floats = scaled / np.maximum(over, 1.0)[:, None]
    return limited
