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

MOST_CUTS = 12
NODES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A bottleneck seen: visits that can reach these signatures must be so many (or visits confined to them at most)."""

    signatures: tuple[int, ...]
    is_lower: bool
    amount: int


def whole_visits(
    problem: MergeProblem, wanted: Mapping[Kind, float], found: Sequence[Kind], goal: int
) -> dict[Kind, int] | None:
    """Round expected visits to whole ones that meet every rule, as few as possible.

    Args:
        problem: totals, bounds, coverage, joint share; seats too when kinds carry months.
        wanted: expected visits by kind, from the linear program.
        found: every kind priced so far, tried when the fractional ones do not suffice.
        goal: least number of visits possible.

    Returns:
        Whole visits by kind, in order; None when no rounding was found.
    """
    for slack, pool in ((0, ()), (1, ()), (1, found), (3, found)):
        base = {kind: max(0, int(value + 1e-6) - slack) for kind, value in wanted.items()}
        kinds = [k for k, v in wanted.items() if slack or v - int(v + 1e-6) > 1e-6]
        answer = _with_cuts(problem, base, _candidates(problem, base, kinds, pool), goal)
        if answer is not None:
            return answer
    return None


def _candidates(
    problem: MergeProblem, base: Mapping[Kind, int], kinds: Sequence[Kind], found: Sequence[Kind]
) -> list[Kind]:
    """Kinds for the rest: the given ones, every task alone, and those found whose tasks all still lack visits."""
    rest = _rest(problem, base)
    months = {month for _, month in base} - {-1}
    chosen = set(kinds)
    for k in np.flatnonzero(rest > 0):
        chosen.update(((int(k),), m) for m in (sorted(months) or [-1]) if m < 0 or problem.windows[k, m])
    chosen.update(kind for kind in found if all(rest[k] > 0 for k in kind[0]))
    return sorted(chosen)


def _rest(problem: MergeProblem, visits: Mapping[Kind, int]) -> Ints:
    rest = problem.totals.copy()
    for (tasks, _), n in visits.items():
        rest[list(tasks)] -= n
    return rest


def _with_cuts(problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], goal: int) -> dict[Kind, int] | None:
    """Solve, check by a flow that signatures' bounds can be met, forbid the bottleneck, again."""
    cuts: list[Cut] = []
    for _ in range(MOST_CUTS):
        extra = _cover(problem, base, kinds, cuts, goal)
        if extra is None:
            return None
        visits = _trim(problem, {k: base.get(k, 0) + extra.get(k, 0) for k in sorted({*base, *extra})})
        narrow = neck(problem, visits)
        if narrow is None:
            return visits if joint_is_met(problem, visits) and not overfull(problem, visits) else None
        cut = _cut_of(problem, narrow)
        if cut in cuts:
            return None
        cuts.append(cut)
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


def _cut_of(problem: MergeProblem, narrow: Bottleneck) -> Cut:
    """The bottleneck as a rule on whole visits."""
    chosen = np.zeros(len(problem.signatures), bool)
    chosen[list(narrow.signatures)] = True
    if not narrow.is_lower:
        return Cut(signatures=narrow.signatures, is_lower=False, amount=int(problem.upper[chosen].sum()) // MILLION)
    owed = int(problem.lower[chosen].sum())
    if narrow.is_coverage:
        extra = max(0, problem.coverage * MILLION - int(problem.lower[problem.covers].sum()))
        owed += extra
        chosen |= problem.covers
    return Cut(
        signatures=tuple(int(s) for s in np.flatnonzero(chosen)), is_lower=True, amount=-(-owed // MILLION)
    )


def _cover(
    problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], cuts: Sequence[Cut], goal: int
) -> dict[Kind, int] | None:
    """Fewest further visits, of these kinds, that give every task at least its rest and keep the cuts."""
    from ortools.linear_solver import pywraplp

    lp = pywraplp.Solver.CreateSolver("SCIP")
    lp.SetSolverSpecificParametersAsString(f"limits/nodes = {NODES}\n")
    rest = _rest(problem, base)
    variables = [lp.IntVar(0, max(0, int(rest[list(tasks)].max())), "") for tasks, _ in kinds]
    rows = {int(k): lp.Constraint(float(rest[k]), lp.infinity()) for k in np.flatnonzero(rest > 0)}
    total = lp.Constraint(float(goal - sum(base.values())), lp.infinity())
    for (tasks, _), variable in zip(kinds, variables, strict=True):
        lp.Objective().SetCoefficient(variable, 1.0)
        total.SetCoefficient(variable, 1.0)
        for k in tasks:
            if k in rows:
                rows[k].SetCoefficient(variable, 1.0)
    _add_cuts(lp, problem, base, kinds, variables, cuts)
    _add_joint(lp, problem, base, kinds, variables)
    if any(month >= 0 for _, month in kinds):
        _add_seats(lp, problem, base, kinds, variables)
    if lp.Solve() not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return None
    return {k: n for k, v in zip(kinds, variables, strict=True) if (n := round(v.solution_value())) > 0}


def _add_cuts(
    lp: Any, problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], variables: list[Any], cuts: Sequence[Cut]
) -> None:
    if not cuts:
        return
    based = [k for k, n in base.items() if n]
    counts = np.array([base[k] for k in based], dtype=np.int64)
    reach_base, reach = eligible_for(problem, based), eligible_for(problem, kinds)
    for cut in cuts:
        inside = np.zeros(len(problem.signatures), bool)
        inside[list(cut.signatures)] = True
        if cut.is_lower:
            touched, counted = reach[inside].any(axis=0), reach_base[inside].any(axis=0)
            row = lp.Constraint(float(cut.amount - counts[counted].sum()), lp.infinity())
        else:
            touched, counted = ~reach[~inside].any(axis=0), ~reach_base[~inside].any(axis=0)
            row = lp.Constraint(-lp.infinity(), float(cut.amount - counts[counted].sum()))
        for i in np.flatnonzero(touched):
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
    lp: Any, problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], variables: list[Any]
) -> None:
    left = problem.seats - _load(problem, base)
    rows: dict[tuple[int, int], Any] = {}
    for (tasks, month), variable in zip(kinds, variables, strict=True):
        for r in np.flatnonzero(problem.resources[list(tasks)].any(axis=0)):
            key = (int(r), month)
            if key not in rows:
                rows[key] = lp.Constraint(-lp.infinity(), float(left[key]))
            rows[key].SetCoefficient(variable, float(problem.seats_per_visit[r]))


def _load(problem: MergeProblem, visits: Mapping[Kind, int]) -> Ints:
    load = np.zeros(problem.seats.shape, np.int64)
    for (tasks, month), n in visits.items():
        used = problem.resources[list(tasks)].any(axis=0)
        load[used, month] += n * problem.seats_per_visit[used]
    return load


def overfull(problem: MergeProblem, visits: Mapping[Kind, int]) -> bool:
    """Whether visits that carry months exceed the seats; never for visits whose months are chosen later."""
    if not visits or min(month for _, month in visits) < 0:
        return False
    return bool((_load(problem, visits) > problem.seats).any())


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
