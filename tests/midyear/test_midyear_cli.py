"""The commands after the year's draws as a planner types them."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from click.testing import CliRunner
from midyear_office import JOINT, SINGLE, with_reserve

from cli import main
from inspection.changes import change_steps


def run(*arguments, typed=None):
    """One command; an unexpected exception is raised, not swallowed."""
    result = CliRunner().invoke(main, [str(each) for each in arguments], input=typed, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def made(copy, drawn_twice, monkeypatch):
    year = copy(drawn_twice)
    monkeypatch.setattr("inspection.office.now", year.clock)
    return year


@pytest.fixture
def place(made):
    return "-w", made.office.workspace.folder


def test_a_supplement_is_drawn_in_two_commands(made, place):
    made.import_tasks(JOINT, SINGLE)
    done = run("plan", "supplement", *place, "--from", "2027-08-01", "--unattended", "--yes")
    assert done.exit_code == 0, done.output
    assert "3-firms" in done.output and "370828-B-001" in done.output
    assert "3-firms" in run("plan", "show", *place).output


def test_an_attended_supplement_waits_for_its_parties(made, place):
    made.import_tasks(JOINT)
    waiting = run("plan", "supplement", *place)
    assert waiting.exit_code == 3 and "370828-2027/3-firms" in waiting.output
    secrets, pairs = {}, {}
    for kind, folder in (("firms", "3-firms"), ("inspectors", "4-inspectors")):
        for party in ("market-regulation", "fire-rescue", "notary"):
            told = run("party", f"370828-2027/{folder}", party).output
            pairs[kind, party] = re.search(rf"{party}=([0-9a-f]{{64}})", told)[0]
            secrets[kind, party] = told.split()[-1]
        given = [pairs[kind, party] for party in ("market-regulation", "fire-rescue", "notary")]
        taken = run("plan", "parties", *place, kind, *given)
        assert taken.exit_code == 0 and folder in taken.output, taken.output
    assert run("plan", "run", *place).exit_code == 3
    typed = ""
    for kind in ("firms", "inspectors"):
        typed += "1234567890" * 4 + "\n"
        typed += "".join(f"{secrets[kind, party]}\n" for party in ("market-regulation", "fire-rescue", "notary"))
    done = run("plan", "reveal", *place, typed=typed)
    assert done.exit_code == 0, done.output
    status = json.loads(run("plan", "status", *place, "--json").output)
    assert all(step["finished"] for step in status["steps"])
    assert {step["step"].partition(".")[0] for step in status["steps"]} == {"3-firms", "4-inspectors"}


def test_a_change_goes_through_two_commands_of_two_people(made, place):
    asked = run("plan", "replace", *place, with_reserve(made)[0], "--reason", "moved", "--by", "张三")
    assert asked.exit_code == 0 and "approve 1" in asked.output
    refused = run("plan", "approve", *place, "1", "--by", "张三", "--yes")
    assert refused.exit_code == 1 and "张三" in refused.output
    approved = run("plan", "approve", *place, "1", "--by", "李四", "--yes")
    assert approved.exit_code == 0 and "已通过" in approved.output
    told = json.loads(run("plan", "changes", *place, "--json").output)
    assert told["counts"]["replacements"] == 1 and told["changes"][0]["successor"]


def test_an_approval_asks_first_and_a_no_leaves_it_waiting(place):
    given = ("plan", "close", *place, "V0001", "--outcome", "moved", "--by", "a", "--approved-by", "b")
    assert run(*given, typed="n\n").exit_code == 3
    told = json.loads(run("plan", "changes", *place, "--json").output)
    assert [change["state"] for change in told["changes"]] == ["pending"]


def test_an_officer_who_leaves_is_substituted_everywhere(made, place):
    officer = change_steps.standing(made.line())[0].team[0][1]
    done = run("plan", "absent", *place, officer, "--reason", "left", "--by", "a", "--approved-by", "b", "--yes")
    assert done.exit_code == 0, done.output
    assert all(officer not in {p for _, p in visit.team} for visit in change_steps.standing(made.line()))
    again = run("plan", "absent", *place, officer, "--reason", "left", "--by", "a")
    assert again.exit_code == 0 and "没有需要变更的检查" in again.output


def test_days_are_fitted_again(made, place):
    visit = next(each for each in change_steps.standing(made.line()) if each.day)
    officer = visit.team[0][1]
    span = f"{officer}={visit.day}..{visit.day}"
    trial = json.loads(run("plan", "redate", *place, "--away", span, "--dry-run", "--json").output)
    assert visit.visit in {row["visit"] for row in trial["moved"]}
    assert run("plan", "redate", *place, "--away", span).exit_code == 0
    assert all(each.day != visit.day for each in change_steps.standing(made.line()) if each.key == visit.key)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("void", "1-firms", "--reason", "technical", "--by", "a"), "已有结果"),
        (("void", "7-firms", "--reason", "technical", "--by", "a"), "没有抽取"),
        (("replace", "V0001", "--reason", "?", "--by", "a"), "unreachable"),
        (("substitute", "V0001", "X", "Y", "--reason", "sick", "--by", "a"), "没有 X 的 Y"),
        (("approve", "9", "--by", "b", "--yes"), "没有第 9 号"),
        (("redate", "--away", "nonsense"), "nonsense"),
        (("supplement", "--unattended", "--yes"), "没有计划"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_one(place, arguments, said):
    command, *rest = arguments
    result = run("plan", command, *place, *rest)
    assert result.exit_code == 1 and said in result.output, result.output


def test_a_change_without_who_asks_is_a_usage_error(place):
    assert run("plan", "replace", *place, "V0001", "--reason", "moved").exit_code == 2


def test_the_first_day_is_a_date(place):
    assert run("plan", "supplement", *place, "--from", date.today().strftime("%d.%m.%Y")).exit_code == 2
