"""Further draws in mid-year: what was drawn stays, the whole verifies, caps and seats of the year are kept."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from midyear_office import JOINT, SINGLE, MidYear, ceremony, changed, copied, verified

from inspection import service
from inspection.errors import InputError, StoreError
from inspection.rules.frame import AGENCY_CAP, AT_CAP
from inspection.rules.plan_check import is_sound
from inspection.steps.standing import standing_visits
from inspection.steps.supplements import present_line
from inspection.store.draws import draws


@pytest.fixture(scope="module")
def year(county_files, drawn_once, tmp_path_factory) -> MidYear:
    """A planned year, and a supplement of two tasks, one of them joint."""
    made = copied(county_files, drawn_once, tmp_path_factory.mktemp("year") / "copy")
    made.before = rows(made)  # type: ignore[attr-defined]
    made.set_day(date(2027, 7, 10))
    made.import_tasks(JOINT, SINGLE)
    line = made.supplement()
    made.added = service.plan_year(line, ceremony(line))  # type: ignore[attr-defined]
    return made


@pytest.fixture(scope="module")
def bundle(year) -> Path:
    return year.bundle()


def rows(made: MidYear):
    with made.line().workspace.store.reading() as connection:
        return standing_visits(connection, made.line().name)


def records(made: MidYear):
    with made.line().workspace.store.reading() as connection:
        return {draw.folder: draw for draw in draws(connection, made.line().name)}


def test_a_bundle_with_two_firm_draws_verifies(bundle):
    code, text = verified(bundle)
    assert code == 0 and "3-firms" in text and "4-inspectors" in text, text
    names = json.loads((bundle / "bundle.json").read_text())["draws"]
    assert names == ["1-firms", "2-inspectors", "3-firms", "4-inspectors"]


def test_a_supplement_builds_on_the_result_before_it(year, bundle):
    promise = json.loads((bundle / "draws/3-firms/commitment.json").read_text())
    assert promise["previous"] == records(year)["2-inspectors"].root


def test_rules_of_the_year_are_repeated_word_for_word(bundle):
    first, second = (json.loads((bundle / f"draws/{n}/rules.json").read_text()) for n in ("1-firms", "3-firms"))
    for key in ("tiers", "coverage", "joint_share", "visits_per_firm", "visits_by_tier"):
        assert first[key] == second[key]


def test_what_was_drawn_stays(year):
    drawn = rows(year)
    assert drawn[: len(year.before)] == year.before
    assert {visit.draw.rpartition("/")[2] for visit in drawn[len(year.before) :]} == {"3-firms"}
    assert len(drawn) - len(year.before) == 12 + 9


def test_firms_at_their_cap_are_left_out_with_the_reason(year, bundle):
    rules = json.loads((bundle / "draws/3-firms/rules.json").read_text())
    capped = {pool for pool, reason in rules["exempt_pools"].items() if reason == AT_CAP}
    lines = (bundle / "draws/3-firms/firms.csv").read_text().splitlines()[1:]
    left_out = {row.split(",")[0] for row in lines if row.split(",")[1] in capped}
    assert left_out == {visit.firm for visit in year.before}
    assert max(Counter(visit.firm for visit in rows(year)).values()) == 1


def test_every_rule_of_the_year_is_kept(year):
    assert is_sound(year.added.rules), [rule.text("en") for rule in year.added.rules if rule.ok is False]
    assert not year.added.days.unplaced


def test_nobody_is_sent_before_the_first_day(year):
    assert all(visit.day >= date(2027, 8, 1) for visit in rows(year) if visit.draw.endswith("3-firms"))


def test_visits_of_two_draws_are_never_mixed_up(year):
    line = year.line()
    shown = service.plan_rows(line, service.plan_year(line, ceremony(line)))
    assert len({row.visit for row in shown}) == len(shown) == len(rows(year))
    by_label = {row.visit: row for row in shown}
    standing = {visit.key: visit for visit in rows(year)}
    assert by_label["V0001"].firm == standing[f"{line.name}/1-firms", "V0001"].firm
    assert by_label["3-V0001"].firm == standing[f"{line.name}/3-firms", "V0001"].firm
    assert by_label["3-V0001"].tasks[0] in {JOINT[1], SINGLE[1]}


def test_the_screen_tells_of_the_supplement(year):
    line = year.line()
    told = service.summary(line, service.plan_year(line, ceremony(line)), "en").warnings
    assert any("3-firms" in warning and "21 visits" in warning for warning in told)


def test_a_finished_supplement_is_read_back(year):
    before = year.line().workspace.log.lines()
    line = present_line(year.line())
    assert service.plan_year(line, ceremony(line)).plan.visits == year.added.plan.visits
    assert year.line().workspace.log.lines() == before


def without_line(text: str, number: int) -> str:
    lines = text.split("\n")
    return "\n".join(lines[:number] + lines[number + 1 :])


FLIPS = {
    "a task drawn is another": ("draws/3-firms/visits.csv", lambda text: text.replace(",C001,", ",C002,", 1)),
    "a firm leaves the frame": ("draws/3-firms/firms.csv", lambda text: without_line(text, 5)),
    "a pool is exempt": ("draws/3-firms/rules.json", lambda text: text.replace('"at-cap"', '"whitelist"', 1)),
    "the cap is higher": ("draws/3-firms/rules.json", lambda text: text.replace('firm":1', 'firm":2')),
    "it builds on nothing": ("draws/3-firms/commitment.json", lambda text: text.replace('ious":"', 'ious":"0')),
    "a seat is another's": ("draws/4-inspectors/assignments.csv", lambda text: text.replace("-001,", "-002,", 1)),
    "the dice are others": ("draws/4-inspectors/reveal.json", lambda text: text.replace("4444", "4445", 1)),
    "the second draw is hidden": ("bundle.json", lambda text: text.replace(',"3-firms","4-inspectors"', "")),
    "somebody else drew": ("log/entries.jsonl", lambda text: text.replace('"actor":"370828"', '"actor":"x"', 1)),
}


@pytest.mark.parametrize("name", FLIPS)
def test_a_change_of_the_second_draw_is_found(bundle, tmp_path, name):
    file, edit = FLIPS[name]
    shutil.copytree(bundle, tmp_path / "bundle")
    path = tmp_path / "bundle" / file
    text = path.read_text(encoding="utf-8")
    assert edit(text) != text
    path.write_text(edit(text), encoding="utf-8", newline="\n")
    code, told = verified(tmp_path / "bundle")
    assert code == 1 and "failed" in told and "Traceback" not in told


def test_registers_without_a_new_task_are_refused(year):
    year.import_tasks()
    with pytest.raises(InputError) as nothing:
        year.supplement()
    assert nothing.value.code == "supplement.nothing"


def test_a_drawn_task_that_changed_is_named(year):
    year.import_tasks(changed(JOINT, many="14户"), SINGLE, changed(SINGLE, code="370828-B-003"))
    with pytest.raises(InputError) as refused:
        year.supplement()
    assert refused.value.code == "supplement.changed" and JOINT[0] in refused.value.text("zh")


def test_a_task_whose_months_are_over_is_named(year):
    year.import_tasks(JOINT, SINGLE, changed(SINGLE, code="370828-B-003", months="5月"))
    with pytest.raises(InputError) as late:
        year.supplement()
    assert late.value.code == "supplement.late" and "370828-B-003" in late.value.text("en")


def test_a_supplement_before_the_year_is_drawn_is_refused(copy, undrawn):
    made = copy(undrawn)
    made.start()
    made.import_tasks(JOINT)
    with pytest.raises(StoreError) as early:
        made.supplement()
    assert early.value.code == "supplement.unfinished"


def test_a_draft_follows_the_registers_and_a_committed_one_stays(copy, drawn_once):
    made = copy(drawn_once)
    made.import_tasks(SINGLE)
    assert [task.task for task in made.supplement().given.tasks] == [SINGLE[0]]
    made.import_tasks(JOINT, SINGLE)
    line = made.supplement()
    assert [task.task for task in line.given.tasks] == [JOINT[0], SINGLE[0]] and line.round == 1
    service.plan_year(line, ceremony(line))
    made.import_tasks(JOINT, SINGLE, changed(SINGLE, code="370828-B-003"))
    assert made.supplement().round == 2


class Stop(Exception):
    """The process ends here."""


class StopsAt:
    """A watcher that ends the process after the n-th stored step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def begin(self, step):
        pass

    def advance(self, done, total):
        pass

    def end(self, step, seconds):
        self.left -= 1
        if self.left < 0:
            raise Stop


