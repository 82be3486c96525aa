"""Quotas: how many visits each combination of tasks makes, from which pools, in which months (SOLVER 1 and 2).

Everything here happens before a seed exists. Regions are independent problems, so they may be solved anywhere; the
result is whole numbers and millionths, in a fixed order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from inspection.model import MILLION, Combination, Inspector, Item, Pool, Task
from inspection.planning.resources import (
    Resource,
    conflicts,
    resources_of,
    seats,
    seats_per_officer,
    seats_per_visit,
    usage,
)
from inspection.planning.spare import spare_seats
from inspection.rules.past import NOTHING, Past
from inspection.rules.policy import Policy
from solver.merge import Merge, MergeProblem, Shortage, TierBounds, merge
from solver.spread import spread

Spreader = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""How independent problems are run: the built-in ``map``, or the ``map`` of any ``concurrent.futures.Executor``."""

Arc = tuple[str, str, int]
"""Tail, head, flow in millionths: a row of flow.csv."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What is committed before the firm draw: combinations with whole visits per month, and fractions per pool."""

    combinations: tuple[Combination, ...]
    flow: tuple[Arc, ...]
    bound: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionProblem:
    """One region in numbers, with the names that its rows and columns stand for."""

    region: str
    pools: tuple[Pool, ...]
    tasks: tuple[Task, ...]
    months: tuple[str, ...]
    resources: tuple[Resource, ...]
    signature_of: tuple[int, ...]
    merge: MergeProblem
    weight: tuple[float, ...]
    lower: tuple[int, ...]
    upper: tuple[int, ...]
    tiers: tuple[str, ...] = ()
    firms_counted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionShortage:
    """A region whose rules cannot all be met, and by how much."""

    problem: RegionProblem
    shortage: Shortage


def plan_quotas(
    problems: Sequence[RegionProblem], counted: Set[str], run: Spreader = map
) -> Quotas | tuple[RegionShortage, ...]:
    """Solve every region and put the answers together.

    Args:
        problems: from ``region_problems``, in order.
        counted: kinds of firms that count toward coverage.
        run: maps the solver over the regions; any order of execution gives the same answer.

    Returns:
        The quotas, or one shortage for each region that cannot meet its rules.
    """
    answers = list(run(solve_region, problems))
    short = tuple(
        RegionShortage(problem=problem, shortage=answer)
        for problem, answer in zip(problems, answers, strict=True)
        if isinstance(answer, Shortage)
    )
    if short:
        return short
    combinations: list[Combination] = []
    rows: list[tuple[Pool, str, int]] = []
    bound = 0
    for problem, (merged, flow) in zip(problems, answers, strict=True):
        prefix = f"{problem.region}-C" if len(problems) > 1 else "C"
        named = _combinations(problem, merged, prefix)
        combinations += named
        bound += merged.bound
        for g, b in zip(*np.nonzero(flow), strict=True):
            rows.append((problem.pools[g], named[b].combination, int(flow[g, b])))
    return Quotas(combinations=tuple(combinations), flow=_circulation(combinations, rows, counted), bound=bound)


def solve_region(problem: RegionProblem) -> Shortage | tuple[Merge, Any]:
    """Merge the tasks of one region, then spread the visits over its pools."""
    merged = merge(problem.merge)
    return merged if isinstance(merged, Shortage) else (merged, _spread(problem, merged))


def _spread(problem: RegionProblem, merged: Merge) -> Any:
    """Expected visits by pool and combination, millionths: even within tiers, as far as coverage allows."""
    rows = list(problem.signature_of)
    covers, coverage = problem.merge.covers[rows], problem.merge.coverage
    flow = None
    # The spread is exact to a millionth; a millionth short would let the draw miss coverage by a firm.
    for wanted in (coverage, coverage + 1):
        flow = spread(
            merged.visits.sum(axis=1),
            merged.eligible[rows],
            np.array(problem.weight, dtype=float),
            np.array(problem.lower, dtype=np.int64),
            np.array(problem.upper, dtype=np.int64),
            covers=covers,
            coverage=wanted,
        )
        if int(flow[covers].sum()) >= coverage * MILLION:
            break
    return flow


