"""Firms that nobody may be sent to are told before anything is committed."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner

from cli import main
from inspection.model import Recusal
from inspection.planning.recusal_gaps import RecusalGap, recusal_gaps
from inspection.planning.resources import is_certified
from inspection.steps.line import Given


def given_of(county: Any) -> tuple[Given, Any]:
    office = county.office()
    return Given(office.policy(), office.snapshot()), office.policy()


def gaps(given: Given, policy: Any, recusals: list[Recusal]) -> tuple[RecusalGap, ...]:
    return recusal_gaps(given.tasks, given.items, given.inspectors, recusals, policy)


def test_no_recusals_leave_no_gap(county: Any):
    given, policy = given_of(county)
    assert gaps(given, policy, []) == ()


def test_all_but_one_of_an_agency_recused_is_a_gap_of_that_agency(county: Any):
    given, policy = given_of(county)
    agency = given.tasks[0].lead
    people = [person.inspector for person in given.inspectors if person.agency == agency]
    found = gaps(given, policy, [Recusal(inspector=each, firm="F", reason="kin") for each in people[1:]])
    whole = [gap for gap in found if not gap.of.qualification]
    assert [(gap.firm, gap.of.agency, gap.needed) for gap in whole] == [("F", agency, policy.officers_of(agency))]
    assert whole[0].left <= 1


def test_holders_of_a_qualification_recused_are_a_gap_though_officers_are_left(county: Any):
    given, policy = given_of(county)
    asked = {(item.agency, item.qualification) for item in given.items.values() if item.qualification}
    tasks = {agency for task in given.tasks for agency in task.agencies}
    agency, qualification = min(pair for pair in asked if pair[0] in tasks)
    holders = [
        person.inspector
        for person in given.inspectors
        if person.agency == agency and qualification in person.qualifications
    ]
    found = gaps(given, policy, [Recusal(inspector=each, firm="F", reason="kin") for each in holders])
    assert [
        (gap.of.agency, gap.of.qualification, gap.left) for gap in found if gap.of.qualification == qualification
    ] == [(agency, qualification, 0)]


def test_months_of_a_gap_are_those_where_too_few_certified_officers_are_left(county: Any):
    given, policy = given_of(county)
    agency = given.tasks[0].lead
    staff = [person for person in given.inspectors if person.agency == agency]
    needed = policy.officers_of(agency)
    found = gaps(
        given, policy, [Recusal(inspector=each.inspector, firm="F", reason="kin") for each in staff[: 1 - needed]]
    )
    gap = next(gap for gap in found if not gap.of.qualification)
    free = {person.inspector for person in staff[1 - needed :]}
    for month in gap.months:
        able = [person for person in staff if is_certified(person, month, policy)]
        assert sum(person.inspector in free for person in able) < needed <= len(able)


def test_check_tells_gaps_of_the_registers_and_says_so_in_json(county: Any, monkeypatch: Any):
    from inspection import service

    office = county.office()
    given = Given(office.policy(), office.snapshot())
    agency = given.tasks[0].lead
    people = [person.inspector for person in given.inspectors if person.agency == agency]
    everybody = tuple(Recusal(inspector=each, firm="91370828MA00000000", reason="kin") for each in people)
    monkeypatch.setattr(Given, "recusals", everybody)
    told = service.recusal_gaps(office.policy(), office.snapshot(), "en")
    assert any("91370828MA00000000" in each and given.agencies[agency].name in each for each in told)
    folder = str(office.policy_file.parent)
    shown = CliRunner().invoke(main, ["--lang", "en", "check", "--workspace", folder])
    assert shown.exit_code == 0 and told[0] in shown.output.replace("\n", "\n")
    asked = CliRunner().invoke(main, ["--lang", "en", "check", "--workspace", folder, "--json"])
    assert "recusal_gaps" in asked.output and "91370828MA00000000" in asked.output
