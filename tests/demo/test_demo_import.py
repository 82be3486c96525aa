from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from inspection.demo.county import CountySize, write_county
from inspection.demo.dirty import firm_rows, inspector_lines, write_dirty_sample
from inspection.registry import ImportSettings, import_registers
from inspection.rules.policy import load_policy

SEVERAL = CountySize(firms=6_000, inspectors=120, agencies=8, items=60, tasks=40, counties=3)


@pytest.mark.parametrize("size", [CountySize.scaled(6_000), SEVERAL], ids=["one", "three"])
def test_registers_of_the_demo_are_accepted_to_the_last_row(tmp_path: Path, size: CountySize) -> None:
    files = write_county(tmp_path / "county", size)
    policy = load_policy(files.policy)
    settings = ImportSettings(
        year=size.year, regions=frozenset(policy.regions), tiers=policy.tier_order, as_of=date(size.year, 1, 1)
    )
    report = import_registers(files.registers, tmp_path / "workspace", settings)
    assert {kind: counts.rejected for kind, counts in report.counts.items()} == dict.fromkeys(report.counts, 0)
    assert report.snapshot is not None and report.counts["firms"].accepted == size.firms
    assert len(report.snapshot.tasks()) == size.tasks * size.counties
    assert {item.qualification for item in report.snapshot.items()} - {None}
    assert any(task.joining for task in report.snapshot.tasks())


def test_dirty_sample_is_rejected_but_for_the_good_rows(tmp_path: Path) -> None:
    files = write_dirty_sample(tmp_path / "dirty")
    county = write_county(tmp_path / "county", CountySize.scaled(1_000))
    settings = ImportSettings(
        year=2027, regions=frozenset({"370828"}), tiers=("A", "B", "C", "D"), as_of=date(2027, 1, 1)
    )
    given = {"agencies": (county.agencies,), "firms": (files.firms,), "inspectors": (files.inspectors,)}
    report = import_registers(given, tmp_path / "workspace", settings)
    firms, inspectors = report.counts["firms"], report.counts["inspectors"]
    assert (firms.read, inspectors.read) == (len(firm_rows()), len(inspector_lines()))
    assert firms.accepted in (2, 3) and inspectors.accepted in (1, 2)  # a repeated code may take its first row along
    assert len(report.reasons) >= 20
