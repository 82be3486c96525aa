"""The covering program: fewest further whole visits that give every task its rest and keep the rules watched.

SCIP solves it at county size in 0.1-0.5 s; its limits are nodes and gaps, never seconds, so that the same input gives
the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

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
    watched: frozenset[int] = frozenset()


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
    problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], watched: Set[int], known: Known
) -> dict[Kind, int] | None:
    """Fewest further visits, of these kinds, that give every task at least its rest and keep the rules.

    Bounds are seen for the signatures ``watched`` (and coverage); a flow shows which others must be watched too.
    """
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
    _add_flow(lp, problem, base, kinds, variables, sorted(watched))
    _add_joint(lp, problem, base, kinds, variables)
    _add_seats(lp, problem, base, kinds, variables, known.tight)
    if lp.Solve() not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return None
    return {k: n for k, v in zip(kinds, variables, strict=True) if (n := round(v.solution_value())) > 0}


def _add_flow(
    lp: Any,
    problem: MergeProblem,
    base: Mapping[Kind, int],
    kinds: list[Kind],
    variables: list[Any],
    watched: list[int],
) -> None:
    """Every visit goes to a watched signature, within its bounds, or elsewhere, to coverage or not.

    Visits that can go to the same of them flow together, so the flow is small.
    """
    n = len(kinds)
    every = [*kinds, *(k for k, count in base.items() if count)]
    patterns, pattern_of = _destinations(problem, eligible_for(problem, every), watched)
    counts = np.array([base[k] for k in every[n:]], dtype=np.float64)
    held = np.bincount(pattern_of[n:], weights=counts, minlength=patterns.shape[1])
    rows = [lp.Constraint(problem.lower[s] / MILLION, problem.upper[s] / MILLION) for s in watched]
    coverage = lp.Constraint(float(problem.coverage), lp.infinity())
    sources = [lp.Constraint(float(h), float(h)) for h in held]
    for i, variable in enumerate(variables):
        sources[pattern_of[i]].SetCoefficient(variable, -1.0)
    for column, source in enumerate(sources):
        for row in np.flatnonzero(patterns[:, column]):
            flow = lp.NumVar(0.0, lp.infinity(), "")
            source.SetCoefficient(flow, 1.0)
            if row < len(watched):
                rows[row].SetCoefficient(flow, 1.0)
            if row == len(watched) or (row < len(watched) and problem.covers[watched[row]]):
                coverage.SetCoefficient(flow, 1.0)


def _destinations(problem: MergeProblem, eligible: Bools, watched: list[int]) -> tuple[Bools, Ints]:
    """Where visits may go: watched signatures, coverage elsewhere, anything else; the patterns and each visit's."""
    elsewhere = np.ones(len(problem.signatures), bool)
    elsewhere[watched] = False
    to_coverage = eligible[elsewhere & problem.covers].any(axis=0)
    to_others = eligible[elsewhere & ~problem.covers].any(axis=0)
    patterns, pattern_of = np.unique(
        np.vstack([eligible[watched], to_coverage, to_others]), axis=1, return_inverse=True
    )
    return patterns, pattern_of.reshape(-1)


def is_joint(problem: MergeProblem, tasks: Sequence[int]) -> bool:
    """Whether more than one agency takes part in a visit with these tasks."""
    return int(problem.resources[list(tasks), : problem.n_agencies].any(axis=0).sum()) > 1


def _add_joint(
    lp: Any, problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], variables: list[Any]
) -> None:
    part, whole = problem.joint
    if not part:
        return
    if problem.joint_counted_by == "tasks":
        _add_joint_sets(lp, problem, base, kinds, variables)
        return
    have = sum(n * (whole * is_joint(problem, tasks) - part) for (tasks, _), n in base.items())
    row = lp.Constraint(float(-have), lp.infinity())
    for (tasks, _), variable in zip(kinds, variables, strict=True):
        row.SetCoefficient(variable, float(whole * is_joint(problem, tasks) - part))


def _add_joint_sets(
    lp: Any, problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], variables: list[Any]
) -> None:
    """The share of sets of tasks in use that are joint; one more set counts once, however many visits it makes."""
    part, whole = problem.joint
    used = {tasks for (tasks, _), n in base.items() if n}
    have = sum(whole * is_joint(problem, tasks) - part for tasks in used)
    share = lp.Constraint(float(-have), lp.infinity())
    added: dict[tuple[int, ...], Any] = {}
    for (tasks, _), variable in zip(kinds, variables, strict=True):
        if tasks in used:
            continue
        joint = is_joint(problem, tasks)
        if tasks not in added:
            taken = lp.BoolVar("")
            share.SetCoefficient(taken, float(whole * joint - part))
            # Joint: in use only if visited. Single: in use as soon as it is visited.
            row = lp.Constraint(0.0, lp.infinity())
            row.SetCoefficient(taken, -1.0 if joint else float(problem.totals[list(tasks)].max()))
            added[tasks] = row
        added[tasks].SetCoefficient(variable, 1.0 if joint else -1.0)


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
