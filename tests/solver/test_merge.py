"""The merge against every rule as a plain loop, against brute force on small problems, and at county size."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.quotas import county
from solver.bounds_flow import bottleneck
from solver.merge import Merge, Shortage, find_merge, merge
from solver.merge_problem import MILLION, MergeProblem
from tests.solver.merge_cases import broken_rules, can_be_spread, fewest_visits, problem_of, small_problems


def spreadable(problem: MergeProblem, found: Merge) -> bool:
    narrow = bottleneck(
        found.visits.sum(axis=1), found.eligible, problem.lower, problem.upper, problem.covers, problem.coverage
    )
    return narrow is None


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(small_problems())
def test_small_problem_is_merged_best_or_truly_impossible(problem: MergeProblem) -> None:
    best = fewest_visits(problem)
    found = find_merge(problem)
    if not isinstance(found, Merge):
        assert best is None
        return
    assert broken_rules(problem, found) == []
    assert can_be_spread(problem, found.eligible, found.visits.sum(axis=1))
    assert best is not None
    assert found.bound <= best == int(found.visits.sum())


def test_tasks_whose_windows_meet_become_one_visit() -> None:
    found = merge(problem_of([3, 3], [[0, 1], [1, 2]], [[0], [1]], [[0, 1]]))
    assert isinstance(found, Merge)
    assert found.combinations.tolist() == [[True, True]]
    assert found.visits.tolist() == [[0, 3, 0]]
    assert found.bound == 3


def test_tasks_whose_windows_do_not_meet_stay_apart() -> None:
    found = merge(problem_of([3, 3], [[0], [1]], [[0], [1]], [[0, 1]]))
    assert isinstance(found, Merge)
    assert int(found.visits.sum()) == 6


def test_two_qualifications_of_one_agency_stay_apart() -> None:
    plain = problem_of([2, 2], [[0], [0]], [[0, 1], [0, 2]], [[0, 1]])
    conflicts = np.zeros((3, 3), bool)
    conflicts[1, 2] = conflicts[2, 1] = True
    found = merge(replace(plain, n_agencies=1, conflicts=conflicts, seats_per_visit=np.array([2, 1, 1])))
    assert isinstance(found, Merge)
    assert int(found.visits.sum()) == 4


def test_coverage_keeps_visits_apart_that_could_be_merged() -> None:
    found = merge(problem_of([4, 4], [[0], [0]], [[0], [1]], [[0, 1]], coverage=7))
    assert isinstance(found, Merge)
    assert int(found.visits.sum()) == 7


def test_lower_bound_keeps_firms_with_general_tasks_alone_from_starving() -> None:
    lower = np.array([1_500_000, 0], np.int64)
    found = merge(problem_of([4, 4], [[0], [0]], [[0], [1]], [[0], [0, 1]], lower=lower))
    assert isinstance(found, Merge)
    reach = int(found.visits.sum(axis=1)[found.eligible[0]].sum())
    assert reach >= 2
    assert int(found.visits.sum()) == 6


def test_months_are_even_where_nothing_binds() -> None:
    found = merge(problem_of([30, 7], [[0, 1, 2], [1]], [[0], [0]], [[0], [1]]))
    assert isinstance(found, Merge)
    by_month = found.visits.sum(axis=0)
    assert by_month.max() - by_month.min() <= 1


def test_scarce_seats_move_visits_to_other_months() -> None:
    seats = np.array([[4, 20, 4], [4, 4, 20]], np.int64)
    problem = problem_of([6, 6], [[0, 1, 2], [0, 1, 2]], [[0], [1]], [[0, 1]], seats=seats)
    found = merge(problem)
    assert isinstance(found, Merge)
    assert broken_rules(problem, found) == []


def test_nothing_to_do_gives_an_empty_merge() -> None:
    found = merge(problem_of([0, 0], [[0], [0]], [[0], [1]], [[0, 1]]))
    assert isinstance(found, Merge)
    assert found.combinations.shape == (0, 2)
    assert found.bound == 0


def test_result_is_the_same_twice() -> None:
    problem = problem_of([5, 4, 3], [[0, 1], [0, 1], [1, 2]], [[0], [1], [2]], [[0, 1], [1, 2], [0, 1, 2]])
    first, second = merge(problem), merge(problem)
    assert isinstance(first, Merge) and isinstance(second, Merge)
    assert first.visits.tobytes() == second.visits.tobytes()
    assert first.combinations.tobytes() == second.combinations.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 4])
def test_county_keeps_every_rule_near_its_bound(seed: int) -> None:
    problem = county(seed).problem
    found = merge(problem)
    assert isinstance(found, Merge)
    assert broken_rules(problem, found) == []
    assert spreadable(problem, found)
    visits = int(found.visits.sum())
    assert visits <= found.bound * 1.002
    assert len(found.visits) <= 600
    checks = int(problem.totals.sum())
    assert (checks - visits) / checks > 0.328
    assert int(problem.upper.sum()) >= visits * MILLION


@pytest.mark.slow
def test_county_with_a_third_of_the_seats_is_short_and_says_what_helps() -> None:
    problem = county(1, n_tasks=90).problem
    seats = problem.seats.copy()
    seats[0] //= 3
    short = merge(replace(problem, seats=seats))
    assert isinstance(short, Shortage)
    assert "seats" in {side.kind for conflict in short.conflicts for side in conflict.sides}
    assert short.relaxations
