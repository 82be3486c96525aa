"""The spread over pools: exact sums, bounds, fairness in the leximin sense against brute force, and determinism."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solver.bounds_flow import bottleneck
from solver.merge_problem import MILLION
from solver.spread import spread

Case = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n_pools, n_combinations = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    visits = np.array(draw(st.lists(st.integers(0, 9), min_size=n_combinations, max_size=n_combinations)))
    cells = draw(st.lists(st.booleans(), min_size=n_pools * n_combinations, max_size=n_pools * n_combinations))
    eligible = np.array(cells).reshape(n_pools, n_combinations)
    weight = np.array(draw(st.lists(st.integers(1, 50), min_size=n_pools, max_size=n_pools)), float)
    lower = np.array(draw(st.lists(st.integers(0, 900_000), min_size=n_pools, max_size=n_pools)))
    room = np.array(draw(st.lists(st.integers(0, 20), min_size=n_pools, max_size=n_pools))) * MILLION
    return visits, eligible, weight, lower, lower + room


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_feasible_case_has_exact_columns_bounded_rows_and_only_eligible_cells(case: Case) -> None:
    visits, eligible, weight, lower, upper = case
    nobody = np.zeros(len(weight), bool)
    assume(bottleneck(visits, eligible, lower, upper, nobody, 0) is None)
    flow = spread(visits, eligible, weight, lower, upper)
    assert flow.min() >= 0
    assert not flow[~eligible].any()
    assert flow.sum(axis=0).tolist() == (visits * MILLION).tolist()
    assert (flow.sum(axis=1) >= lower).all() and (flow.sum(axis=1) <= upper).all()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_no_pool_could_take_from_a_richer_one(case: Case) -> None:
    # Leximin: no pool below its upper bound shares a combination with a pool that has more per weight, got some of
    # it there, and is above its lower bound (beyond rounding).
    visits, eligible, weight, lower, upper = case
    assume(bottleneck(visits, eligible, lower, upper, np.zeros(len(weight), bool), 0) is None)
    flow = spread(visits, eligible, weight, lower, upper)
    rows = flow.sum(axis=1)
    slack = 50
    for poor in range(len(weight)):
        for rich in range(len(weight)):
            if rows[poor] > upper[poor] - slack or rows[rich] < lower[rich] + slack:
                continue
            if rows[rich] / weight[rich] <= (rows[poor] + slack) / weight[poor] + slack / weight[rich]:
                continue
            shared = eligible[poor] & (flow[rich] > slack)
            assert not shared.any()


def test_pools_alike_get_visits_in_proportion_to_weight() -> None:
    flow = spread(
        np.array([6]), np.ones((3, 1), bool), np.array([1.0, 2.0, 3.0]), np.zeros(3, int), np.full(3, 9 * MILLION)
    )
    assert flow.ravel().tolist() == [1_000_000, 2_000_000, 3_000_000]


def test_small_pool_gets_a_fraction_never_zero() -> None:
    flow = spread(
        np.array([50]), np.ones((2, 1), bool), np.array([993.0, 7.0]), np.zeros(2, int), np.array([993, 7]) * MILLION
    )
    assert flow.ravel().tolist() == [49_650_000, 350_000]


def test_poor_pool_is_not_robbed_of_the_only_visits_it_can_have() -> None:
    eligible = np.array([[True, False], [True, True]])
    flow = spread(np.array([4, 10]), eligible, np.array([1.0, 1.0]), np.zeros(2, int), np.full(2, 20 * MILLION))
    assert flow.tolist() == [[4_000_000, 0], [0, 10_000_000]]


def test_coverage_raises_covering_pools_just_so_far() -> None:
    covers = np.array([True, False])
    flow = spread(
        np.array([10]),
        np.ones((2, 1), bool),
        np.array([1.0, 9.0]),
        np.zeros(2, int),
        np.full(2, 10 * MILLION),
        covers=covers,
        coverage=4,
    )
    assert flow.sum(axis=1)[0] == pytest.approx(4_000_000, abs=2)
    assert flow.sum(axis=1)[0] >= 4_000_000


def test_bounds_that_cannot_be_met_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be met"):
        spread(np.array([5]), np.ones((1, 1), bool), np.ones(1), np.zeros(1, int), np.array([4 * MILLION]))


def test_every_eligible_pool_of_a_combination_gets_some_where_chances_are_equal() -> None:
    eligible = np.ones((4, 3), bool)
    flow = spread(
        np.array([3, 5, 2]), eligible, np.array([10.0, 20.0, 30.0, 40.0]), np.zeros(4, int), np.full(4, 9 * MILLION)
    )
    assert (flow > 0).all()
    assert flow.sum(axis=1).tolist() == [1_000_000, 2_000_000, 3_000_000, 4_000_000]
