"""Rates that add up to a total exactly: published answers, take-all tiers, and totals out of reach."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.rates import OutOfReach, Rates, Slope, rates_for_total, tier_rates

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "solver" / "stackelberg_uk.json").read_text())


@pytest.mark.parametrize("case", VECTOR["cases"], ids=lambda c: f"{c['B']}-{c['floor']}")
def test_published_instance_gives_its_exact_rationals(case: dict) -> None:
    # Least greatest regret: x = 1 - theta / V; the level searched is minus theta.
    slopes = [Slope(count=1, base=Fraction(1), rise=Fraction(1, v), least=Fraction(case["floor"])) for v in VECTOR["V"]]
    found = rates_for_total(slopes, Fraction(case["B"]))
    assert isinstance(found, Rates)
    assert -found.level == Fraction(case["theta"])
    assert list(found.rates[:3]) == [Fraction(x) for x in case["x_first"]]
    assert sum(found.rates) == case["B"]


def test_take_all_tier_leaves_the_rest_to_the_others() -> None:
    zero, one = Fraction(0), Fraction(1)
    found = tier_rates([1000, 100, 7], [one, 3 * one, 9 * one], [zero, zero, one], [one, one, one], Fraction(33))
    assert isinstance(found, Rates)
    assert found.rates == (Fraction(1, 50), Fraction(3, 50), Fraction(1))


def test_total_beyond_the_caps_states_what_can_be_had() -> None:
    found = tier_rates([10, 5], [Fraction(1)] * 2, [Fraction(1, 10)] * 2, [Fraction(1, 2)] * 2, Fraction(8))
    assert found == OutOfReach(least=Fraction(3, 2), most=Fraction(15, 2))


tiers = st.lists(
    st.tuples(st.integers(1, 900), st.integers(0, 9), st.fractions(0, 1), st.fractions(0, 1)), min_size=1, max_size=6
)


@given(tiers, st.fractions(0, 1))
def test_any_total_within_reach_is_met_exactly(rows: list[tuple[int, int, Fraction, Fraction]], part: Fraction) -> None:
    rows = [(n, w, min(a, b), max(a, b)) for n, w, a, b in rows]
    least = sum(n * a for n, w, a, b in rows)
    most = sum(n * (b if w else a) for n, w, a, b in rows)
    total = least + (most - least) * part
    found = tier_rates(*zip(*[(n, Fraction(w), a, b) for n, w, a, b in rows], strict=True), total)
    assert isinstance(found, Rates)
    assert sum(n * r for (n, *_), r in zip(rows, found.rates, strict=True)) == total
    for (_, weight, low, high), rate in zip(rows, found.rates, strict=True):
        assert low <= rate <= high
        assert rate in (low, high) or rate == found.level * weight
