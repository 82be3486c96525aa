"""Whether a changed problem has a plan: the search of the merge without the fairness, from visits already known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from solver.cover import Known
from solver.master import Master
from solver.merge_problem import MergeProblem
from solver.months import deal
from solver.relaxed import Column, Kind, Relaxed, by_kind, near_bounds
from solver.whole import whole_visits

MOST_TRIES = 4
"""Times resources whose seats do not suffice are kept month by month from then on."""


def trial_plan(problem: MergeProblem, seeds: Sequence[Column], tight: Sequence[int]) -> Mapping[Kind, int] | None:
    """Whole visits that keep every rule, whose months can be dealt; None proves nothing.

    Args:
        problem: a changed problem.
        seeds: visits to begin with.
        tight: resources that were short before the change.
    """
    per_visit = problem.seats_per_visit[:, None]
    problem = replace(problem, seats=problem.seats // per_visit * per_visit)
    kept = tuple(sorted(tight))
    for _ in range(MOST_TRIES):
        master = Master(problem, tight=kept)
        master.start(seeds)
        fewest = master.solve()
        if fewest is not None and fewest.broken:
            master.insist()
            fewest = master.solve()
        if fewest is None or fewest.broken:
            return None
        visits = _rounded(problem, master, fewest)
        if visits is None:
            return None
        overfull = _overfull(problem, visits)
        if not overfull:
            return visits
        if set(overfull) <= set(kept):
            return None
        kept = tuple(sorted({*kept, *overfull}))
        seeds = master.near_best(0.2)
    return None


def _rounded(problem: MergeProblem, master: Master, fewest: Relaxed) -> Mapping[Kind, int] | None:
    watched = frozenset(s for group in (*fewest.poor, *fewest.full) for s in group)
    known = Known(
        goal=int(np.ceil(fewest.objective - 1e-6)),
        tight=master.tight,
        watched=watched.union(near_bounds(fewest, problem.lower, problem.upper)),
    )
    kinds = sorted({(column.tasks, column.month) for column in master.columns})
    return whole_visits(problem, by_kind(fewest), kinds, known)


def _overfull(problem: MergeProblem, visits: Mapping[Kind, int]) -> tuple[int, ...]:
    """Resources whose seats no dealing of months was found to keep."""
    sets = sorted({kind[0] for kind, n in visits.items() if n})
    place = {tasks: row for row, tasks in enumerate(sets)}
    combinations = np.zeros((len(sets), len(problem.totals)), bool)
    dated = np.zeros((len(sets), problem.windows.shape[1]), np.int64)
    counts = np.zeros(len(sets), np.int64)
    for tasks, row in place.items():
        combinations[row, list(tasks)] = True
    for (tasks, month), n in visits.items():
        if n:
            counts[place[tasks]] += n
            dated[place[tasks], month] += n if month >= 0 else 0
    return deal(problem, combinations, counts, start=dated).overfull
