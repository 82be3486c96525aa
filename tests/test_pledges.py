"""Parties bring commitments one by one; the line goes on when all are there, and no secret is asked for too early."""

from __future__ import annotations

from typing import Any

import pytest

from inspection import service
from inspection.beacon.ceremony import AttendedCeremony
from inspection.draw.reveal import party_commitment
from inspection.errors import BeaconError, InputError, StoreError
from inspection.pledge_steps import hand_in_pledges, pledge, seats, take_back
from inspection.questions.line_report import line_report
from inspection.steps.line import Line, Silent
from inspection.steps.reveal_steps import keep_public, reveal_secret


@pytest.fixture
def line(county: Any) -> Line:
    return county.office().start(Silent())[0]


def commitment(line: Line, party: str, draw: str) -> str:
    return party_commitment(line.given.policy.ceremony.digest, draw, party, f"secret of {party}")


def bring_all(line: Line, draw: str) -> None:
    for party in line.given.policy.ceremony.parties:
        pledge(line, draw, party, commitment(line, party, draw))


def states(line: Line) -> set[str]:
    return {seat.state for seat in seats(line) if seat.kind == "firms"}


def test_commitments_come_one_by_one_and_are_handed_in_together(line: Line) -> None:
    draw, (first, *_) = f"{line.name}/1-firms", line.given.policy.ceremony.parties
    pledge(line, draw, first, commitment(line, first, draw))
    with pytest.raises(BeaconError, match="missing"):
        hand_in_pledges(line, "firms")
    bring_all(line, draw)
    assert states(line) == {"pledged"}
    assert hand_in_pledges(line, "firms") == draw
    assert states(line) == {"sealed"}
    with pytest.raises(BeaconError):
        take_back(line, draw, first)


def test_another_commitment_is_refused_until_the_first_is_taken_back(line: Line) -> None:
    draw, (first, *_) = f"{line.name}/1-firms", line.given.policy.ceremony.parties
    pledge(line, draw, first, "a" * 64)
    with pytest.raises(StoreError):
        pledge(line, draw, first, "b" * 64)
    take_back(line, draw, first)
    assert pledge(line, draw, first, "B" * 64).commitment == "b" * 64


@pytest.mark.parametrize(("party", "digits", "error"), [("nobody", "a" * 64, BeaconError), ("notary", "x", InputError)])
def test_strangers_and_other_digits_are_refused(line: Line, party: str, digits: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        pledge(line, f"{line.name}/1-firms", party, digits)


def test_report_names_people_dice_and_what_is_final(county: Any) -> None:
    office = county.office()
    assert line_report(office).next == "run"
    line, _ = office.start(Silent())
    draw = f"{line.name}/1-firms"

    def go_on() -> None:
        with pytest.raises(BeaconError):
            service.plan_year(line, AttendedCeremony())

    go_on()
    assert (line_report(office).next, line_report(office).draw) == ("parties", draw)
    bring_all(line, draw)
    hand_in_pledges(line, "firms")
    assert line_report(office).next == "commit"
    go_on()
    assert line_report(office).next == "reveal" and states(line) == {"dice"}
    keep_public(line, "7" * 40)
    assert states(line) == {"reveal"}
    for party in line.given.policy.ceremony.parties:
        reveal_secret(line, party, f"secret of {party}")
    assert line_report(office).next == "draw" and states(line) == {"revealed"}
    go_on()
    assert states(line) == {"over"}
    assert (line_report(office).next, line_report(office).draw) == ("parties", f"{line.name}/2-inspectors")
    assert [step.part for step in line_report(office).steps if step.is_final] == ["commit", "reveal", "draw"] * 2
