from __future__ import annotations

from datetime import date
from pathlib import Path

from inspection.demo.county import CountySize, write_county
from inspection.demo.dirty import write_dirty_sample
from inspection.registry import ImportSettings, import_registers
from inspection.registry.kept_faults import fault_counts, page_of_faults


def test_faults_are_paged_as_the_report_counts_them(tmp_path: Path) -> None:
    files = write_dirty_sample(tmp_path / "dirty")
    county = write_county(tmp_path / "county", CountySize.scaled(1_000))
    settings = ImportSettings(
        year=2027, regions=frozenset({"370828"}), tiers=("A", "B", "C", "D"), as_of=date(2027, 1, 1)
    )
    given = {"agencies": (county.agencies,), "firms": (files.firms,), "inspectors": (files.inspectors,)}
    report = import_registers(given, tmp_path / "workspace", settings)
    assert report.rejects is not None
    folder = report.rejects.parent
    assert {(each.register, each.code): each.count for each in fault_counts(folder)} == dict(report.reasons)
    pages, after = [], 0
    while page := page_of_faults(folder, after, 7):
        pages += page
        after = page[-1][0]
    assert [number for number, _ in pages] == list(range(1, sum(report.reasons.values()) + 1))
    assert set(report.examples) <= {fault for _, fault in pages}
    register, code = next(iter(report.reasons))
    chosen = page_of_faults(folder, 0, 1000, register=register, code=code)
    assert {(fault.register, fault.code) for _, fault in chosen} == {(register, code)}
    assert len(chosen) == report.reasons[register, code]


def test_imports_without_the_file_have_no_faults_to_show(tmp_path: Path) -> None:
    assert page_of_faults(tmp_path, 0, 10) == () and fault_counts(tmp_path) == ()
