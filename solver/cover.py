"""The covering program: fewest further whole visits that give every task its rest and keep the rules watched.

SCIP solves it at county size in 0.1-0.5 s; its limits are nodes and gaps, never seconds, so that the same input gives
the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solver.bounds_flow import Bottleneck
from solver.merge_problem import MILLION, Bools, Ints, MergeProblem
from solver.relaxed import Kind

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


def eligible_for(problem: MergeProblem, kinds: Sequence[Kind]) -> Bools:
    """Signatures subject to all tasks of a kind, (n_signatures, n_kinds)."""
    asked = np.zeros((len(kinds), len(problem.totals)), np.float64)
    for row, (tasks, _) in enumerate(kinds):
        asked[row, list(tasks)] = 1.0
    lacking = (~problem.signatures).astype(np.float64) @ asked.T
    return np.asarray(lacking == 0)


def rest_of(problem: MergeProblem, visits: Mapping[Kind, int]) -> Ints:
    """Return firms each task still lacks (negative: has too many), (n_tasks,)."""
    rest = problem.totals.copy()
    for (tasks, _), n in visits.items():
        rest[list(tasks)] -= n
    return rest


def cover(
    problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], watch: Watch, known: Known
) -> dict[Kind, int] | None:
    """Fewest further visits, of these kinds, that give every task at least its rest and what is watched its due."""
    from ortools.linear_solver import pywraplp  # type: ignore[import-untyped] # no stubs shipped

    lp = pywraplp.Solver.CreateSolver("SCIP")
    lp.SetSolverSpecificParametersAsString(SMALL_EFFORT if len(kinds) <= SMALL else LARGE_EFFORT)
    rest = rest_of(problem, base)
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
    left = problem.seats - load_of(problem, base)
    rows = {(r, m): lp.Constraint(-lp.infinity(), float(left[r, m])) for r in tight for m in range(left.shape[1])}
    for (tasks, month), variable in zip(kinds, variables, strict=True):
        for r in tight:
            if problem.resources[list(tasks), r].any():
                rows[r, month].SetCoefficient(variable, float(problem.seats_per_visit[r]))


def load_of(problem: MergeProblem, visits: Mapping[Kind, int]) -> Ints:
    """Return seats taken by the visits that carry months, (n_resources, n_months)."""
    load = np.zeros(problem.seats.shape, np.int64)
    for (tasks, month), n in visits.items():
        if month < 0:
            continue
        used = problem.resources[list(tasks)].any(axis=0)
        load[used, month] += n * problem.seats_per_visit[used]
    return load


def overfull(problem: MergeProblem, visits: Mapping[Kind, int], tight: Sequence[int]) -> bool:
    """Whether visits exceed the seats of a tight resource; other resources' months are chosen later."""
    return bool((load_of(problem, visits) > problem.seats)[list(tight)].any())


def joint_is_met(problem: MergeProblem, visits: Mapping[Kind, int]) -> bool:
    """Whether enough visits (or combinations, where those count) are joint."""
    counts: dict[tuple[int, ...], int] = {}
    for (tasks, _), n in visits.items():
        if n:
            counts[tasks] = 1 if problem.joint_counted_by == "tasks" else counts.get(tasks, 0) + n
    joint = sum(n for tasks, n in counts.items() if is_joint(problem, tasks))
    return joint * problem.joint[1] >= problem.joint[0] * sum(counts.values())
