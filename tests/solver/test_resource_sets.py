"""Sets of resources a visit may use: more than a machine word holds, and limits that do not bind."""

from __future__ import annotations

import numpy as np

from solver.merge import Merge, merge
from solver.resource_sets import resource_sets
from tests.solver.merge_cases import broken_rules, problem_of
from tests.solver.test_infeasible import _unmerged


def test_firms_subject_to_seventy_tasks_that_may_not_be_merged_are_planned() -> None:
    n = 70
    plain = problem_of([1] * n, [[0]] * n, [[k % 3] for k in range(n)], [list(range(n))], upper=np.array([10**8]))
    problem = _unmerged(plain)
    found = merge(problem)
    assert isinstance(found, Merge)
    assert broken_rules(problem, found) == []
    assert int(found.visits.sum()) == n


def test_seventy_agencies_that_may_all_meet_need_one_set() -> None:
    problem = problem_of([1] * 70, [[0]] * 70, [[k] for k in range(70)], [list(range(70))], most_agencies=70)
    sets = resource_sets(problem, problem.resources)
    assert sets.is_complete
    assert sets.uses.all() and len(sets.uses) == 1


def test_sets_are_the_same_in_long_and_short_words() -> None:
    # 66 agencies of which two matter: the long form must list what the short form lists for those two and a third.
    short = problem_of([1] * 3, [[0]] * 3, [[0], [1], [2]], [[0, 1, 2]], most_agencies=2)
    listed = resource_sets(short, short.resources)
    assert sorted(map(tuple, np.argwhere(listed.uses).tolist())) == [(0, 0), (0, 1), (1, 0), (1, 2), (2, 1), (2, 2)]
    long = problem_of([1] * 66, [[0]] * 66, [[k] for k in range(66)], [list(range(66))], most_agencies=2)
    assert len(resource_sets(long, long.resources).uses) == 66 * 65 // 2
