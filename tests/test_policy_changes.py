"""Policies with values changed: what may be written, and what a planner reads when it may not."""

from __future__ import annotations

from fractions import Fraction
from importlib import resources

import pytest

from inspection.errors import InputError, RuleError
from inspection.rules.policy import Policy, parse_policy
from inspection.rules.policy_changes import changed_policy, concerns_days_only, known_paths, split_settings

AGENCIES = {"SC", "消防"}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return parse_policy((resources.files("inspection_data") / "policy.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", ["6%", '"6%"', "0.06", "3/50"])
def test_share_is_read_however_it_is_written(policy, text):
    assert changed_policy(policy, [f"coverage.floor={text}"], AGENCIES).coverage.floor == Fraction(3, 50)


def test_values_of_every_kind_are_set_and_the_rest_stays(policy):
    settings = [
        "merge.enabled=false",
        "tiers.D.weight=12",
        "capacity.by_agency.消防.visits_per_officer_month=4",
        "capacity.by_agency.消防.months.2027-09=120",
        'quiet.days_of_month=[1,"3-5"]',
        "joint.counted_by=firms",
    ]
    changed = changed_policy(policy, settings, AGENCIES)
    assert (changed.merge.enabled, changed.tiers["D"].weight, changed.joint.counted_by) == (False, 12, "firms")
    assert changed.seats_of("消防", "2027-09", 100) == 120
    assert changed.seats_of("消防", "2027-08", 10) == 40
    assert changed.quiet.days_of_month == {1, 3, 4, 5}
    assert list(changed.tiers) == list(policy.tiers)
    assert changed.coverage == policy.coverage and changed.officers == policy.officers


def test_no_settings_leave_an_equal_policy(policy):
    assert changed_policy(policy, [], AGENCIES) == policy


def test_every_known_key_is_one_the_policy_reads(policy):
    data = policy.canonical()
    for path in known_paths(policy, ()):
        node = data
        for part in path:
            rows = {row["tier"]: row for row in node} if isinstance(node, list) else node
            node = rows[part]


def test_mistyped_keys_are_all_named_with_the_closest(policy):
    settings = ["merging.enabled=false", "coverge.flor=5%", "tiers.E.weight=3", "officers.by_agency.XX=3", "xyzzy=1"]
    with pytest.raises(InputError) as raised:
        changed_policy(policy, settings, AGENCIES)
    text = raised.value.text("en")
    for part in ("merge.enabled", "coverage.floor", "tiers.D.weight", "officers.by_agency.SC", "xyzzy: nothing like"):
        assert part in text


def test_the_plan_itself_cannot_be_changed(policy):
    with pytest.raises(InputError) as raised:
        changed_policy(policy, ["plan.year=2028"], AGENCIES)
    assert "plan.year" in raised.value.text("zh") and "另一个计划" in raised.value.text("zh")


@pytest.mark.parametrize("setting", ["coverage.floor", "=6%", "coverage.floor=", "6%"])
def test_what_is_no_setting_is_told(policy, setting):
    with pytest.raises(InputError) as raised:
        changed_policy(policy, [setting], AGENCIES)
    assert raised.value.code == "whatif.setting"


def test_unreadable_and_contradicting_values_are_named_together(policy):
    with pytest.raises(InputError) as raised:
        changed_policy(policy, ["coverage.floor=600%", "tiers.D.weight=1"], AGENCIES)
    assert "coverage.floor" in raised.value.text("en") and "tiers.D.weight" in raised.value.text("en")
    with pytest.raises(RuleError):
        changed_policy(policy, ["tiers.D.weight=1"], AGENCIES)


def test_commas_within_a_value_do_not_split_it():
    text = 'quiet.days_of_month=[1,2],officers.by_agency={ "SC" = 3, "XF" = 2 }，merge.enabled=false'
    assert split_settings(text) == [
        "quiet.days_of_month=[1,2]",
        'officers.by_agency={ "SC" = 3, "XF" = 2 }',
        "merge.enabled=false",
    ]


def test_settings_that_only_days_depend_on_are_known():
    assert concerns_days_only("quiet.days_of_month=[1]")
    assert concerns_days_only("capacity.visits_per_officer_day=3")
    assert not concerns_days_only("capacity.visits_per_officer_month=3")
