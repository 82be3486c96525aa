"""The line under other choices: SM3 and a seal, no dice, several counties on several processes."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from inspection import service
from inspection.demo.county import CountySize, write_county
from inspection.office import Office
from inspection.rules.plan_check import is_sound
from inspection.steps.line import Silent


def checked(bundle):
    command = [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def edited(office: Office, *changes: tuple[str, str]) -> Office:
    text = office.policy_file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    office.policy_file.write_text(text, encoding="utf-8")
    return office


def planned(office: Office, processes: int = 1) -> tuple[service.PlannedYear, str]:
    line, _ = office.start(Silent())
    year = service.plan_year(line, service.unattended(line.given.policy), processes=processes)
    verdict = checked(service.bundle(line, office.workspace.folder.parent / "bundle"))
    assert verdict.returncode == 0, verdict.stdout
    return year, verdict.stdout


@pytest.mark.slow
def test_a_draw_in_sm3_under_a_seal_verifies(county):
    office = edited(county.office(), ('digest = "sha256"', 'digest = "sm3"'), ("seal = false", "seal = true"))
    year, verdict = planned(office)
    assert is_sound(year.rules)
    assert "sm3" in verdict


@pytest.mark.slow
def test_parties_alone_make_the_seed_where_no_dice_are_rolled(county):
    year, _verdict = planned(edited(county.office(), ('public = "dice"', 'public = "none"')))
    assert is_sound(year.rules)


@pytest.mark.slow
def test_two_counties_are_planned_apart_and_proven_together(tmp_path):
    files = write_county(
        tmp_path / "registers", CountySize(firms=6_000, inspectors=120, agencies=8, items=80, tasks=40, counties=2)
    )
    office = Office.found(tmp_path / "workspace", origin="open-draw.example/two", policy=files.policy)
    office.import_files(files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
    year, _ = planned(office, processes=2)
    assert is_sound(year.rules)
    region = {pool.pool: pool.region for pool in year.plan.pools}
    agencies = {agency.agency: agency.region for agency in office.snapshot().agencies()}
    combinations = {each.combination: each for each in year.plan.combinations}
    regions = set()
    for visit in year.plan.visits:
        own = region[year.plan.firms[visit.firm][0]]
        regions.add(own)
        assert {agencies[agency] for agency in combinations[visit.combination].agencies} == {own}
    assert len(regions) == 2
