"""Impossible problems: the rules named conflict by the amount named, and the changes named make a plan possible."""

import numpy as np
from hypothesis import HealthCheck, assume, given, settings

from solver.merge import Merge, Shortage, merge
from solver.merge_problem import MILLION, MergeProblem, ShortRule
from solver.rule_drop import applied
from solver.shortage import shortfalls
from tests.solver.merge_cases import broken_rules, fewest_visits, problem_of, small_problems


def short_of(problem: MergeProblem) -> Shortage:
    found = merge(problem)
    assert isinstance(found, Shortage)
    return found


def sides_of(problem: MergeProblem) -> dict[str, ShortRule]:
    """The sides of the only conflict by kind."""
    short = short_of(problem)
    assert len(short.conflicts) == 1 and short.conflicts[0].is_proven
    return {side.kind: side for side in short.conflicts[0].sides}


def test_too_few_firms_for_a_task_names_task_and_gap() -> None:
    problem = problem_of([9, 1], [[0], [0]], [[0], [0]], [[0], [1]], upper=np.array([5, 50]) * MILLION)
    sides = sides_of(problem)
    assert sorted(sides) == ["task_total", "upper"]
    task = sides["task_total"]
    assert (task.indices, task.required, task.attainable, task.short) == ((0,), 9, 5, 4)


def test_coverage_beyond_all_checks_names_the_gap_and_what_is_attainable() -> None:
    problem = problem_of([3, 2], [[0], [0]], [[0], [0]], [[0], [1]], coverage=8)
    sides = sides_of(problem)
    assert sorted(sides) == ["coverage", "task_total"]
    assert (sides["coverage"].required, sides["coverage"].attainable) == (8, 5)
    proposals = {(c.kind, c.proposed) for r in short_of(problem).relaxations for c in r.changes if c.kind == "coverage"}
    assert proposals == {("coverage", 5)}


def test_too_few_seats_names_months_and_seats_wanted() -> None:
    problem = _with_third_month(problem_of([10], [[0, 1]], [[0]], [[0]], seats=np.array([[4, 4, 100]], np.int64)))
    sides = sides_of(problem)
    assert sorted(sides) == ["seats", "task_total", "window"]
    seats = sides["seats"]
    assert (seats.months, seats.required, seats.attainable, seats.short) == ((0, 1), 20, 8, 12)
    changes = [r.changes for r in short_of(problem).relaxations]
    added = [sum(c.proposed - c.current for c in made) for made in changes if made[0].kind == "seats"]
    assert added == [12]
    assert any(made[0].kind == "window" and made[0].months == (2,) for made in changes)


def _with_third_month(problem: MergeProblem) -> MergeProblem:
    from dataclasses import replace

    return replace(problem, windows=np.pad(problem.windows, ((0, 0), (0, 1))))


def test_task_without_an_open_month_is_named() -> None:
    sides = sides_of(problem_of([2, 2], [[], [0]], [[0], [0]], [[0], [1]]))
    assert {kind: side.indices for kind, side in sides.items()} == {"window": (0,), "task_total": (0,)}


def test_task_of_more_agencies_than_a_visit_may_have_is_named() -> None:
    sides = sides_of(problem_of([2], [[0]], [[0, 1, 2]], [[0]], most_agencies=2))
    assert sorted(sides) == ["most_agencies", "task_total"]


def test_joint_share_that_no_pair_allows_is_named_and_lowered() -> None:
    problem = problem_of([4, 4], [[0], [1]], [[0], [1]], [[0, 1]], joint=(1, 10))
    sides = sides_of(problem)
    assert sorted(sides) == ["joint", "task_total", "window"]
    assert (sides["joint"].required, sides["joint"].attainable) == (1_000, 0)
    assert any(c.kind == "joint" and c.proposed == 0 for r in short_of(problem).relaxations for c in r.changes)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(small_problems())
def test_every_relaxation_makes_the_plan_possible(problem: MergeProblem) -> None:
    found = merge(problem)
    assume(isinstance(found, Shortage))
    assert isinstance(found, Shortage)
    assert fewest_visits(problem) is None
    for relaxation in found.relaxations:
        again = merge(applied(problem, relaxation.changes))
        assert isinstance(again, Merge)
        assert broken_rules(applied(problem, relaxation.changes), again) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(small_problems())
def test_plain_shortfall_is_never_claimed_of_a_possible_problem(problem: MergeProblem) -> None:
    if shortfalls(problem):
        assert fewest_visits(problem) is None