@pytest.mark.slow
def test_a_supplement_stopped_after_every_step_goes_on_where_it_was(copy, drawn_twice):
    made = copy(drawn_twice)
    made.import_tasks(JOINT, SINGLE)
    made.supplement(date(2027, 7, 1))
    stops = 0
    while True:
        made.watcher = StopsAt(1)
        line = present_line(made.line())
        try:
            added = service.plan_year(line, ceremony(line))
            break
        except Stop:
            stops += 1
    assert stops >= 5
    assert verified(made.bundle())[0] == 0
    assert len(added.plan.visits) == 21


def test_where_a_tier_may_be_visited_twice_a_firm_is_in_both_registers(copy, drawn_twice):
    made = copy(drawn_twice)
    firms = {visit.firm for visit in rows(made)}
    made.import_tasks(changed(JOINT, tier="D", many="18户"), SINGLE)
    line = made.supplement(date(2027, 8, 1))
    added = service.plan_year(line, ceremony(line))
    again = firms & {visit.firm for visit in added.plan.visits}
    assert again
    assert {added.plan.firms[firm][1] for firm in again} == {"D"}
    for firm in again:
        own = [visit for visit in rows(made) if visit.firm == firm]
        assert len(own) == 2 and not set(own[0].agencies) & set(own[1].agencies)
        days = sorted(visit.day for visit in own if visit.day)
        assert len(days) < 2 or (days[1] - days[0]).days >= line.given.policy.gap.days
    assert AGENCY_CAP in {pool.exemption for pool in added.plan.pools}
    code, text = verified(made.bundle())
    assert code == 0, text
