"""Whole visits from the fractions of the linear program: floors kept, the small rest solved exactly.

The rest is a covering program over the fractional visits (0.02-0.05 s at county size with SCIP, and it met the linear
bound in every county tried). A task covered once too often is left out of one of its visits, which never hurts:
fewer tasks in a visit mean more firms eligible for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solver.bounds_flow import Bottleneck, bottleneck
from solver.merge_problem import MILLION, Bools, Ints, MergeProblem

Kind = tuple[tuple[int, ...], int]
"""Tasks done together, and the month (-1 when months are chosen later)."""

MOST_ROUNDS = 12
MOST_REPAIRS = 100
SMALL = 150
SMALL_EFFORT = "limits/nodes = 2000\n"
LARGE_EFFORT = "limits/nodes = 20\nlimits/absgap = 1.9\nseparating/maxroundsroot = 3\n"
"""Effort of the covering program, in nodes and never in seconds, so that the same input gives the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the linear program proved: the least number of visits, sets of signatures just met or full.

    ``tight`` are the resources whose visits carry months.
    """

    goal: int
    tight: tuple[int, ...] = ()
    poor: tuple[tuple[int, ...], ...] = ()
    full: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Signatures whose bounds the covering program must see: those owed visits, and groups that may overflow."""

    poor: frozenset[int]
    full: frozenset[tuple[int, ...]]

    def with_neck(self, narrow: Bottleneck) -> Watch:
        """Also watch what a flow has just shown to be a bottleneck."""
        if narrow.is_lower:
            return Watch(poor=self.poor.union(narrow.signatures), full=self.full)
        return Watch(poor=self.poor, full=self.full | {narrow.signatures})


def whole_visits(
    problem: MergeProblem, wanted: Mapping[Kind, float], found: Sequence[Kind], known: Known
) -> dict[Kind, int] | None:
    """Round expected visits to whole ones that meet every rule, as few as possible.

    Args:
        problem: totals, bounds, coverage, joint share; seats too when kinds carry months.
        wanted: expected visits by kind, from the linear program.
        found: every kind priced so far, tried when the fractional ones do not suffice.
        known: what the linear program proved.

    Returns:
        Whole visits by kind, in order; None when no rounding was found.
    """
    watch = Watch(poor=frozenset(s for group in known.poor for s in group), full=frozenset(known.full))
    for slack, pool in ((0, ()), (1, ()), (1, found)):
        base = {kind: max(0, int(value + 1e-6) - slack) for kind, value in wanted.items()}
        kinds = [k for k, v in wanted.items() if slack or v - int(v + 1e-6) > 1e-6]
        answer = _within_bounds(problem, base, _candidates(problem, base, kinds, pool, known.tight), watch, known)
        if answer is not None:
            return answer
    return _by_repair(problem, wanted, known)


def _by_repair(problem: MergeProblem, wanted: Mapping[Kind, float], known: Known) -> dict[Kind, int] | None:
    """Round without regard to signatures' bounds, then split visits, one more each time, where too few can reach."""
    base = {kind: int(value + 1e-6) for kind, value in wanted.items()}
    kinds = _candidates(problem, base, [k for k, v in wanted.items() if v - int(v + 1e-6) > 1e-6], (), known.tight)
    extra = _cover(problem, base, kinds, Watch(poor=frozenset(), full=frozenset()), known)
    if extra is None:
        return None
    visits = _trim(problem, {k: base.get(k, 0) + extra.get(k, 0) for k in sorted({*base, *extra})})
    for _ in range(MOST_REPAIRS):
        narrow = neck(problem, visits)
        if narrow is None:
            return visits if joint_is_met(problem, visits) and not overfull(problem, visits, known.tight) else None
        if not narrow.is_lower or not _split_one(problem, visits, narrow):
            return None
    return None


def _split_one(problem: MergeProblem, visits: dict[Kind, int], narrow: Bottleneck) -> bool:
    """Take one task out of the fullest visit that cannot reach the poor signatures, into a visit that can."""
    inside = np.zeros(len(problem.signatures), bool)
    inside[list(narrow.signatures)] = True
    if narrow.is_coverage:
        inside |= problem.covers
    offered = problem.signatures[inside].any(axis=0)
    kinds = [k for k, n in visits.items() if n and len(k[0]) > 1]
    reach = eligible_for(problem, kinds)[inside].any(axis=0)
    choices = [(len(k[0]), k) for k, r in zip(kinds, reach, strict=True) if not r and any(offered[t] for t in k[0])]
    if not choices:
        return False
    _, (tasks, month) = max(choices)
    moved = next(t for t in tasks if offered[t])
    visits[tasks, month] -= 1
    for part in (tuple(t for t in tasks if t != moved), (moved,)):
        visits[part, month] = visits.get((part, month), 0) + 1
    return True


