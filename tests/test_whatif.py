"""What if: consequences as a plan made anew has them, told side by side, and nothing stored is touched."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len
from rich.console import Console

from cli import main
from inspection import service
from inspection.documents.comparison import render_comparison
from inspection.errors import InputError, StoreError
from inspection.model import Summary
from inspection.office import Office
from inspection.questions.whatif import Comparison, Variant, compare
from inspection.rules.consequences import Consequences
from inspection.steps.line import Silent
from inspection.steps.workers import spreading

DAY = date(2027, 1, 1)


def asked(office: Office, *variants: Variant) -> Comparison:
    return compare(office, "now", variants, DAY)


def figures(found: Comparison, place: int) -> Consequences:
    case = found.cases[place]
    assert case.consequences is not None, case.shortage
    return case.consequences


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def digest_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def office(county) -> Office:
    """Registers imported, nothing planned yet; tests only read it."""
    return county.office()


def assert_same(found: Consequences, summary: Summary) -> None:
    """The figures are those of a drawn plan."""
    for name in ("checks", "visits", "visits_bound", "firms_in_frame", "firms_exempt", "tasks", "tiers", "cut"):
        assert getattr(found, name) == getattr(summary, name), name
    for name in ("joint_by_visits", "joint_by_firms", "joint_by_tasks", "visits_per_month", "joint_counted_by"):
        assert getattr(found, name) == getattr(summary, name), name
    assert found.coverage.whole == summary.coverage.whole and found.coverage.floor == summary.coverage.floor
    assert found.coverage.part <= summary.coverage.part <= found.coverage.part + 1
    loads = {load.agency: load for load in summary.agencies}
    assert {year.agency for year in found.agencies} == set(loads)
    for year in found.agencies:
        load = loads[year.agency]
        got = (year.name, year.inspectors, year.visits, year.joint_visits, year.seats)
        assert got == (load.name, load.inspectors, load.visits, load.joint_visits, load.seats)


def test_a_stored_plan_is_shown_as_it_was_drawn(planned):
    found = asked(planned.office)
    line = planned.office.line()
    assert found.is_committed
    assert_same(figures(found, 0), service.summary(line, planned.year, "en"))


@pytest.mark.slow
def test_consequences_are_those_of_a_plan_made_anew(county, planned):
    found = asked(planned.office, Variant(name="more", settings=("coverage.floor=6%", "tiers.D.weight=15")))
    other = county.office()
    text = other.policy_file.read_text(encoding="utf-8")
    policy = other.policy()
    text = text.replace(f'floor = "{_percent(policy.coverage.floor)}"', 'floor = "6%"', 1)
    head, tail = text.split("[tiers.D]")
    tail = tail.replace(f"weight = {int(policy.tiers['D'].weight)}", "weight = 15", 1)
    other.policy_file.write_text(head + "[tiers.D]" + tail, encoding="utf-8")
    changed = other.policy()
    assert (changed.coverage.floor, changed.tiers["D"].weight) == (Fraction(6, 100), 15)
    line, _ = other.start(Silent())
    year = service.plan_year(line, service.unattended(changed))
    assert_same(figures(found, 1), service.summary(line, year, "en"))
    assert figures(found, 0) != figures(found, 1)


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):g}%"


def test_an_unplanned_office_is_compared_with_what_its_plan_would_be(office, planned):
    found = asked(office, Variant(name="same"))
    assert not found.is_committed
    assert figures(found, 0) == figures(found, 1) == figures(asked(planned.office), 0)


def test_more_coverage_takes_more_visits_and_lifts_the_floor(planned):
    found = asked(planned.office, Variant(name="6 %", settings=("coverage.floor=6%",)))
    before, after = figures(found, 0), figures(found, 1)
    assert after.visits > before.visits and after.coverage.part > before.coverage.part
    assert after.coverage.is_met and after.coverage.floor == Fraction(6, 100)


def test_without_merging_every_check_is_a_visit(planned):
    found = asked(planned.office, Variant(name="apart", settings=("merge.enabled=false", "joint.floor=0%")))
    after = figures(found, 1)
    assert after.visits == after.checks == after.visits_bound and after.cut == 0


def test_officers_who_leave_take_their_seats_along(planned):
    given = planned.office.snapshot()
    code = given.inspectors()[0]
    found = asked(planned.office, Variant(name="less", without=(code.inspector,)))
    before, after = figures(found, 0), figures(found, 1)
    assert after.inspectors == before.inspectors - 1
    of = {year.agency: year for year in after.agencies}
    for year in before.agencies:
        lost = year.available - of[year.agency].available
        assert (lost > 0) == (year.agency == code.agency)


def test_a_roster_equal_to_the_register_changes_nothing(planned, county):
    found = asked(planned.office, Variant(name="same", roster=county.files.registers["inspectors"][0]))
    assert figures(found, 0) == figures(found, 1)


def test_a_roster_with_a_bad_row_is_refused_with_its_reason(planned, tmp_path):
    person = planned.office.snapshot().inspectors()[0]
    roster = tmp_path / "人员.csv"
    head = "工号,姓名,部门编码,执法证号,执法证有效期至\n"
    rows = f"A1,张三,{person.agency},ZJ1,2028-12-31\nA2,李四,NOWHERE,ZJ2,2028-12-31\n"
    roster.write_text(head + rows, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        asked(planned.office, Variant(name="other", roster=roster))
    assert raised.value.code == "whatif.roster" and "NOWHERE" in raised.value.text("zh")


def test_unknown_inspectors_are_named_with_the_closest(planned):
    code = planned.office.snapshot().inspectors()[0].inspector
    with pytest.raises(InputError) as raised:
        asked(planned.office, Variant(name="less", without=(code[:-1] + "X", "nobody")))
    assert code[:-1] + "X" in raised.value.text("en") and "nobody" in raised.value.text("en")
    assert f"≈ {code[:-1]}" in raised.value.text("en")


def test_a_policy_file_for_other_registers_is_refused(planned, tmp_path):
    other = tmp_path / "other.toml"
    text = planned.office.policy_file.read_text(encoding="utf-8")
    assert 'regions = ["370828"]' in text
    other.write_text(text.replace('regions = ["370828"]', 'regions = ["370829"]'), encoding="utf-8")
    with pytest.raises(StoreError) as raised:
        asked(planned.office, Variant(name="file", policy=other))
    assert raised.value.code == "cli.workspace.stale"


@pytest.fixture(scope="module")
def mixed(planned) -> Comparison:
    """A case that cannot be, one that changes nothing that shows, and one that does."""
    return asked(
        planned.office,
        Variant(name="impossible", settings=("coverage.floor=99%",)),
        Variant(name="days", settings=("gap.days=20",)),
        Variant(name="more", settings=("coverage.floor=6%",)),
    )


@pytest.mark.slow
def test_what_cannot_be_planned_is_told_beside_what_can(mixed):
    assert not mixed.is_feasible
    assert mixed.cases[1].consequences is None
    assert "coverage.floor" in mixed.cases[1].shortage["zh"] and "coverage.floor" in mixed.cases[1].shortage["en"]
    assert figures(mixed, 2) == figures(mixed, 0) != figures(mixed, 3)
    assert mixed.cases[2].unseen == ("gap.days=20",)


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("language", "words"), [("zh", ("不可行", "只影响排期")), ("en", ("cannot be", "days only"))])
def test_cases_are_readable_on_any_screen(mixed, language, words, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render_comparison("title", mixed.cases, language))
    text = console.export_text()
    for each in (*words, "days", "more", "impossible", "coverage.floor=99%", f"{figures(mixed, 3).visits:,}"):
        assert each in text
    assert "…" not in text.split("impossible")[0]
    assert max(map(cell_len, text.splitlines())) <= width


@pytest.mark.slow
def test_processes_give_the_cases_of_one(planned):
    variants = [Variant(name=f"{floor}", settings=(f"coverage.floor={floor}%",)) for floor in (5.5, 6)]
    apart = compare(planned.office, "now", variants, DAY, partial(spreading, 2))
    assert apart == asked(planned.office, *variants)


def test_neither_plan_nor_log_is_touched(planned, tmp_path):
    folder = tmp_path / "workspace"
    planned.office.workspace.store.close()
    shutil.copytree(planned.office.workspace.folder, folder)
    before = digest_of(folder)
    assert run("whatif", "-w", folder, "--set", "coverage.floor=6%", "--json").exit_code == 0
    assert digest_of(folder) == before


@pytest.mark.slow
def test_an_office_without_a_plan_is_not_touched_either(county):
    office = county.office()
    office.workspace.store.close()
    before = digest_of(office.workspace.folder)
    assert run("whatif", "-w", office.workspace.folder).exit_code == 0
    assert digest_of(office.workspace.folder) == before


@pytest.fixture
def folder(planned, tmp_path) -> Path:
    """A copy of the planned workspace for commands."""
    planned.office.workspace.store.close()
    target = tmp_path / "planned"
    shutil.copytree(planned.office.workspace.folder, target)
    return target


@pytest.mark.slow
def test_json_and_workbook_hold_the_same_cases(folder, tmp_path):
    target = tmp_path / "new" / "比较.xlsx"
    cases = ("--case", "多查", "coverage.floor=6%,quiet.days_of_month=[1,2]", "--case", "无", "coverage.floor=99%")
    result = run("whatif", "-w", folder, *cases, "--out", target, "--json")
    assert result.exit_code == 1
    standing, more, none = json.loads(result.stdout)["cases"]
    assert more["figures"]["visits"] > standing["figures"]["visits"]
    assert more["unseen"] == ["quiet.days_of_month=[1,2]"]
    assert not none["feasible"] and none["shortage"]
    sheet = openpyxl.load_workbook(target)["比较"]
    rows = {row[0]: row[1:] for row in sheet.iter_rows(values_only=True) if row[0]}
    assert rows["合并后检查次数"] == (standing["figures"]["visits"], more["figures"]["visits"], None)
    assert rows["不可行的原因"][2]


def test_a_mistyped_key_on_the_command_line_is_told(folder):
    result = run("whatif", "-w", folder, "--set", "merging.enabled=false")
    assert result.exit_code == 1 and "merge.enabled" in result.stderr


def test_cases_of_one_name_and_missing_files_are_refused(folder):
    twice = run("whatif", "-w", folder, "--case", "a", "gap.days=1", "--case", "a", "gap.days=2")
    assert twice.exit_code == 1 and "a" in twice.stderr
    missing = run("whatif", "-w", folder, "--case", "a", "inspectors=nowhere.xlsx")
    assert missing.exit_code == 1 and "nowhere.xlsx" in missing.stderr
    assert run("whatif", "-w", folder, "--out", "x.csv").exit_code == 1
