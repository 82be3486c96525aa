"""States and transitions as a table, walked at random by hypothesis and on the store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from inspection.errors import InputError, PlanError, RuleError
from inspection.rules.visit_life import (
    AHEAD,
    EVENTS,
    ROLES,
    STATES,
    Actor,
    can,
    require_role,
    state_of_visit,
    transition,
    words,
)

WAY = ("planned", "dispatched", "accepted", "carried_out", "entered", "reviewed", "disclosed")


class Life(RuleBasedStateMachine):
    """Any order of events: only the allowed ones move the visit, and what was promised of its life holds."""

    def __init__(self) -> None:
        super().__init__()
        self.state = "planned"
        self.done: list[str] = []

    @rule(event=st.sampled_from(EVENTS))
    def happen(self, event: str) -> None:
        before = self.state
        try:
            self.state = transition(self.state, event)  # type: ignore[arg-type]
        except PlanError as refusal:
            assert not can(before, event)  # type: ignore[arg-type]
            assert words("state", before)["state_zh"] in refusal.text("zh")
            assert words("event", event)["event_en"] in refusal.text("en")
            return
        assert can(before, event)  # type: ignore[arg-type]
        self.done.append(event)

    @invariant()
    def nothing_is_disclosed_unreviewed(self) -> None:
        if self.state == "disclosed":
            late = self.done[::-1]
            assert late.index("disclose") < late.index("review") < late.index("enter")
            assert "carry_out" in self.done and "accept" in self.done and "dispatch" in self.done

    @invariant()
    def what_was_carried_out_is_never_closed_as_never_begun(self) -> None:
        if self.state == "closed":
            assert "carry_out" not in self.done

    @invariant()
    def ends_are_ends(self) -> None:
        ended = [index for index, event in enumerate(self.done) if event in ("close", "void")]
        assert not ended or ended[0] == len(self.done) - 1

    @invariant()
    def a_reviewed_visit_only_goes_on_to_disclosure(self) -> None:
        if self.state in ("reviewed", "disclosed"):
            assert [event for event in EVENTS if can(self.state, event)] in (["disclose", "void"], ["void"])  # type: ignore[arg-type]


TestLife = Life.TestCase


def test_straight_way_reaches_disclosure() -> None:
    state = WAY[0]
    for event, expected in zip(
        ("dispatch", "accept", "carry_out", "enter", "review", "disclose"), WAY[1:], strict=True
    ):
        state = transition(state, event)  # type: ignore[arg-type]
        assert state == expected


def test_every_state_is_reached_and_every_event_used() -> None:
    reached = {transition(state, event) for state in STATES for event in EVENTS if can(state, event)}
    assert reached == set(STATES)
    assert all(any(can(state, event) for state in STATES) for event in EVENTS)


def test_replaced_firm_must_be_accepted_anew() -> None:
    assert [transition(state, "replace") for state in AHEAD] == ["planned", "dispatched", "dispatched"]


@given(st.lists(st.sampled_from(WAY), min_size=1))
def test_visit_is_as_far_as_its_least_advanced_part(parts: list[str]) -> None:
    assert state_of_visit(parts) == WAY[min(map(WAY.index, parts))]  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ROLES)
def test_nobody_but_a_reviewer_reviews(role: str) -> None:
    actor = Actor(name="甲", role=role, agency="SCJG")  # type: ignore[arg-type]
    if role == "reviewer":
        require_role(actor, "review", "SCJG")
        return
    with pytest.raises(RuleError) as refusal:
        require_role(actor, "review", "SCJG")
    assert refusal.value.code == "work.role"


def test_agency_does_not_act_for_another() -> None:
    with pytest.raises(RuleError) as refusal:
        require_role(Actor(name="甲", role="clerk", agency="SCJG"), "enter", "XFJY")
    assert refusal.value.code == "work.role.agency"


@pytest.mark.parametrize(("name", "role"), [("", "clerk"), (" ", "clerk"), ("a\nb", "clerk"), ("a", "boss")])
def test_actor_without_a_name_or_with_an_unknown_role_is_refused(name: str, role: str) -> None:
    with pytest.raises(InputError):
        Actor(name=name, role=role)  # type: ignore[arg-type]