def _candidates(
    problem: MergeProblem, base: Mapping[Kind, int], kinds: Sequence[Kind], found: Sequence[Kind], tight: Sequence[int]
) -> list[Kind]:
    """Kinds for the rest: the given ones, every task alone, and those found whose tasks all still lack visits."""
    rest = _rest(problem, base)
    chosen = set(kinds)
    for k in np.flatnonzero(rest > 0):
        months = np.flatnonzero(problem.windows[k]) if problem.resources[k, list(tight)].any() else [-1]
        chosen.update(((int(k),), int(m)) for m in months)
    chosen.update(kind for kind in found if all(rest[k] > 0 for k in kind[0]))
    return sorted(chosen)


def _rest(problem: MergeProblem, visits: Mapping[Kind, int]) -> Ints:
    rest = problem.totals.copy()
    for (tasks, _), n in visits.items():
        rest[list(tasks)] -= n
    return rest


def _within_bounds(
    problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], watch: Watch, known: Known
) -> dict[Kind, int] | None:
    """Solve, check by a flow that signatures' bounds can be met, watch the bottleneck too, again."""
    for _ in range(MOST_ROUNDS):
        extra = _cover(problem, base, kinds, watch, known)
        if extra is None:
            return None
        visits = _trim(problem, {k: base.get(k, 0) + extra.get(k, 0) for k in sorted({*base, *extra})})
        narrow = neck(problem, visits)
        if narrow is None:
            return visits if joint_is_met(problem, visits) and not overfull(problem, visits, known.tight) else None
        wider = watch.with_neck(narrow)
        if wider == watch:
            return None
        watch = wider
    return None


def eligible_for(problem: MergeProblem, kinds: Sequence[Kind]) -> Bools:
    """Signatures subject to all tasks of a kind, (n_signatures, n_kinds)."""
    asked = np.zeros((len(kinds), len(problem.totals)), np.float64)
    for row, (tasks, _) in enumerate(kinds):
        asked[row, list(tasks)] = 1.0
    lacking = (~problem.signatures).astype(np.float64) @ asked.T
    return np.asarray(lacking == 0)


def neck(problem: MergeProblem, visits: Mapping[Kind, int]) -> Bottleneck | None:
    """Return what keeps these visits from being spread within the signatures' bounds, None when nothing does."""
    kinds = [k for k, n in visits.items() if n]
    counts = np.array([visits[k] for k in kinds], dtype=np.int64)
    return bottleneck(
        counts, eligible_for(problem, kinds), problem.lower, problem.upper, problem.covers, problem.coverage
    )


def _cover(
    problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], watch: Watch, known: Known
) -> dict[Kind, int] | None:
    """Fewest further visits, of these kinds, that give every task at least its rest and what is watched its due."""
    from ortools.linear_solver import pywraplp

    lp = pywraplp.Solver.CreateSolver("SCIP")
    lp.SetSolverSpecificParametersAsString(SMALL_EFFORT if len(kinds) <= SMALL else LARGE_EFFORT)
    rest = _rest(problem, base)
    variables = [lp.IntVar(0, max(0, int(rest[list(tasks)].max())), "") for tasks, _ in kinds]
    rows = {int(k): lp.Constraint(float(rest[k]), lp.infinity()) for k in np.flatnonzero(rest > 0)}
    total = lp.Constraint(float(known.goal - sum(base.values())), lp.infinity())
    for (tasks, _), variable in zip(kinds, variables, strict=True):
        lp.Objective().SetCoefficient(variable, 1.0)
        total.SetCoefficient(variable, 1.0)
        for k in tasks:
            if k in rows:
                rows[k].SetCoefficient(variable, 1.0)
    _add_poor(lp, problem, base, kinds, variables, sorted(watch.poor))
    _add_full(lp, problem, base, kinds, variables, sorted(watch.full))
    _add_joint(lp, problem, base, kinds, variables)
    _add_seats(lp, problem, base, kinds, variables, known.tight)
    if lp.Solve() not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return None
    return {k: n for k, v in zip(kinds, variables, strict=True) if (n := round(v.solution_value())) > 0}


def _add_poor(
    lp: Any, problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], variables: list[Any], poor: list[int]
) -> None:
    """A flow of visits to the poor signatures and to coverage; visits that reach the same of them flow together."""
    n = len(kinds)
    every = [*kinds, *(k for k, count in base.items() if count)]
    eligible = eligible_for(problem, every)
    covers_elsewhere = problem.covers.copy()
    covers_elsewhere[poor] = False
    reach = np.vstack([eligible[poor], eligible[covers_elsewhere].any(axis=0)])
    patterns, pattern_of = np.unique(reach, axis=1, return_inverse=True)
    pattern_of = pattern_of.reshape(-1)
    counts = np.array([base[k] for k in every[n:]], dtype=np.float64)
    held = np.bincount(pattern_of[n:], weights=counts, minlength=patterns.shape[1])
    owed = [lp.Constraint(float(problem.lower[s]) / MILLION, lp.infinity()) for s in poor]
    coverage = lp.Constraint(float(problem.coverage), lp.infinity())
    sources = [lp.Constraint(-lp.infinity(), float(h)) for h in held]
    for i, variable in enumerate(variables):
        sources[pattern_of[i]].SetCoefficient(variable, -1.0)
    for column, source in enumerate(sources):
        for row in np.flatnonzero(patterns[:, column]):
            flow = lp.NumVar(0.0, lp.infinity(), "")
            source.SetCoefficient(flow, 1.0)
            if row < len(poor):
                owed[row].SetCoefficient(flow, 1.0)
            if row == len(poor) or problem.covers[poor[row]]:
                coverage.SetCoefficient(flow, 1.0)


