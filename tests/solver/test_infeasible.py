"""Any instance is planned with every rule met, or refused with a conflict that is real and remedies that work.

Conflicts are judged by an oracle that lists all visits and shares no code with the solver: the rules named cannot be
kept together, and without any one side the others can.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.merge import Merge, Shortage, merge
from solver.merge_problem import MILLION, MergeProblem
from solver.rule_drop import applied
from tests.solver.merge_cases import broken_rules, can_be_spread, problem_of, small_problems
from tests.solver.rule_oracle import can_keep, every_rule

checked = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@st.composite
def hard_problems(draw: st.DrawFn) -> MergeProblem:
    """Small problems whose rules are often too much: high joint shares, much coverage, low maxima, no merging."""
    plain = draw(small_problems())
    n_signatures = len(plain.signatures)
    upper = draw(st.lists(st.integers(0, 8), min_size=n_signatures, max_size=n_signatures))
    changed = replace(
        plain,
        upper=np.array(upper, np.int64) * MILLION // 2,
        coverage=draw(st.integers(0, 6)),
        joint=draw(st.sampled_from([(0, 1), (1, 2), (4, 5), (1, 1)])),
        joint_counted_by=draw(st.sampled_from(["visits", "visits", "tasks"])),
    )
    return _unmerged(changed) if draw(st.integers(0, 3)) == 0 else changed


def _unmerged(plain: MergeProblem) -> MergeProblem:
    """The same where every task must have a visit of its own."""
    n_tasks, n = plain.resources.shape
    lone = np.zeros((n + n_tasks, n + n_tasks), bool)
    lone[:n, :n] = plain.conflicts
    lone[n:, n:] = ~np.eye(n_tasks, dtype=bool)
    return replace(
        plain,
        resources=np.hstack([plain.resources, np.eye(n_tasks, dtype=bool)]),
        seats_per_visit=np.concatenate([plain.seats_per_visit, np.ones(n_tasks, np.int64)]),
        seats=np.vstack([plain.seats, np.full((n_tasks, plain.seats.shape[1]), 1 << 40)]),
        conflicts=lone,
        n_lone=n_tasks,
    )


def planned_badly(problem: MergeProblem, found: Merge) -> list[str]:
    """Rules the merge breaks, by plain loops."""
    broken = broken_rules(problem, found)
    if not can_be_spread(problem, found.eligible, found.visits.sum(axis=1)):
        broken.append("bounds")
    if problem.joint_counted_by == "tasks":
        agencies = [problem.resources[row, : problem.n_agencies].any(axis=0) for row in found.combinations]
        joint = sum(int(each.sum()) > 1 for each in agencies)
        if joint * problem.joint[1] < problem.joint[0] * len(found.combinations):
            broken.append("joint")
    return broken


@pytest.mark.slow
@settings(checked, max_examples=80)
@given(hard_problems())
def test_any_instance_is_planned_or_refused_with_a_real_conflict(problem: MergeProblem) -> None:
    found = merge(problem)
    if isinstance(found, Merge):
        assert planned_badly(problem, found) == []
        return
    assert isinstance(found, Shortage) and found.conflicts
    for conflict in found.conflicts:
        assert conflict.is_proven
        rules = {(rule.kind, rule.index) for rule in conflict.rules}
        assert rules <= every_rule(problem)
        assert not can_keep(problem, rules)
        for side in conflict.sides:
            assert can_keep(problem, rules - {(rule.kind, rule.index) for rule in side.rules})


@pytest.mark.slow
@settings(checked, max_examples=60)
@given(hard_problems())
def test_remedies_make_the_plan_possible(problem: MergeProblem) -> None:
    found = merge(problem)
    if isinstance(found, Merge):
        assert can_keep(problem, every_rule(problem))
        return
    assert not can_keep(problem, every_rule(problem))
    for remedy in found.relaxations:
        changed = applied(problem, remedy.changes)
        assert can_keep(changed, every_rule(changed))
        again = merge(changed)
        assert isinstance(again, Merge)
        assert planned_badly(changed, again) == []


def test_a_plan_that_rounding_misses_is_found_by_exact_search() -> None:
    # Counted by combinations, three of four must be joint; the fewest visits would be one joint kind and one single.
    problem = problem_of(
        [4, 4, 1], [[0], [0], [0]], [[0], [1], [0]], [[0, 1, 2]], joint=(1, 1), joint_counted_by="tasks"
    )
    assert can_keep(problem, every_rule(problem))
    found = merge(problem)
    assert isinstance(found, Merge)
    assert planned_badly(problem, found) == []


def test_no_merging_with_all_visits_joint_blames_those_rules_and_not_every_task() -> None:
    plain = problem_of([4, 4], [[0], [0]], [[0], [1]], [[0, 1]], joint=(1, 1))
    found = merge(_unmerged(plain))
    assert isinstance(found, Shortage)
    assert [sorted(rule.kind for rule in one.rules) for one in found.conflicts] == [["joint", "merge", "task_total"]]
    assert "merge" in {change.kind for remedy in found.relaxations for change in remedy.changes}
