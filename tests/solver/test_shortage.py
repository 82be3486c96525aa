"""Impossible problems: the rule named is short by the amount named, and the changes named make a plan possible."""

import numpy as np
from hypothesis import HealthCheck, assume, given, settings

from solver.merge import Merge, Shortage, merge
from solver.merge_problem import MILLION, MergeProblem
from solver.shortage import applied, shortfalls
from tests.solver.merge_cases import broken_rules, fewest_visits, problem_of, small_problems


def short_of(problem: MergeProblem) -> Shortage:
    found = merge(problem)
    assert isinstance(found, Shortage)
    return found


def test_too_few_firms_for_a_task_names_task_and_gap() -> None:
    short = short_of(problem_of([9, 1], [[0], [0]], [[0], [0]], [[0], [1]], upper=np.array([5, 50]) * MILLION))
    rule = short.rules[0]
    assert (rule.kind, rule.index, rule.required, rule.attainable, rule.short) == ("task_total", 0, 9, 5, 4)


def test_coverage_beyond_all_checks_names_the_gap_and_what_is_attainable() -> None:
    short = short_of(problem_of([3, 2], [[0], [0]], [[0], [0]], [[0], [1]], coverage=8))
    assert [(r.kind, r.required, r.attainable) for r in short.rules] == [("coverage", 8, 5)]
    proposals = {(c.kind, c.proposed) for r in short.relaxations for c in r.changes if c.kind == "coverage"}
    assert proposals == {("coverage", 5)}


def test_too_few_seats_names_months_and_seats_wanted() -> None:
    seats = np.array([[4, 4, 100]], np.int64)
    problem = problem_of([10], [[0, 1]], [[0]], [[0]], seats=seats)
    problem = problem if problem.windows.shape[1] == 3 else _with_third_month(problem)
    short = short_of(problem)
    assert [(r.kind, r.months, r.short) for r in short.rules] == [("seats", (0, 1), 12)]
    added = [sum(c.proposed - c.current for c in r.changes) for r in short.relaxations if r.changes[0].kind == "seats"]
    assert added == [12]


def _with_third_month(problem: MergeProblem) -> MergeProblem:
    from dataclasses import replace

    return replace(problem, windows=np.pad(problem.windows, ((0, 0), (0, 1))))


def test_task_without_an_open_month_is_named() -> None:
    problem = problem_of([2, 2], [[], [0]], [[0], [0]], [[0], [1]])
    assert [(r.kind, r.index) for r in short_of(problem).rules] == [("window", 0)]


def test_task_of_more_agencies_than_a_visit_may_have_is_named() -> None:
    problem = problem_of([2], [[0]], [[0, 1, 2]], [[0]], most_agencies=2)
    assert [(r.kind, r.required, r.attainable) for r in short_of(problem).rules] == [("limits", 3, 2)]


def test_joint_share_that_no_pair_allows_is_named_and_lowered() -> None:
    problem = problem_of([4, 4], [[0], [1]], [[0], [1]], [[0, 1]], joint=(1, 10))
    short = short_of(problem)
    assert "joint" in {r.kind for r in short.rules}
    assert any(c.kind == "joint" and c.proposed == 0 for r in short.relaxations for c in r.changes)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(small_problems())
def test_every_checked_relaxation_makes_the_plan_possible(problem: MergeProblem) -> None:
    found = merge(problem)
    assume(isinstance(found, Shortage))
    assert isinstance(found, Shortage)
    assert fewest_visits(problem) is None
    for relaxation in found.relaxations:
        if relaxation.is_checked:
            again = merge(applied(problem, relaxation.changes))
            assert isinstance(again, Merge)
            assert broken_rules(applied(problem, relaxation.changes), again) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(small_problems())
def test_plain_shortfall_is_never_claimed_of_a_possible_problem(problem: MergeProblem) -> None:
    if shortfalls(problem):
        assert fewest_visits(problem) is None
