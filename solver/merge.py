"""Several agencies' tasks at one firm become one visit (综合查一次), as few visits as the rules allow.

In order: every rule; every task's total; fewest visits; the joint share; the fairest chances; even months.
Source: SOLVER 2 of the design notes; column generation (Gilmore and Gomory 1961), bound by Farley (1990).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from solver.master import Column, Master, Relaxed
from solver.merge_problem import Merge, MergeProblem, Relaxation, Relief, RuleKind, Shortage, ShortRule
from solver.months import spread_over_months
from solver.shortage import explain, shortfalls
from solver.whole import Kind, eligible_for, whole_visits

__all__ = ["Merge", "MergeProblem", "Relaxation", "Relief", "RuleKind", "ShortRule", "Shortage", "merge"]


def merge(problem: MergeProblem) -> Merge | Shortage:
    """Choose which tasks are done together, how often and in which months, or say which rule is short.

    1. Inequalities that need no search name plain shortages.
    2. A linear program over visits found by pricing gives the fewest visits and proves the bound.
    3. Among answers of as few visits the least visits per fair share are raised, then the next least.
    4. Whole visits: floors, the rest exactly; a flow checks that every signature's bounds can be met.
    5. Months, evenly; if seats do not suffice, 2-4 again with months and seats in the program.

    Returns:
        The merge, or a shortage with changes that would help.
    """
    plain = shortfalls(problem)
    if plain:
        return explain(problem, plain, find_merge)
    found = find_merge(problem)
    return found if found is not None else explain(problem, (), find_merge)


def find_merge(problem: MergeProblem) -> Merge | None:
    """Return a merge, or None when none was found."""
    if not int(problem.totals.sum()):
        return _empty(problem)
    return _merge_without_seats(problem) or _merge_with_seats(problem)


def _merge_without_seats(problem: MergeProblem) -> Merge | None:
    solved = _visits(problem, with_seats=False)
    if solved is None:
        return None
    visits, bound = solved
    combinations, counts = _as_rows(problem, visits)
    dealt = spread_over_months(problem, combinations, counts.sum(axis=1))
    return None if dealt is None else _answer(problem, combinations, dealt, bound)


def _merge_with_seats(problem: MergeProblem) -> Merge | None:
    solved = _visits(problem, with_seats=True)
    if solved is None:
        return None
    visits, bound = solved
    combinations, dealt = _as_rows(problem, visits)
    even = spread_over_months(problem, combinations, dealt.sum(axis=1))
    return _answer(problem, combinations, dealt if even is None else even, bound)


def _visits(problem: MergeProblem, *, with_seats: bool) -> tuple[dict[Kind, int], int] | None:
    master = Master(problem, with_seats=with_seats)
    master.start()
    fewest = master.solve()
    if fewest is None or fewest.broken:
        return None
    goal = int(np.ceil(fewest.objective - 1e-6))
    bound = min(goal, int(np.ceil(fewest.bound - 1e-6)))
    fair = master.make_fair(float(goal))
    kinds = sorted({(c.tasks, c.month) for c in master.columns})
    for answer in (fair, fewest):
        if answer is not None and not answer.broken:
            whole = whole_visits(problem, by_kind(answer), kinds, goal)
            if whole is not None:
                return whole, bound
    return None


def by_kind(answer: Relaxed) -> dict[Kind, float]:
    """Expected visits by tasks and month, over all signatures."""
    total: dict[Kind, float] = {}
    column: Column
    for column, value in answer.visits.items():
        kind = (column.tasks, column.month)
        total[kind] = total.get(kind, 0.0) + value
    return total


def _as_rows(problem: MergeProblem, visits: Mapping[Kind, int]) -> tuple[np.ndarray, np.ndarray]:
    """Combinations in lexical order, (n, n_tasks), and their visits by month, (n, n_months); unknown months in 0."""
    tasks = sorted({kind[0] for kind, n in visits.items() if n})
    place = {t: row for row, t in enumerate(tasks)}
    combinations = np.zeros((len(tasks), len(problem.totals)), bool)
    for row, chosen in enumerate(tasks):
        combinations[row, list(chosen)] = True
    counts = np.zeros((len(tasks), problem.windows.shape[1]), np.int64)
    for (chosen, month), n in visits.items():
        if n:
            counts[place[chosen], max(month, 0)] += n
    return combinations, counts


def _answer(problem: MergeProblem, combinations: np.ndarray, dealt: np.ndarray, bound: int) -> Merge:
    kinds = [(tuple(int(k) for k in np.flatnonzero(row)), -1) for row in combinations]
    return Merge(combinations=combinations, visits=dealt, eligible=eligible_for(problem, kinds), bound=bound)


def _empty(problem: MergeProblem) -> Merge:
    return Merge(
        combinations=np.zeros((0, len(problem.totals)), bool),
        visits=np.zeros((0, problem.windows.shape[1]), np.int64),
        eligible=np.zeros((len(problem.signatures), 0), bool),
        bound=0,
    )