def _combinations(problem: RegionProblem, merged: Merge, prefix: str) -> list[Combination]:
    """Name the merged columns; agencies are listed lead first, in the order the tasks bring them."""
    named = []
    for number, (column, visits) in enumerate(zip(merged.combinations, merged.visits, strict=True), start=1):
        members = [problem.tasks[k] for k in np.flatnonzero(column)]
        named.append(
            Combination(
                combination=f"{prefix}{number:03d}",
                tasks=tuple(task.task for task in members),
                agencies=tuple(dict.fromkeys(agency for task in members for agency in task.agencies)),
                items=tuple(dict.fromkeys(item for task in members for item in task.items)),
                visits={month: int(count) for month, count in zip(problem.months, visits, strict=True) if count},
            )
        )
    return named


def _circulation(
    combinations: Sequence[Combination], rows: Sequence[tuple[Pool, str, int]], counted: Set[str]
) -> tuple[Arc, ...]:
    """Arcs plan → (region →) counted or not → tier → pool → task → joint or single → plan; no node keeps anything.

    The row side keeps totals per region, of firms whose kind is ``counted`` toward coverage, per tier and per pool at
    floor or ceiling; the column side keeps the task totals, which are whole (SOLVER 1).
    """
    several = len({pool.region for pool, _, _ in rows}) > 1
    arcs: dict[tuple[str, str], int] = {}
    pool_arcs: dict[tuple[str, str], int] = {}
    for pool, _, flow in rows:
        place = f"{pool.region}-" if several else ""
        group = f"{place}counted" if pool.kind in counted else f"{place}uncounted"
        tier = f"tier:{group}-{pool.tier}"
        above = ["plan", *([f"region:{pool.region}"] if several else []), group, tier]
        for tail, head in itertools.pairwise(above):
            arcs[tail, head] = arcs.get((tail, head), 0) + flow
        pool_arcs[tier, f"pool:{pool.pool}"] = pool_arcs.get((tier, f"pool:{pool.pool}"), 0) + flow
    shares = {"joint": 0, "single": 0}
    ends: list[Arc] = []
    for combination in combinations:
        group = "joint" if combination.is_joint else "single"
        flow = sum(combination.visits.values()) * MILLION
        shares[group] += flow
        ends.append((f"task:{combination.combination}", group, flow))
    return (
        *((tail, head, flow) for (tail, head), flow in arcs.items()),
        *((tail, head, flow) for (tail, head), flow in pool_arcs.items()),
        *((f"pool:{pool.pool}", f"task:{combination}", flow) for pool, combination, flow in rows),
        *ends,
        *((group, "plan", flow) for group, flow in shares.items() if flow),
    )


def region_problems(
    pools: Sequence[Pool],
    tasks: Sequence[Task],
    items: Mapping[str, Item],
    inspectors: Sequence[Inspector],
    policy: Policy,
    past: Past = NOTHING,
) -> tuple[RegionProblem, ...]:
    """One problem per region that has tasks, in order of region; ``past`` has taken seats already."""
    problems = []
    for region in sorted({pool.region for pool in pools}):
        members = tuple(pool for pool in pools if pool.region == region and not pool.exemption)
        subject = {task for pool in members for task in pool.tasks}
        own = tuple(
            task
            for task in tasks
            if task.selection.region == region or (not task.selection.region and task.task in subject)
        )
        if own:
            live = [pool for pool in pools if pool.region == region]
            problems.append(_region_problem(region, members, live, own, (items, inspectors, policy, past)))
    return tuple(problems)


def _is_here(task: Task, region: str, subject: Set[str]) -> bool:
    """Whether a region owes the task: its own tasks always, tasks of no region where a firm is subject to them."""
    return task.selection.region == region or task.task in subject


def task_total(task: Task, pools: Iterable[Pool]) -> int:
    """Firms the task visits: its count, or its ratio of the firms that may be drawn for it, rounded up."""
    if task.count is not None:
        return task.count
    assert task.ratio is not None
    return math.ceil(task.ratio * sum(pool.size for pool in pools if task.task in pool.tasks and not pool.exemption))


