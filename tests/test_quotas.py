"""Quotas of a small county: counted by plain loops that never saw the solver."""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from inspection.errors import PlanError
from inspection.model import MILLION
from inspection.planning.quotas import plan_quotas, region_problems, task_total
from inspection.rules.policy import policy_from
from inspection.steps import firm_steps
from inspection.steps.line import Given


@pytest.fixture(scope="module")
def given(county):
    office = county.office()
    return Given(office.policy(), office.snapshot())


@pytest.fixture(scope="module")
def pools(given):
    return firm_steps.write_frame(given, None)


@pytest.fixture(scope="module")
def quotas(given, pools):
    return firm_steps.solve(given, pools, map)


def test_what_enters_a_node_leaves_it(quotas):
    balance = Counter()
    for tail, head, flow in quotas.flow:
        assert flow > 0
        balance[tail] -= flow
        balance[head] += flow
    assert not any(balance.values())


def test_every_task_visits_its_total(quotas, given, pools):
    visited = Counter()
    for each in quotas.combinations:
        for task in each.tasks:
            visited[task] += sum(each.visits.values())
    for task in given.tasks:
        assert visited[task.task] == task_total(task, pools)


def test_visits_fall_into_the_window_of_every_task(quotas, given):
    windows = {task.task: set(task.months) for task in given.tasks}
    for each in quotas.combinations:
        for task in each.tasks:
            assert set(each.visits) <= windows[task]


def test_a_pool_gets_only_tasks_it_is_subject_to_and_stays_in_its_tiers_bounds(quotas, given, pools):
    subject = {pool.pool: pool for pool in pools}
    tasks = {each.combination: each.tasks for each in quotas.combinations}
    expected = defaultdict(int)
    for tail, head, flow in quotas.flow:
        if tail.startswith("pool:") and head.startswith("task:"):
            pool, combination = tail.removeprefix("pool:"), head.removeprefix("task:")
            assert set(tasks[combination]) <= set(subject[pool].tasks)
            expected[pool] += flow
    for pool in pools:
        rules = given.policy.tiers[pool.tier]
        if pool.exemption:
            assert pool.pool not in expected
        else:
            assert rules.minimum * pool.size * MILLION <= expected[pool.pool] <= rules.maximum * pool.size * MILLION
            assert expected[pool.pool] > 0


def test_coverage_is_reached_whatever_is_drawn(quotas, given, pools):
    counted = sum(flow for tail, head, flow in quotas.flow if (tail, head) == ("plan", "counted"))
    firms = sum(pool.size for pool in pools if pool.kind in given.policy.coverage_kinds)
    assert counted // MILLION >= given.policy.coverage.floor * firms


def test_combinations_keep_the_limits_of_a_visit(quotas, given):
    for each in quotas.combinations:
        assert len(each.agencies) <= given.policy.merge.most_agencies
        assert len(each.items) <= given.policy.merge.most_items


def test_where_the_policy_does_not_merge_every_task_goes_alone(given, pools):
    plain = given.policy.canonical()
    plain["merge"] = {**plain["merge"], "enabled": False}
    plain["joint"] = {**plain["joint"], "floor": "0/1"}
    alone = Given(policy_from(plain), given.snapshot)
    planned = firm_steps.solve(alone, pools, map)
    assert all(len(each.tasks) == 1 for each in planned.combinations)


def test_another_executor_gives_the_same_quotas(given, pools, quotas):
    problems = region_problems(pools, given.tasks, given.items, given.inspectors, given.policy)
    with ThreadPoolExecutor(2) as executor:
        assert plan_quotas(problems, given.policy.coverage_kinds, executor.map) == quotas


def test_too_few_officers_are_named_with_agency_months_and_amount(given, pools):
    plain = given.policy.canonical()
    plain["capacity"] = {**plain["capacity"], "visits_per_officer_month": 1, "visits_per_officer_day": 1}
    short = Given(policy_from(plain), given.snapshot)
    with pytest.raises(PlanError) as refused:
        firm_steps.solve(short, pools, map)
    text = refused.value.text("zh")
    assert "人次" in text and "2027-" in text and any(agency.name in text for agency in given.agencies.values())
