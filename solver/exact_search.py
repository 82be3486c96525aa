"""Small problems, exactly: all visits there may be are listed, and CP-SAT finds a plan or proves that there is none.

It has the last word where rounding found no plan, and tells which rules conflict where only whole visits do. A county
has too many sets of tasks for it; there ``listed`` gives None.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np

from solver.cover import eligible_for
from solver.merge_problem import MILLION, Bools, Ints, Merge, MergeProblem, Rule
from solver.rule_drop import rules_of, signature_bounds, structure

MOST_KINDS = 1_500
"""Sets of tasks in a month beyond which a problem is not small."""

MOST_VISITS = 400
"""Checks beyond which a problem is not small."""

EFFORT = 20.0
"""Deterministic seconds of CP-SAT, the same work on every machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Visits there may be if no structural rule held: sets of tasks, and which rules keep each from each month.

    Attributes:
        problem: what they are visits of.
        sets: tasks of a visit, sorted.
        eligible: (n_signatures, n_sets).
        is_joint: (n_sets,).
        uses: resources of a set, (n_sets, n_resources).
    """

    problem: MergeProblem
    sets: tuple[tuple[int, ...], ...]
    eligible: Bools
    is_joint: Bools
    uses: Bools


def listed(problem: MergeProblem) -> Listed | None:
    """All sets of tasks one firm may be subject to; None when they are too many."""
    if int(problem.totals.sum()) > MOST_VISITS:
        return None
    free = structure(problem, frozenset(rules_of(problem)))
    sets: set[tuple[int, ...]] = set()
    rows = {tuple(int(k) for k in np.flatnonzero(row & (problem.totals > 0))) for row in problem.signatures}
    for tasks in sorted(rows):
        grown: list[tuple[int, ...]] = [()]
        for k in tasks:
            grown += [(*one, k) for one in grown if _may_meet(free, (*one, k))]
            if len(grown) * problem.windows.shape[1] > MOST_KINDS:
                return None
        sets.update(one for one in grown if one)
    chosen = tuple(sorted(sets))
    if not chosen or len(chosen) * problem.windows.shape[1] > MOST_KINDS:
        return None
    uses = np.array([problem.resources[list(tasks)].any(axis=0) for tasks in chosen])
    return Listed(
        problem=problem,
        sets=chosen,
        eligible=eligible_for(problem, [(tasks, -1) for tasks in chosen]),
        is_joint=uses[:, : problem.n_agencies].sum(axis=1) > 1,
        uses=uses,
    )


def _may_meet(problem: MergeProblem, tasks: tuple[int, ...]) -> bool:
    used = problem.resources[list(tasks)].any(axis=0)
    return not bool(problem.conflicts[np.ix_(used, used)].any())


def exact_plan(found: Listed, kept: Set[Rule], *, fewest: bool = False) -> Merge | bool | None:
    """A merge that keeps these rules; False when there is none, None when neither was shown within the effort."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    visits = _visits(model, found, kept)
    _add_totals(model, found, kept, visits)
    _add_bounds(model, found, kept, visits)
    _add_joint(model, found, kept, visits)
    _add_seats(model, found, kept, visits)
    if fewest:
        model.minimize(sum(visits.values()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = EFFORT
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return False
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    counts = {key: int(solver.value(variable)) for key, variable in visits.items()}
    return _merge(found, counts, int(solver.best_objective_bound) if fewest else 0)


def _visits(model: Any, found: Listed, kept: Set[Rule]) -> dict[tuple[int, int], Any]:
    """Whole visits by set and month that the structural rules kept allow."""
    p = found.problem
    shape = structure(p, frozenset(rules_of(p)) - kept)
    part, whole = p.joint
    del part
    # Without totals as many visits as all the other rules could ask for together are enough.
    most = (int(p.totals.sum()) + p.coverage + int(p.lower.sum()) // MILLION + len(p.lower) + 1) * (whole + 1)
    visits = {}
    for c, tasks in enumerate(found.sets):
        used = found.uses[c]
        if (
            int(shape.items[list(tasks)].sum()) > shape.most_items
            or int(used[: shape.n_agencies].sum()) > shape.most_agencies
            or bool(shape.conflicts[np.ix_(used, used)].any())
        ):
            continue
        limit = min([int(p.totals[k]) for k in tasks if Rule("task_total", k) in kept], default=most)
        for m in np.flatnonzero(shape.windows[list(tasks)].all(axis=0)):
            visits[c, int(m)] = model.new_int_var(0, limit, "")
    return visits


def _add_totals(model: Any, found: Listed, kept: Set[Rule], visits: dict[tuple[int, int], Any]) -> None:
    for k in np.flatnonzero(found.problem.totals > 0):
        if Rule("task_total", int(k)) in kept:
            done = sum(variable for (c, _), variable in visits.items() if int(k) in found.sets[c])
            model.add(done == int(found.problem.totals[k]))


def _add_bounds(model: Any, found: Listed, kept: Set[Rule], visits: dict[tuple[int, int], Any]) -> None:
    """Expected visits of signatures in the largest unit that divides all bounds: flows of whole units suffice."""
    p = found.problem
    lower, upper = signature_bounds(p, frozenset(rules_of(p)) - kept)
    unit = gcd(MILLION, *(int(b) for b in (*lower, *upper)))
    scale, top = MILLION // unit, 1 << 40
    held: dict[int, list[Any]] = {s: [] for s in range(len(lower))}
    for c in range(len(found.sets)):
        mine = [variable for (d, _), variable in visits.items() if d == c]
        if not mine:
            continue
        flows = {int(s): model.new_int_var(0, top, "") for s in np.flatnonzero(found.eligible[:, c])}
        model.add(sum(flows.values()) == scale * sum(mine))
        for s, flow in flows.items():
            held[s].append(flow)
    for s, flows_in in held.items():
        total = sum(flows_in)
        if flows_in:
            model.add(total <= int(upper[s]) // unit)
        if lower[s] > 0:
            model.add(total * unit >= int(lower[s]))
    if Rule("coverage") in kept and p.coverage:
        covering = sum(flow for s in np.flatnonzero(p.covers) for flow in held[int(s)])
        model.add(covering >= p.coverage * scale)


def _add_joint(model: Any, found: Listed, kept: Set[Rule], visits: dict[tuple[int, int], Any]) -> None:
    part, whole = found.problem.joint
    if Rule("joint") not in kept or not part:
        return
    if found.problem.joint_counted_by != "tasks":
        model.add(sum(v * (whole * int(found.is_joint[c]) - part) for (c, _), v in visits.items()) >= 0)
        return
    used = []
    for c in range(len(found.sets)):
        mine = [v for (d, _), v in visits.items() if d == c]
        if mine:
            is_used = model.new_bool_var("")
            model.add(sum(mine) >= 1).only_enforce_if(is_used)
            model.add(sum(mine) == 0).only_enforce_if(~is_used)
            used.append(is_used * (whole * int(found.is_joint[c]) - part))
    model.add(sum(used) >= 0)


def _add_seats(model: Any, found: Listed, kept: Set[Rule], visits: dict[tuple[int, int], Any]) -> None:
    p = found.problem
    for r in range(p.resources.shape[1]):
        if Rule("seats", r) not in kept:
            continue
        for m in range(p.windows.shape[1]):
            taking = [v for (c, month), v in visits.items() if month == m and found.uses[c, r]]
            if taking:
                model.add(sum(taking) * int(p.seats_per_visit[r]) <= int(p.seats[r, m]))


def _merge(found: Listed, counts: dict[tuple[int, int], int], bound: int) -> Merge:
    p = found.problem
    used = sorted({c for (c, _), n in counts.items() if n})
    combinations = np.zeros((len(used), len(p.totals)), bool)
    visits: Ints = np.zeros((len(used), p.windows.shape[1]), np.int64)
    for row, c in enumerate(used):
        combinations[row, list(found.sets[c])] = True
    place = {c: row for row, c in enumerate(used)}
    for (c, m), n in counts.items():
        if n:
            visits[place[c], m] += n
    return Merge(combinations=combinations, visits=visits, eligible=found.eligible[:, used], bound=bound)