def _region_problem(
    region: str,
    pools: tuple[Pool, ...],
    live: Sequence[Pool],
    tasks: tuple[Task, ...],
    given: tuple[Mapping[str, Item], Sequence[Inspector], Policy, Past],
) -> RegionProblem:
    """The numbers of one region: ``pools`` may be drawn, ``live`` count toward the denominator of coverage."""
    items, inspectors, policy, past = given
    months = tuple(sorted({month for task in tasks for month in task.months}))
    resources = resources_of(tasks, items, policy)
    covered = [pool.kind in policy.coverage_kinds for pool in pools]
    keys = [(pool.tasks, covers) for pool, covers in zip(pools, covered, strict=True)]
    signatures = {key: row for row, key in enumerate(dict.fromkeys(keys))}
    signature_of = [signatures[key] for key in keys]
    bounds = [policy.tiers[pool.tier] for pool in pools]
    lower = [math.ceil(bound.minimum * pool.size * MILLION) for bound, pool in zip(bounds, pools, strict=True)]
    upper = [math.floor(bound.maximum * pool.size * MILLION) for bound, pool in zip(bounds, pools, strict=True)]
    weight = [float(bound.weight * pool.size) for bound, pool in zip(bounds, pools, strict=True)]
    column = {task.task: k for k, task in enumerate(tasks)}
    subject = np.zeros((len(signatures), len(tasks)), dtype=bool)
    for (members, _), row in signatures.items():
        subject[row, [column[task] for task in members if task in column]] = True
    own = [[pool for pool in pools if task.task in pool.tasks] for task in tasks]
    firms_counted = sum(pool.size for pool in live if pool.kind in policy.coverage_kinds)
    problem = MergeProblem(
        totals=np.array([task_total(task, of) for task, of in zip(tasks, own, strict=True)], dtype=np.int64),
        windows=np.array([[month in task.months for month in months] for task in tasks], dtype=bool),
        resources=usage(tasks, items, resources),
        n_agencies=sum(1 for of in resources if of.agency and not of.qualification),
        seats_per_visit=seats_per_visit(resources, policy),
        seats=_seats(resources, months, inspectors, policy, past),
        conflicts=conflicts(resources),
        items=np.array([len(task.items) for task in tasks], dtype=np.int64),
        signatures=subject,
        lower=_sum_by(signature_of, lower, len(signatures)),
        upper=_sum_by(signature_of, upper, len(signatures)),
        weight=np.bincount(signature_of, weights=weight, minlength=len(signatures)).astype(np.float64),
        covers=np.array([covers for _, covers in signatures], dtype=bool),
        coverage=math.ceil(policy.coverage.floor * firms_counted),
        joint=(policy.joint.floor.numerator, policy.joint.floor.denominator),
        joint_counted_by=policy.joint.counted_by,
        most_agencies=policy.merge.most_agencies,
        most_items=policy.merge.most_items,
        tiers=_tier_bounds(pools, (lower, upper), signature_of, policy),
        seats_per_officer=seats_per_officer(resources, months, policy),
        n_lone=sum(1 for of in resources if of.alone),
    )
    return RegionProblem(
        region=region,
        pools=pools,
        tasks=tasks,
        months=months,
        resources=resources,
        signature_of=tuple(signature_of),
        merge=problem,
        weight=tuple(weight),
        lower=tuple(lower),
        upper=tuple(upper),
        tiers=policy.tier_order,
        firms_counted=firms_counted,
    )


def _seats(
    resources: tuple[Resource, ...], months: Sequence[str], inspectors: Sequence[Inspector], policy: Policy, past: Past
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Seats of each resource in each month, less those that earlier draws took; shape (n_resources, n_months)."""
    table = seats(resources, months, inspectors, policy)
    if past.visits:
        return np.minimum(table, spare_seats(resources, months, inspectors, policy, past))
    return table


def _tier_bounds(
    pools: Sequence[Pool], bounds: tuple[Sequence[int], Sequence[int]], signature_of: Sequence[int], policy: Policy
) -> TierBounds:
    """What each tier's rules add to the bounds of signatures, tiers in the policy's order."""
    place = {tier: t for t, tier in enumerate(policy.tier_order)}
    tables = [np.zeros((len(place), max(signature_of, default=-1) + 1), dtype=np.int64) for _ in range(3)]
    for pool, s, lower, upper in zip(pools, signature_of, *bounds, strict=True):
        for table, value in zip(tables, (lower, upper, pool.size * MILLION), strict=True):
            table[place[pool.tier], s] += value
    return TierBounds(lower=tables[0], upper=tables[1], firms=tables[2])


def _sum_by(group: Sequence[int], values: Sequence[int], groups: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Whole sums per group; shape (groups,)."""
    total = np.zeros(groups, dtype=np.int64)
    np.add.at(total, group, np.array(values, dtype=np.int64))
    return total
