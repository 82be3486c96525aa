"""Impossible policies and thin rosters, as a planner meets them: the rule is named, in the policy's own keys."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from inspection.model import Agency, Inspector, Need
from inspection.planning.chances import AgencyProblem
from inspection.planning.seat_words import forced_words
from inspection.rules.policy import policy_from
from inspection.steps import firm_steps
from inspection.steps.line import Given
from solver.chances import ChanceProblem, Chances, chances

CHANGES = {
    "coverage.floor": {"coverage": {"floor": "3/5"}},
    "coverage": {"coverage": {"floor": "9/10", "denominator": "entities"}},
    "joint.floor": {"joint": {"floor": "1/1"}},
    "joint": {"merge": {"enabled": False}, "joint": {"floor": "1/1"}},
}


@pytest.fixture(scope="module")
def given(county):
    office = county.office()
    return Given(office.policy(), office.snapshot())


def refused(given, sections):
    """What the planner reads, in both languages."""
    plain = given.policy.canonical()
    for name, values in sections.items():
        plain[name] = {**plain[name], **values}
    changed = Given(policy_from(plain), given.snapshot)
    with pytest.raises(firm_steps.ShortPlan) as short:
        firm_steps.solve(changed, firm_steps.write_frame(changed, None), map)
    return short.value


@pytest.mark.slow
@pytest.mark.parametrize("key", sorted(CHANGES))
def test_an_impossible_policy_is_refused_by_the_key_to_change(given, key):
    error = refused(given, CHANGES[key])
    for language in ("zh", "en"):
        assert key in error.text(language)
    shortage = error.shortages[0].shortage
    assert shortage.relaxations
    blamed = {rule.kind for conflict in shortage.conflicts for side in conflict.sides for rule in side.rules}
    assert {key.split(".")[0]} <= blamed


def test_a_tier_that_may_hardly_be_visited_is_blamed_with_its_share(given):
    plain = given.policy.canonical()
    plain["tiers"] = [{**tier, "minimum": "0/1"} for tier in plain["tiers"]]
    plain["tiers"][0]["maximum"] = "1/1000"
    changed = Given(policy_from(plain), given.snapshot)
    with pytest.raises(firm_steps.ShortPlan) as short:
        firm_steps.solve(changed, firm_steps.write_frame(changed, None), map)
    assert "tiers.A.maximum" in short.value.text("zh") and "0.1%" in short.value.text("en")


def test_needs_that_one_officer_alone_can_meet_are_told_with_names():
    officers = [
        Inspector(
            inspector=code,
            name=code,
            agency="XF",
            certificate=f"c-{code}",
            valid_until=datetime(2028, 1, 1, tzinfo=UTC).date(),
            qualifications=frozenset({"fire"}) if code == "I1" else frozenset(),
        )
        for code in ("I1", "I2", "I3")
    ]
    need = Need(visit="V1", agency="XF", officers=2, qualified=1, qualification="fire")
    numbers = ChanceProblem(
        month=np.zeros(1, np.int64),
        officers=np.array([2]),
        qualified=np.array([1]),
        group=np.zeros(1, np.int64),
        eligible=np.ones((1, 3), bool),
        holder=np.array([[True, False, False]]),
        capacity=np.full((3, 1), 8),
    )
    problem = AgencyProblem(
        agency="XF", needs=(need,), months=("2027-03",), inspectors=tuple(officers), problem=numbers
    )
    answer = chances(numbers)
    assert isinstance(answer, Chances) and answer.forced == (0,)
    agencies = {"XF": Agency(agency="XF", name="消防救援大队", region="370828")}
    (text,) = forced_words(problem, answer.forced, agencies, "zh")
    assert "消防救援大队" in text and "I1" in text and "I2" not in text and "fire" in text and "2027-03" in text
