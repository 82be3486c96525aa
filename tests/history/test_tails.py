from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from inspection.history.multiple import Deviation, Family, benjamini_hochberg, holm, judge
from inspection.history.tails import (
    binomial_upper,
    calibrated,
    chi_square_tail,
    either,
    gamma_tail,
    hypergeometric,
    predictive_upper,
    trials,
    upper,
)


@pytest.mark.parametrize(
    ("x", "freedom", "expected"),
    # Abramowitz & Stegun, table 26.8
    [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (23.209251, 10, 0.01), (149.449253, 100, 0.001), (0.020101, 2, 0.99)],
)
def test_chi_square_tail_is_that_of_the_tables(x, freedom, expected):
    assert chi_square_tail(x, freedom) == pytest.approx(expected, rel=1e-5)


def test_gamma_tail_of_a_whole_shape_is_the_poisson_sum():
    for shape, x in itertools.product((1, 2, 7, 30), (0.1, 1.0, 6.9, 31.0, 80.0)):
        poisson = math.fsum(math.exp(-x + k * math.log(x) - math.lgamma(k + 1)) for k in range(shape))
        assert gamma_tail(shape, x) == pytest.approx(poisson, rel=1e-10)


def test_trials_of_unequal_chances_are_all_their_outcomes_added_up():
    chances = [0.1, 0.5, 0.9, 0.3]
    expected = np.zeros(5)
    for outcome in itertools.product((0, 1), repeat=4):
        expected[sum(outcome)] += math.prod(p if hit else 1 - p for p, hit in zip(chances, outcome, strict=True))
    assert trials(chances) == pytest.approx(expected)


def test_hypergeometric_is_counted_subsets():
    expected = [math.comb(7, k) * math.comb(5, 4 - k) / math.comb(12, 4) for k in range(5)]
    assert hypergeometric(12, 7, 4) == pytest.approx(expected)
    assert hypergeometric(5, 5, 3).tolist() == [0, 0, 0, 1]
    assert hypergeometric(5, 0, 3).tolist() == [1, 0, 0, 0]


def test_counts_outside_what_is_possible_have_no_chance():
    distribution = trials([0.5, 0.5])
    assert upper(distribution, 3) == 0
    assert either(distribution, -1) == 0
    assert either(distribution, 1) == 1


def test_binomial_tail_is_that_of_equal_trials():
    for seen in range(12):
        assert binomial_upper(11, 0.3, seen) == pytest.approx(upper(trials([0.3] * 11), seen))
    assert binomial_upper(5, 0.0, 1) == 0
    assert binomial_upper(5, 1.0, 5) == 1 and binomial_upper(5, 1.0, 6) == 0


def test_predictive_tail_falls_and_approaches_poisson_with_many_replays():
    tails = [predictive_upper(seen, 20.0, 10, 2.0) for seen in range(40)]
    assert all(later < earlier for earlier, later in itertools.pairwise(tails))
    poisson = 1 - gamma_tail(9, 2.0)
    assert predictive_upper(9, 2e6, 1_000_000, 2.0) == pytest.approx(poisson, rel=1e-3)


def test_predictive_tail_keeps_its_word_where_the_mean_is_known_from_few_replays():
    random = np.random.default_rng(7)
    means = random.gamma(2.0, 1.0, size=4_000)
    replays, seen = random.poisson(means[:, None], size=(4_000, 8)).sum(axis=1), random.poisson(means)
    chances = [predictive_upper(int(s), float(t), 8, 2.0) for s, t in zip(seen, replays, strict=True)]
    for level in (0.1, 0.01):
        assert sum(chance <= level for chance in chances) <= 4_000 * level * 1.2


def test_calibrated_tail_follows_a_chi_square_beyond_its_replays_a_little_above_it():
    replays = np.random.default_rng(1).chisquare(6, size=4_000)
    for x in (3.0, 12.0, 22.0, 32.0):
        assert 0.8 * chi_square_tail(x, 6) < calibrated(x, replays) < 2.5 * chi_square_tail(x, 6)


@pytest.mark.parametrize("replays", [8, 30, 200])
def test_calibrated_tail_keeps_its_word_with_few_replays(replays):
    random = np.random.default_rng(replays)
    chances = [calibrated(random.chisquare(8), random.chisquare(8, size=replays)) for _ in range(4_000)]
    assert sum(chance <= 0.01 for chance in chances) <= 4_000 * 0.01 * 1.3
    assert sum(chance <= 0.0005 for chance in chances) <= 6


def test_calibrated_tail_of_a_constant_is_the_share_of_replays():
    assert calibrated(3.0, np.full(99, 2.0)) == pytest.approx(0.01)
    assert calibrated(2.0, np.full(99, 2.0)) == 1


def deviation(chance: float) -> Deviation:
    return Deviation(subject=("a",), seen=1, expected=0, chance=chance, side="more")


def test_families_share_the_level():
    families = [
        Family(name="a", basis="exact", tests=10, deviations=(deviation(0.0004), deviation(0.5))),
        Family(name="b", basis="exact", tests=1, deviations=(deviation(0.0051),)),
        Family(name="empty", basis="exact", tests=0, deviations=()),
    ]
    judged = judge(families, 0.01)
    assert [(one.family, one.is_alarm) for one in judged] == [("a", True), ("b", False), ("a", False)]
    assert judged[0].adjusted == pytest.approx(2 * 10 * 0.0004)
    assert judged[1].adjusted == pytest.approx(0.0102) and judged[1].is_notable


def test_holm_never_lets_a_weaker_finding_pass_a_stronger_one():
    chances = np.random.default_rng(3).random(50).tolist()
    adjusted = holm(chances, 60)
    order = np.argsort(chances)
    assert all(adjusted[a] <= adjusted[b] for a, b in itertools.pairwise(order.tolist()))
    assert all(a >= c for a, c in zip(adjusted, chances, strict=True))


def test_benjamini_hochberg_lists_all_up_to_the_last_within_its_line():
    assert benjamini_hochberg([0.02, 0.024, 0.9], 3, 0.05) == [True, True, False]
    assert benjamini_hochberg([], 5, 0.05) == []
