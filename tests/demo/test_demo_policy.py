from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from inspection.demo.county import CountySize, write_county
from inspection.demo.policy import set_value
from inspection.rules.policy import load_policy


def test_policy_of_the_county_is_valid_and_its_own(tmp_path: Path) -> None:
    policy = load_policy(write_county(tmp_path, CountySize.scaled(2_000)).policy)
    assert policy.regions == ("370828",) and policy.plan.name.startswith("缗城县2027年度")
    assert [rules.minimum for rules in policy.tiers.values()] == [
        Fraction(1, 125), Fraction(1, 50), Fraction(3, 50), Fraction(3, 20),
    ]  # fmt: skip
    assert [rules.maximum for rules in policy.tiers.values()] == [
        Fraction(3, 20), Fraction(3, 10), Fraction(3, 5), Fraction(1),
    ]  # fmt: skip
    assert [entry.code for entry in policy.exemptions] == ["WHITELIST"]


def test_policy_of_several_counties_covers_them_all(tmp_path: Path) -> None:
    size = CountySize(firms=4_000, inspectors=80, agencies=8, items=40, tasks=24, counties=2, year=2028)
    policy = load_policy(write_county(tmp_path, size).policy)
    assert policy.plan.year == 2028 and policy.regions == ("370801", "370802")


def test_value_replaced_keeps_its_remark_and_other_tables() -> None:
    text = "[a]\nn = 1   # one\n[b]\nn = 2\n"
    assert set_value(text, "a", "n", "5") == "[a]\nn = 5   # one\n[b]\nn = 2\n"
    assert set_value(text, "b", "n", "5") == "[a]\nn = 1   # one\n[b]\nn = 5\n"


def test_key_the_template_lost_is_noticed() -> None:
    with pytest.raises(KeyError, match="gone"):
        set_value("[a]\nn = 1\n", "a", "gone", "5")
    with pytest.raises(KeyError):
        set_value("[a]\nm = 1\n[b]\nn = 1\n", "a", "n", "5")
