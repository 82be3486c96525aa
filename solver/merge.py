"""Several agencies' tasks at one firm become one visit (综合查一次), as few visits as the rules allow.

In order: every rule; every task's total; fewest visits; the joint share; the fairest chances; even months.
Source: SOLVER 2 of the design notes; column generation (Gilmore and Gomory 1961), bound by Farley (1990).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from solver.cover import Known, eligible_for
from solver.master import Master
from solver.merge_problem import (
    Bools,
    Conflict,
    Ints,
    Merge,
    MergeProblem,
    Relaxation,
    Relief,
    RuleKind,
    Shortage,
    ShortRule,
    TierBounds,
)
from solver.months import deal
from solver.relaxed import Column, Kind, Relaxed, by_kind, near_bounds
from solver.shortage import Stuck, settle, shortfalls
from solver.whole import whole_visits

__all__ = [
    "Conflict",
    "Merge",
    "MergeProblem",
    "Relaxation",
    "Relief",
    "RuleKind",
    "ShortRule",
    "Shortage",
    "TierBounds",
    "merge",
]

MARGIN = 6
"""Seats that one in so many visits takes are left free when it is judged whether a resource's seats may not suffice."""

MOST_TIGHTENINGS = 6
"""Times resources are added to those whose seats the linear program keeps month by month."""


def merge(problem: MergeProblem) -> Merge | Shortage:
    """Choose which tasks are done together, how often and in which months, or say which rule is short.

    1. Inequalities that need no search find plain shortages.
    2. A linear program over visits found by pricing gives the fewest visits and proves the bound.
    3. Among answers of as few visits the least visits per fair share are raised, then the next least.
    4. Whole visits: floors, the rest exactly; a flow checks that every signature's bounds can be met.
    5. Months, evenly; resources whose seats do not suffice are then kept month by month in the program, 2-4 again.

    Returns:
        The merge, or a shortage with changes that would help.
    """
    found = find_merge(problem)
    return found if isinstance(found, Merge) else settle(problem, found, find_merge)


def find_merge(problem: MergeProblem, seeds: Sequence[Column] = ()) -> Merge | Stuck:
    """Return a merge, or where the search for one ended; ``seeds`` are visits to begin with."""
    if shortfalls(problem):
        return Stuck()
    if not int(problem.totals.sum()):
        return _empty(problem)
    # A visit takes all officers of a resource or none, so a remainder of seats is of no use.
    per_visit = problem.seats_per_visit[:, None]
    return _find(replace(problem, seats=problem.seats // per_visit * per_visit), seeds)


def _find(problem: MergeProblem, given: Sequence[Column]) -> Merge | Stuck:
    """Search with few resources kept month by month, then with those that turn out short, at last with all."""
    every = tuple(int(r) for r in np.flatnonzero(problem.resources[problem.totals > 0].any(axis=0)))
    tight: tuple[int, ...] = ()
    seeds = list(given)
    for attempt in range(MOST_TIGHTENINGS):
        master = Master(problem, tight=tight)
        master.start(seeds)
        fewest = master.solve()
        if fewest is not None and fewest.broken:
            master.insist()
            fewest = master.solve()
        if fewest is None or fewest.broken:
            return Stuck(tight=tight, seeds=tuple(sorted(master.columns)))
        seeds = master.near_best(0.2)
        overfull = () if attempt else _expected_overfull(problem, fewest)
        if not overfull:
            solved = _whole(problem, master, fewest)
            if isinstance(solved, Merge):
                return solved
            overfull, used = solved
            seeds = sorted({*seeds, *used})
        if tight == every:
            break
        is_last = attempt >= MOST_TIGHTENINGS - 2 or not set(overfull) - set(tight)
        tight = every if is_last else tuple(sorted({*tight, *overfull}))
    return Stuck(tight=tight, seeds=tuple(seeds))


def _whole(problem: MergeProblem, master: Master, fewest: Relaxed) -> Merge | tuple[tuple[int, ...], list[Column]]:
    """Round the fairest answer of as few visits (else the first one) and deal months.

    Returns:
        The merge; or resources whose seats turned out too few (none: no rounding was found) and the columns used.
    """
    goal = int(np.ceil(fewest.objective - 1e-6))
    priced = frozenset(s for group in (*fewest.poor, *fewest.full) for s in group)
    fair = master.make_fair(float(goal))
    kinds = sorted({(c.tasks, c.month) for c in master.columns})
    used = [] if fair is None else list(fair.visits)
    for answer in (fair, fewest):
        if answer is None:
            continue
        watched = priced.union(near_bounds(answer, problem.lower, problem.upper))
        known = Known(goal=goal, tight=master.tight, watched=watched)
        visits = whole_visits(problem, by_kind(answer), kinds, known)
        if visits is None:
            continue
        combinations, dated = _as_rows(problem, visits)
        dealt = deal(problem, combinations, _counts(visits), start=dated)
        if dealt.overfull:
            return dealt.overfull, used
        bound = min(int(_counts(visits).sum()), int(np.ceil(fewest.bound - 1e-6)))
        return _answer(problem, combinations, dealt.visits, bound)
    return (), used


def _expected_overfull(problem: MergeProblem, answer: Relaxed) -> tuple[int, ...]:
    """Resources whose seats the expected visits, rounded down and evenly dealt, come near to exceeding."""
    floors = {kind: n for kind, value in by_kind(answer).items() if (n := int(value + 1e-6)) > 0}
    combinations, dated = _as_rows(problem, floors)
    fewer = replace(problem, seats=problem.seats - problem.seats // MARGIN)
    return deal(fewer, combinations, _counts(floors), start=dated, is_trial=True).overfull


def _as_rows(problem: MergeProblem, visits: Mapping[Kind, int]) -> tuple[Bools, Ints]:
    """Combinations in lexical order, (n, n_tasks), and the visits among them that carry a month, (n, n_months)."""
    tasks = sorted({kind[0] for kind, n in visits.items() if n})
    place = {t: row for row, t in enumerate(tasks)}
    combinations = np.zeros((len(tasks), len(problem.totals)), bool)
    for row, chosen in enumerate(tasks):
        combinations[row, list(chosen)] = True
    dated = np.zeros((len(tasks), problem.windows.shape[1]), np.int64)
    for (chosen, month), n in visits.items():
        if n and month >= 0:
            dated[place[chosen], month] += n
    return combinations, dated


def _counts(visits: Mapping[Kind, int]) -> Ints:
    """Visits by combination, in lexical order of their tasks, (n,)."""
    total: dict[tuple[int, ...], int] = {}
    for (tasks, _), n in visits.items():
        total[tasks] = total.get(tasks, 0) + n
    return np.array([total[tasks] for tasks in sorted(total) if total[tasks]], dtype=np.int64)


def _answer(problem: MergeProblem, combinations: Bools, dealt: Ints, bound: int) -> Merge:
    kinds = [(tuple(int(k) for k in np.flatnonzero(row)), -1) for row in combinations]
    return Merge(combinations=combinations, visits=dealt, eligible=eligible_for(problem, kinds), bound=bound)


def _empty(problem: MergeProblem) -> Merge:
    return Merge(
        combinations=np.zeros((0, len(problem.totals)), bool),
        visits=np.zeros((0, problem.windows.shape[1]), np.int64),
        eligible=np.zeros((len(problem.signatures), 0), bool),
        bound=0,
    )