def _add_full(
    lp: Any,
    problem: MergeProblem,
    base: Mapping[Kind, int],
    kinds: list[Kind],
    variables: list[Any],
    full: list[tuple[int, ...]],
) -> None:
    """At most as many visits confined to a group of signatures as the group may take."""
    based = [k for k, count in base.items() if count]
    counts = np.array([base[k] for k in based], dtype=np.int64)
    reach_base, reach = eligible_for(problem, based), eligible_for(problem, kinds)
    for group in full:
        outside = np.ones(len(problem.signatures), bool)
        outside[list(group)] = False
        confined = ~reach_base[outside].any(axis=0)
        room = int(problem.upper[list(group)].sum()) // MILLION - int(counts[confined].sum())
        row = lp.Constraint(-lp.infinity(), float(room))
        for i in np.flatnonzero(~reach[outside].any(axis=0)):
            row.SetCoefficient(variables[i], 1.0)


def is_joint(problem: MergeProblem, tasks: Sequence[int]) -> bool:
    """Whether more than one agency takes part in a visit with these tasks."""
    return int(problem.resources[list(tasks), : problem.n_agencies].any(axis=0).sum()) > 1


def _add_joint(
    lp: Any, problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], variables: list[Any]
) -> None:
    if problem.joint_counted_by == "tasks" or problem.joint[0] == 0:
        return
    part, whole = problem.joint
    have = sum(n * (whole * is_joint(problem, tasks) - part) for (tasks, _), n in base.items())
    row = lp.Constraint(float(-have), lp.infinity())
    for (tasks, _), variable in zip(kinds, variables, strict=True):
        row.SetCoefficient(variable, float(whole * is_joint(problem, tasks) - part))


def _add_seats(
    lp: Any,
    problem: MergeProblem,
    base: Mapping[Kind, int],
    kinds: list[Kind],
    variables: list[Any],
    tight: Sequence[int],
) -> None:
    left = problem.seats - _load(problem, base)
    rows = {(r, m): lp.Constraint(-lp.infinity(), float(left[r, m])) for r in tight for m in range(left.shape[1])}
    for (tasks, month), variable in zip(kinds, variables, strict=True):
        for r in tight:
            if problem.resources[list(tasks), r].any():
                rows[r, month].SetCoefficient(variable, float(problem.seats_per_visit[r]))


def _load(problem: MergeProblem, visits: Mapping[Kind, int]) -> Ints:
    load = np.zeros(problem.seats.shape, np.int64)
    for (tasks, month), n in visits.items():
        if month < 0:
            continue
        used = problem.resources[list(tasks)].any(axis=0)
        load[used, month] += n * problem.seats_per_visit[used]
    return load


def overfull(problem: MergeProblem, visits: Mapping[Kind, int], tight: Sequence[int]) -> bool:
    """Whether visits exceed the seats of a tight resource; other resources' months are chosen later."""
    return bool((_load(problem, visits) > problem.seats)[list(tight)].any())


def joint_is_met(problem: MergeProblem, visits: Mapping[Kind, int]) -> bool:
    """Whether enough visits (or combinations, where those count) are joint."""
    counts: dict[tuple[int, ...], int] = {}
    for (tasks, _), n in visits.items():
        if n:
            counts[tasks] = 1 if problem.joint_counted_by == "tasks" else counts.get(tasks, 0) + n
    joint = sum(n for tasks, n in counts.items() if is_joint(problem, tasks))
    return joint * problem.joint[1] >= problem.joint[0] * sum(counts.values())


def _trim(problem: MergeProblem, visits: dict[Kind, int]) -> dict[Kind, int]:
    """Leave tasks out of visits until every total is exact, from full visits first, keeping visits joint."""
    over = -_rest(problem, visits)
    for k in np.flatnonzero(over > 0):
        left = int(over[k])
        while left:
            holders = [kind for kind, n in visits.items() if n and int(k) in kind[0]]
            kind = min(holders, key=lambda kind: _loss(problem, kind, int(k)))
            n = min(left, visits[kind])
            visits[kind] -= n
            tasks = tuple(t for t in kind[0] if t != k)
            if tasks:
                visits[tasks, kind[1]] = visits.get((tasks, kind[1]), 0) + n
            left -= n
    return {kind: visits[kind] for kind in sorted(visits) if visits[kind]}


def _loss(problem: MergeProblem, kind: Kind, k: int) -> tuple[bool, bool, int, Kind]:
    """What leaving a task out of a visit costs: the visit itself, its being joint, its fullness; then the order."""
    rest = tuple(t for t in kind[0] if t != k)
    return not rest, bool(rest) and is_joint(problem, kind[0]) and not is_joint(problem, rest), -len(kind[0]), kind
