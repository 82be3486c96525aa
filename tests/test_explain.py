"""Explain: the chance is flow over size, chances add up to visits, and what the draw did is told with its proof."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from inspection.demo.county import CountySize, write_county
from inspection.demo.dirty import write_dirty_sample
from inspection.draw.merkle import root_from_inclusion
from inspection.model import MILLION
from inspection.office import Office
from inspection.planning.forecast import Planned
from inspection.questions.explain import Explainer, Explanation, Search, explain, profile_of
from inspection.questions.standing_plan import standing
from inspection.registry.firm_search import RegisteredFirm, find_firms
from inspection.rules.policy_changes import changed_policy
from inspection.steps import firm_steps
from inspection.steps.firm_in_draw import firm_in_draws
from inspection.steps.line import Given


def explained(office: Office, text: str) -> Explanation:
    found = explain(office, text)
    assert isinstance(found, Explanation), found
    return found


def table(bundle: Path, name: str) -> list[dict[str, str]]:
    with (bundle / "draws" / "1-firms" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def everyone(office: Office) -> tuple[RegisteredFirm, ...]:
    return find_firms(office.snapshot().firms, "", 1_000_000)


@pytest.fixture(scope="module")
def told(planned) -> dict[str, Explanation]:
    """The explanation of every firm of the register, before any draw is looked at; firms alike share one."""
    base = standing(planned.office)
    assert base.stored is not None
    explainer = Explainer(base.given, base.stored)
    known: dict[object, Explanation] = {}
    found = {}
    for firm in everyone(planned.office):
        key = firm.status, profile_of(firm, base.given)
        if key not in known:
            known[key] = explainer.explanation(firm)
        found[firm.firm] = replace(known[key], firm=firm)
    return found


def test_every_chance_is_the_flow_over_the_size_of_the_bundles_tables(told, planned):
    frame = {row["firm"]: row["pool"] for row in table(planned.bundle, "firms.csv")}
    sizes = Counter(frame.values())
    flows: dict[str, dict[str, int]] = {}
    for row in table(planned.bundle, "flow.csv"):
        if row["tail"].startswith("pool:"):
            flows.setdefault(row["tail"][5:], {})[row["head"][5:]] = int(row["flow"])
    for code, found in told.items():
        pool = frame.get(code)
        assert (found.pool.pool if found.pool else None) == pool
        if pool is None:
            assert found.firm.status != "live" and found.chance == 0
            continue
        assert found.pool is not None and found.pool.size == sizes[pool]
        of = flows.get(pool, {})
        assert found.chance == Fraction(sum(of.values()), sizes[pool] * MILLION)
        assert {each.combination: each.flow for each in found.combinations} == of


def test_chances_of_all_firms_add_up_to_the_visits(told, planned):
    assert sum(found.chance for found in told.values()) == len(planned.year.plan.visits)


def test_chances_by_combination_and_month_add_up_to_the_months_committed(told, planned):
    total: Counter[tuple[str, str]] = Counter()
    for found in told.values():
        assert sum(each.chance for each in found.combinations) == found.chance
        for each in found.combinations:
            assert sum(share for _, share in each.months) == each.chance
            for month, share in each.months:
                total[each.combination, month] += share
    committed = {(row["task"], row["month"]): int(row["visits"]) for row in table(planned.bundle, "months.csv")}
    assert dict(total) == committed


def test_task_chances_of_all_firms_add_up_to_what_each_task_asks(told):
    total: Counter[str] = Counter()
    asked: dict[str, int] = {}
    for found in told.values():
        for task in found.tasks:
            total[task.task] += task.chance
            asked[task.task] = task.total
    assert {task: total[task] for task in asked} == asked


def test_every_task_either_applies_or_is_told_why_not(told, planned):
    tasks = {task.task: task for task in planned.office.snapshot().tasks()}
    for found in told.values():
        applying = {each.task for each in found.tasks}
        excluded = {each.task for each in found.excluded}
        if found.pool is not None:
            assert applying | excluded == set(tasks) and not applying & excluded
        for each in found.excluded:
            selection = tasks[each.task].selection
            assert each.unmet
            if "kind" in each.unmet:
                assert found.firm.kind not in selection.kinds
            if "tags" in each.unmet:
                assert selection.tags.isdisjoint(found.firm.tags.split(";"))
            if "industry" in each.unmet:
                assert not found.firm.industry.startswith(selection.industries)


def test_the_binding_rule_agrees_with_the_chance(told):
    kinds = Counter(found.binding for found in told.values())
    for found in told.values():
        if found.pool is None:
            assert found.binding is None
        elif found.binding == "exempt":
            assert found.exemption and found.chance == 0
        elif found.binding == "everyone":
            assert found.chance == 1
        elif found.binding == "least":
            assert abs(found.chance - found.rules.minimum) < Fraction(1, 10_000)
        elif found.binding == "most":
            assert abs(found.chance - found.rules.maximum) < Fraction(1, 10_000)
        elif found.binding == "coverage_more":
            assert found.chance > found.free
        elif found.binding == "coverage_less":
            assert found.chance < found.free
        elif found.binding == "tasks_more":
            assert found.chance > found.even
        elif found.binding == "tasks_less":
            assert found.chance < found.even
        else:
            assert abs(found.chance - found.even) < found.even / 100
        assert (found.exemption is None) == (found.binding != "exempt")
    assert len(kinds) > 3


def test_what_would_be_otherwise_adds_up_to_the_same_visits(told, planned):
    for name in ("even", "free"):
        total = sum(getattr(found, name) for found in told.values() if found.pool and not found.exemption)
        assert abs(total - len(planned.year.plan.visits)) < Fraction(1, 100)


@pytest.mark.slow
def test_a_coverage_floor_that_moves_visits_is_told_as_the_reason(county):
    base = standing(county.office())
    reasons = {}
    for floor in ("6%", "0%"):
        policy = changed_policy(base.given.policy, [f"coverage.floor={floor}"], ())
        given = Given(policy, base.given.snapshot)
        pools = firm_steps.write_frame(given, None)
        explainer = Explainer(given, Planned(pools=pools, quotas=firm_steps.solve(given, pools, map)))
        (grounds,) = explainer.grounds.values()
        counted = [pool for pool in pools if pool.kind in policy.coverage_kinds]
        moved = sum(grounds.flow.get(pool.pool, 0) - grounds.free.get(pool.pool, 0) for pool in counted)
        reasons[floor] = moved, {grounds.binding(pool) for pool in pools}
    moved, bindings = reasons["6%"]
    assert moved > MILLION and bindings >= {"coverage_more", "coverage_less"}
    moved, bindings = reasons["0%"]
    assert moved == 0 and not bindings & {"coverage_more", "coverage_less"}


def test_rank_and_cut_say_who_was_drawn_in_every_pool(planned):
    line = planned.office.line()
    visits = {visit.firm: visit for visit in planned.year.plan.visits}
    drawn = sorted(visits)[:3]
    passed = [firm.firm for firm in everyone(planned.office) if firm.status == "live" and firm.firm not in visits][:3]
    for firm in (*drawn, *passed):
        (found,) = firm_in_draws(line, firm)
        assert found.is_drawn == (firm in visits)
        assert found.last is None or (found.ticket <= found.last) == found.is_drawn
        assert (found.visit is not None) == (firm in visits)
        if found.visit is not None:
            own = visits[firm]
            assert (found.visit.visit, found.visit.month) == (own.visit, own.month)
            assert found.day == planned.year.days.days[own.visit]


def test_proofs_lead_from_the_rows_to_the_digests_of_the_bundle(planned):
    firm = planned.year.plan.visits[0].firm
    (found,) = firm_in_draws(planned.office.line(), firm)
    commitment = json.loads((planned.bundle / "draws" / "1-firms" / "commitment.json").read_text(encoding="utf-8"))
    files = {proof.file: proof for proof in found.proofs}
    assert set(files) == {"firms.csv", "visits.csv"}
    assert files["firms.csv"].root == commitment["inputs"]["firms.csv"]
    for proof in found.proofs:
        path = [bytes.fromhex(each) for each in proof.path]
        root = root_from_inclusion(proof.line.encode(), proof.index, proof.lines, path, commitment["digest"])
        assert root is not None and root.hex() == proof.root
        lines = (planned.bundle / "draws" / "1-firms" / proof.file).read_text(encoding="utf-8").split("\n")
        assert lines[proof.index] == proof.line and firm in proof.line


@pytest.mark.slow
def test_a_planned_firm_has_the_same_chance_before_any_plan_is_stored(county, planned):
    office = county.office()
    firm = planned.year.plan.visits[0].firm
    before, after = explained(office, firm), explained(planned.office, firm)
    assert not before.is_committed and not before.draws and after.is_committed and after.draws
    assert (before.chance, before.combinations, before.binding) == (after.chance, after.combinations, after.binding)


def test_part_of_a_name_finds_firms_and_a_code_in_small_letters_one(planned):
    firm = everyone(planned.office)[0]
    assert explained(planned.office, firm.firm.lower()).firm == firm
    several = explain(planned.office, firm.name[:3])
    assert isinstance(several, Search) and len(several.firms) > 1 and not several.rejected


@pytest.mark.slow
def test_a_firm_that_is_nowhere_or_was_refused_says_so(tmp_path):
    files = write_county(tmp_path / "county", CountySize(firms=1_000, inspectors=40, agencies=6, items=20, tasks=16))
    office = Office.found(tmp_path / "workspace", origin="open-draw.example/test", policy=files.policy)
    dirty = write_dirty_sample(tmp_path / "dirty")
    registers = {**files.registers, "firms": (*files.registers["firms"], dirty.firms)}
    report = office.import_files(registers, mappings={}, as_of=date(2027, 1, 1), strict=False)
    assert report.snapshot is not None and report.quarantine is not None
    refused = next(fault for fault in report.examples if fault.register == "firms" and fault.value)
    found = explain(office, refused.value)
    assert isinstance(found, Search) and not found.firms
    assert any(row.row == refused.row for row in found.rejected)
    nowhere = explain(office, "无此户")
    assert isinstance(nowhere, Search) and not nowhere.firms and not nowhere.rejected


@pytest.fixture
def folder(planned, tmp_path) -> Path:
    """A copy of the planned workspace for commands."""
    planned.office.workspace.store.close()
    target = tmp_path / "planned"
    shutil.copytree(planned.office.workspace.folder, target)
    return target


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.slow
def test_command_tells_every_sort_of_firm_in_both_languages(told, folder, planned):
    by_binding = {found.binding: found.firm.firm for found in told.values()}
    for binding, firm in by_binding.items():
        for language in ("zh", "en"):
            shown = run("--lang", language, "explain", "-w", folder, firm)
            assert shown.exit_code == 0 and firm in shown.stdout, binding
    drawn = run("explain", "-w", folder, planned.year.plan.visits[0].firm, "--all")
    assert "抽中" in drawn.stdout and "visits.csv" in drawn.stdout and "--all" not in drawn.stdout


def test_command_as_json_holds_chance_and_proof(told, folder, planned):
    firm = planned.year.plan.visits[0].firm
    facts = json.loads(run("explain", "-w", folder, firm, "--json").stdout)
    assert facts["chance"] == float(told[firm].chance)
    assert facts["draws"][0]["is_drawn"] and facts["draws"][0]["proofs"][0]["path"]
    assert facts["rules"]["maximum"] == float(told[firm].rules.maximum)


def test_command_says_which_firms_a_name_fits(folder, planned):
    firm = everyone(planned.office)[0]
    result = run("explain", "-w", folder, firm.name[:3])
    assert result.exit_code == 1 and "不止一户" in result.stdout
    assert run("explain", "-w", folder, "无此户").exit_code == 1
