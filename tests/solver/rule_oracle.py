"""Whether whole visits can keep some rules of a small problem: every visit listed, CP-SAT; no code of solver/."""

from __future__ import annotations

from itertools import combinations
from math import ceil

from ortools.sat.python import cp_model

from solver.merge_problem import MILLION, MergeProblem

MOST = 60
"""Visits of a kind where no total limits them; enough for every rule of the problems tested."""

UNIT = 100_000
"""Bounds of the problems tested are multiples of this many millionths."""


def can_keep(problem: MergeProblem, kept: set[tuple[str, int]]) -> bool:
    """Whether a plan keeps the rules (kind, index); the index is -1 for rules of the region."""
    p, model = problem, cp_model.CpModel()
    n_signatures, n_tasks = p.signatures.shape
    first_lone = p.resources.shape[1] - p.n_lone
    visits: dict[tuple[tuple[int, ...], int], cp_model.IntVar] = {}
    for size in range(1, n_tasks + 1):
        for tasks in combinations(range(n_tasks), size):
            if any(p.totals[k] == 0 for k in tasks):
                continue
            if not any(all(p.signatures[s, k] for k in tasks) for s in range(n_signatures)):
                continue
            used = [r for r in range(p.resources.shape[1]) if any(p.resources[k, r] for k in tasks)]
            if ("most_agencies", -1) in kept and sum(r < p.n_agencies for r in used) > p.most_agencies:
                continue
            if ("most_items", -1) in kept and sum(int(p.items[k]) for k in tasks) > p.most_items:
                continue
            clashing = [(a, b) for a in used for b in used if p.conflicts[a, b]]
            if ("merge", -1) not in kept:
                clashing = [(a, b) for a, b in clashing if a < first_lone or b < first_lone]
            if clashing:
                continue
            for m in range(p.windows.shape[1]):
                if all(p.windows[k, m] or ("window", k) not in kept for k in tasks):
                    visits[tasks, m] = model.new_int_var(0, MOST, "")
    for k in range(n_tasks):
        if ("task_total", k) in kept:
            model.add(sum(v for (tasks, _), v in visits.items() if k in tasks) == int(p.totals[k]))
    for r in range(p.resources.shape[1]):
        for m in range(p.windows.shape[1]):
            if ("seats", r) in kept:
                taking = [v for (t, month), v in visits.items() if month == m and any(p.resources[k, r] for k in t)]
                model.add(sum(taking) * int(p.seats_per_visit[r]) <= int(p.seats[r, m]))
    _bound(model, p, kept, visits)
    if ("joint", -1) in kept:
        _share(model, p, visits)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE)
    return status != cp_model.INFEASIBLE


def _bound(model: cp_model.CpModel, p: MergeProblem, kept: set[tuple[str, int]], visits: dict) -> None:
    """Expected visits of signatures as flows in tenths of a visit, bounds and coverage on them."""
    into: list[list[cp_model.IntVar]] = [[] for _ in p.signatures]
    for tasks in {tasks for tasks, _ in visits}:
        flows = []
        for s, row in enumerate(p.signatures):
            if all(row[k] for k in tasks):
                flows.append(model.new_int_var(0, MOST * 100, ""))
                into[s].append(flows[-1])
        model.add(sum(flows) == MILLION // UNIT * sum(v for (t, _), v in visits.items() if t == tasks))
    for s, flows in enumerate(into):
        if ("lower", s) in kept:
            model.add(sum(flows) >= ceil(int(p.lower[s]) / UNIT))
        if ("upper", s) in kept:
            model.add(sum(flows) <= int(p.upper[s]) // UNIT)
    if ("coverage", -1) in kept:
        covering = [flow for s, flows in enumerate(into) if p.covers[s] for flow in flows]
        model.add(sum(covering) >= p.coverage * (MILLION // UNIT))


def _share(model: cp_model.CpModel, p: MergeProblem, visits: dict) -> None:
    part, whole = p.joint
    counts = []
    for tasks in {tasks for tasks, _ in visits}:
        agencies = {a for a in range(p.n_agencies) if any(p.resources[k, a] for k in tasks)}
        number = sum(v for (t, _), v in visits.items() if t == tasks)
        if p.joint_counted_by == "tasks":
            is_used = model.new_bool_var("")
            model.add(number >= 1).only_enforce_if(is_used)
            model.add(number == 0).only_enforce_if(~is_used)
            number = is_used
        counts.append((whole * (len(agencies) > 1) - part) * number)
    model.add(sum(counts) >= 0)


def every_rule(p: MergeProblem) -> set[tuple[str, int]]:
    """All rules of a problem."""
    n_signatures, n_tasks = p.signatures.shape
    named = {(kind, -1) for kind in ("most_agencies", "most_items", "merge", "coverage", "joint")}
    by_task = {(kind, k) for kind in ("task_total", "window") for k in range(n_tasks)}
    by_signature = {(kind, s) for kind in ("lower", "upper") for s in range(n_signatures)}
    return named | by_task | by_signature | {("seats", r) for r in range(p.resources.shape[1])}
