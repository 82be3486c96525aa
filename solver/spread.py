"""Visits of combinations spread over pools: chances within the rules as even as the tasks allow, in millionths.

Expected visits per pool are the lexicographically fairest: no pool can be raised (relative to its weight) without
lowering one that has no more. They are found by decomposition (Fujishige 1980; Groenevelt 1991): try one level for
all, let a maximum flow show which pools must have more, split there, go on in both parts. Pools alike in what they
may get, and combinations alike in whom they may go to, are taken together, so cost does not grow with tiers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.even_flow import even_flow
from solver.merge_problem import MILLION, Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Rows and columns of eligibility taken together.

    Attributes:
        pool_group: group of a pool, (n_pools,).
        class_of: class of a combination, (n_combinations,).
        eligible: (n_groups, n_classes).
        supply: visits of a class, millionths, (n_classes,).
    """

    pool_group: Ints
    class_of: Ints
    eligible: Bools
    supply: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Least and most expected visits of pools in millionths, and their weights, all (n_pools,)."""

    lower: Ints
    upper: Ints
    weight: Floats


def spread(
    visits: Ints,
    eligible: Bools,
    weight: Floats,
    lower: Ints,
    upper: Ints,
    *,
    covers: Bools | None = None,
    coverage: int = 0,
) -> Ints:
    """Give each pool its expected visits of each combination.

    Args:
        visits: whole visits, (n_combinations,).
        eligible: whether a pool's firms may have such a visit, (n_pools, n_combinations).
        weight: fair share of a pool, relative, (n_pools,).
        lower, upper: bounds of a pool's visits, millionths, (n_pools,); the merge has shown that they can be met.
        covers: pools that count as coverage, (n_pools,), or None.
        coverage: whole visits that must fall on ``covers``.

    Returns:
        Millionths, (n_pools, n_combinations): columns add up to ``visits``, rows lie within the bounds.

    Raises:
        ValueError: the bounds cannot be met.
    """
    groups = _group(visits, eligible)
    bounds = Bounds(lower=lower, upper=upper, weight=np.maximum(weight, 1e-9 * max(float(weight.max(initial=0)), 1e-9)))
    shares, arcs = fair_shares(groups, bounds)
    if covers is not None and float(shares[covers].sum()) < coverage * MILLION - 0.5:
        shares, arcs = _with_coverage(groups, bounds, covers, coverage)
    return even_flow(visits, groups, bounds.lower, bounds.upper, shares, arcs)


def _group(visits: Ints, eligible: Bools) -> Groups:
    rows, pool_group = np.unique(eligible, axis=0, return_inverse=True)
    columns, class_of = np.unique(rows, axis=1, return_inverse=True)
    supply = np.bincount(class_of.reshape(-1), weights=visits, minlength=columns.shape[1]).astype(np.int64) * MILLION
    return Groups(pool_group=pool_group.reshape(-1), class_of=class_of.reshape(-1), eligible=columns, supply=supply)


TOLERANCE = 2.0
"""Millionths of a visit by which coverage may be exceeded."""

MOST_TRIES = 60
"""Tries at the factor that coverage asks for; a handful suffice unless coverage cannot be met."""


def _with_coverage(groups: Groups, bounds: Bounds, covers: Bools, coverage: int) -> tuple[Floats, Bools]:
    """Raise the weight of covering pools so far that coverage is met, and not two millionths of a visit beyond.

    Coverage grows with the factor: the secant of the tries on either side finds it.
    """

    def tried(factor: float) -> tuple[tuple[Floats, Bools], float]:
        answer = fair_shares(groups, _favouring(bounds, covers, factor))
        return answer, float(answer[0][covers].sum()) - coverage * MILLION + 0.5

    low, high = 1.0, 1.25
    missing, (best, spare) = tried(low)[1], tried(high)
    for _ in range(MOST_TRIES):
        if 0 <= spare <= TOLERANCE:
            break
        if spare < 0:
            low, missing, high = high, spare, high * 2
            best, spare = tried(high)
            continue
        # A little beyond the secant's point, so that the next try is likely to suffice.
        share = (TOLERANCE / 2 - missing) / (spare - missing)
        middle = low + (high - low) * min(1.0, max(0.0, share))
        answer, found = tried(middle)
        if found >= 0:
            best, high, spare = answer, middle, found
        else:
            low, missing = middle, found
    return best


def _favouring(bounds: Bounds, covers: Bools, factor: float) -> Bounds:
    return Bounds(lower=bounds.lower, upper=bounds.upper, weight=np.where(covers, factor, 1.0) * bounds.weight)


def fair_shares(groups: Groups, bounds: Bounds) -> tuple[Floats, Bools]:
    """Return fairest expected visits of pools, millionths (n_pools,), and the arcs used, (n_groups, n_classes).

    Visits of a class go only to groups of its block: to the others they would be a gift from the poorer.
    """
    n_groups = len(groups.eligible)
    shares = np.zeros(len(groups.pool_group))
    arcs = np.zeros(groups.eligible.shape, bool)
    todo = [(np.arange(n_groups), np.flatnonzero(groups.supply > 0))]
    while todo:
        members, classes = todo.pop()
        pools = np.flatnonzero(np.isin(groups.pool_group, members))
        total = int(groups.supply[classes].sum())
        shares[pools] = level_shares(bounds.weight[pools], bounds.lower[pools], bounds.upper[pools], total)
        by_group = np.bincount(groups.pool_group[pools], weights=shares[pools], minlength=n_groups).astype(np.float64)
        wanted = by_group[members]
        rich = _richer(groups, members, classes, wanted)
        if rich is None:
            arcs[np.ix_(members, classes)] = groups.eligible[np.ix_(members, classes)]
            continue
        inside, theirs = rich
        todo.append((members[~inside], classes[~theirs]))
        todo.append((members[inside], classes[theirs]))
    return shares, arcs


def level_shares(weight: Floats, lower: Ints, upper: Ints, total: int) -> Floats:
    """Clamp(λ·weight, lower, upper) with the λ that makes them add up to the total (nearest bound if none does)."""
    low, high = lower.astype(np.float64), upper.astype(np.float64)
    if total <= low.sum():
        return low
    if total >= high.sum():
        return high
    at = np.concatenate([low / weight, high / weight])
    turn = np.concatenate([weight, -weight])
    order = np.argsort(at, kind="stable")
    at, slope = at[order], np.cumsum(turn[order])
    sums = low.sum() + np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(at))])
    place = min(max(int(np.searchsorted(sums, total, side="right")) - 1, 0), len(at) - 1)
    rise = slope[place]
    level = at[place] + (total - sums[place]) / rise if rise > 1e-15 * weight.sum() else at[place]
    shares: Floats = np.clip(level * weight, low, high)
    return shares


def _richer(groups: Groups, members: Ints, classes: Ints, wanted: Floats) -> tuple[Bools, Bools] | None:
    """Find groups that must have more than ``wanted``, with the classes only they can take; None when all fits.

    Shares are rounded to millionths here; a shortfall below one millionth per group is rounding, not a bottleneck.
    """
    from ortools.graph.python import max_flow  # type: ignore[import-untyped] # no stubs shipped

    if len(members) <= 1 or not len(classes):
        return None
    g_of, c_of = np.nonzero(groups.eligible[np.ix_(members, classes)])
    n_classes, n_members = len(classes), len(members)
    supply = groups.supply[classes]
    tails = np.concatenate([np.zeros(n_classes), 2 + c_of, 2 + n_classes + np.arange(n_members)]).astype(np.int32)
    heads = np.concatenate([2 + np.arange(n_classes), 2 + n_classes + g_of, np.ones(n_members)]).astype(np.int32)
    capacity = np.concatenate([supply, np.full(len(c_of), int(supply.sum())), np.ceil(wanted).astype(np.int64)])
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(tails, heads, capacity.astype(np.int64))
    flow.solve(0, 1)
    if int(supply.sum()) - flow.optimal_flow() <= n_members:
        return None
    near = np.zeros(2 + n_classes + n_members, bool)
    near[flow.get_source_side_min_cut()] = True
    inside, theirs = near[2 + n_classes :], near[2 : 2 + n_classes]
    return None if inside.all() or not inside.any() else (inside, theirs)
