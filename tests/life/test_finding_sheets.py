"""Findings by spreadsheet: prefilled, filled in, read back; faulty rows all named; killed anywhere, all or nothing."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import event
from work_year import PLANNER, WorkYear, clerk

from inspection.errors import InputError
from inspection.office import Office
from inspection.rules.findings import categories, dictionaries, method_of
from inspection.store import work
from inspection.work import work_steps

HEADER = ("检查编号", "检查部门", "事项编码", "检查结果", "检查日期", "问题描述")


def open_agency(year: WorkYear) -> str:
    """An agency all of whose visits of all months are accepted."""
    for month in sorted({part.month for part in year.parts()}):
        work_steps.dispatch_month(year.office, month, year.now(), PLANNER)
    agency = year.joint_part().key.agency
    keys = [part.key for part in year.parts(agency=agency)]
    work_steps.accept_all(year.office, keys, clerk(agency), year.now())
    return agency


def rows_of(year: WorkYear, agency: str) -> list[list[str]]:
    """A row per item of the agency, all with the result 1 on a day."""
    return [
        [year.facts.label(*part.key[:2]), agency, item, "1", "2027-05-28", ""]
        for part in year.parts(agency=agency)
        for item in year.items(part)
    ]


def write_csv(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def stored(year: WorkYear) -> list[Any]:
    with year.office.workspace.store.reading() as connection:
        return list(work.findings(connection, year.plan))


def test_template_is_filled_in_and_read_back(year: WorkYear, tmp_path: Path) -> None:
    agency, path = open_agency(year), tmp_path / "结果.xlsx"
    count = work_steps.finding_template(year.office, path, agency, year.now())
    book = openpyxl.load_workbook(path)
    sheet = book["检查结果"]
    assert sheet.max_row == count + 1
    heads = [cell.value for cell in sheet[1]]
    assert len(sheet.data_validations.dataValidation) == 2
    result, day = heads.index("检查结果") + 1, heads.index("检查日期") + 1
    assert all(sheet.cell(row, result).value is None for row in range(2, count + 2))
    sheet.cell(2, result).value = "5 发现问题已责令改正"
    sheet.cell(2, day).value = date(2027, 5, 28)
    book.save(path)
    done = work_steps.import_findings(year.office, [path], clerk(agency), year.now())
    assert done.read is not None
    assert (done.entered, done.read.empty, done.read.counts.rejected) == (1, count - 1, 0)
    (found,) = stored(year)
    assert (found.finding.result, found.finding.found_on) == ("5", date(2027, 5, 28))
    # What was entered comes back in the next sheet, and reading it again changes nothing.
    again = tmp_path / "再次.xlsx"
    work_steps.finding_template(year.office, again, agency, year.now())
    done = work_steps.import_findings(year.office, [again], clerk(agency), year.now())
    assert (done.entered, done.unchanged) == (0, 1)


def test_two_copies_of_a_sheet_filled_in_by_two_people_come_together(year: WorkYear, tmp_path: Path) -> None:
    agency = open_agency(year)
    rows = rows_of(year, agency)
    first = [[*row[:3], "1" if number % 2 else "", *row[4:]] for number, row in enumerate(rows)]
    second = [[*row[:3], "" if number % 2 else "7", *row[4:]] for number, row in enumerate(rows)]
    files = [write_csv(tmp_path / "甲.csv", first), write_csv(tmp_path / "乙.csv", second)]
    done = work_steps.import_findings(year.office, files, clerk(agency), year.now())
    assert done.read is not None and (done.entered, done.read.counts.rejected) == (len(rows), 0)
    assert {part.state for part in year.parts(agency=agency) if year.items(part)} == {"entered"}


def test_every_faulty_row_is_named_and_good_rows_go_on(year: WorkYear, tmp_path: Path) -> None:
    agency = open_agency(year)
    rows = rows_of(year, agency)[:8]
    other = next(code for code in year.facts.agencies if code != agency)
    foreign = next(item.item for item in year.facts.items.values() if item.agency != agency)
    rows[0][3] = "无问题"
    rows[1][0] = "V99999"
    rows[2][2] = foreign
    rows[3][4] = "2027-06-30"
    rows[4][4] = "五月底"
    rows[5][1] = other
    rows[6][3], rows[6][5] = "", "门面已拆"
    done = work_steps.import_findings(year.office, [write_csv(tmp_path / "结果.csv", rows)], clerk(agency), year.now())
    read = done.read
    assert read is not None and read.rejects is not None
    assert (done.entered, read.counts.rejected, read.counts.read) == (1, 7, 8)
    by_row = {fault.row: fault for fault in read.examples}
    assert set(by_row) == set(range(2, 9))
    assert by_row[2].code == "findings.result.unknown" and by_row[2].value == "无问题"
    assert by_row[3].code == "findings.visit.unknown"
    assert by_row[4].code == "findings.item.foreign"
    assert by_row[5].code == "findings.day.future"
    assert by_row[8].code == "findings.result.missing"
    for fault in read.examples:
        assert fault.column and fault.reason("zh") and fault.remedy("en")
    names = openpyxl.load_workbook(read.rejects).sheetnames
    assert names == ["统计", "检查结果", "问题清单"]


def test_corrected_rejects_workbook_is_read_as_it_is(year: WorkYear, tmp_path: Path) -> None:
    agency = open_agency(year)
    rows = rows_of(year, agency)[:3]
    rows[0][3] = "没问题"
    first = work_steps.import_findings(year.office, [write_csv(tmp_path / "结果.csv", rows)], clerk(agency), year.now())
    assert first.read is not None and first.read.rejects is not None
    book = openpyxl.load_workbook(first.read.rejects)
    sheet = book["检查结果"]
    place = [cell.value for cell in sheet[1]].index("检查结果") + 1
    sheet.cell(2, place).value = "未发现问题"
    path = tmp_path / "改好.xlsx"
    book.save(path)
    second = work_steps.import_findings(year.office, [path], clerk(agency), year.now())
    assert second.read is not None and (second.entered, second.read.counts.rejected) == (1, 0)


def test_states_that_admit_no_findings_are_told_apart(year: WorkYear, tmp_path: Path) -> None:
    part = year.joint_part()
    key = year.reviewed(part)
    early = next(other for other in year.parts(agency=key.agency) if other.month != part.month and year.items(other))
    rows = [
        [year.facts.label(*each.key[:2]), key.agency, year.items(each)[0], "1", "2027-05-28", ""]
        for each in (part, early)
    ]
    done = work_steps.import_findings(
        year.office, [write_csv(tmp_path / "结果.csv", rows)], clerk(key.agency), year.now()
    )
    assert done.read is not None
    assert {fault.row: fault.code for fault in done.read.examples} == {
        2: "findings.state.late", 3: "findings.state.early",
    }  # fmt: skip


def test_clerk_brings_the_findings_of_their_own_agency_only(year: WorkYear, tmp_path: Path) -> None:
    agency = open_agency(year)
    other = next(part.key.agency for part in year.parts() if part.key.agency != agency)
    path = write_csv(tmp_path / "结果.csv", rows_of(year, agency)[:2])
    done = work_steps.import_findings(year.office, [path], clerk(other), year.now())
    assert done.read is not None and (done.entered, done.read.counts.rejected) == (0, 2)


def test_file_that_is_no_sheet_of_findings_is_refused(year: WorkYear, tmp_path: Path) -> None:
    path = tmp_path / "别的.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        work_steps.import_findings(year.office, [path, tmp_path / "没有.xlsx"], clerk("X"), year.now())
    assert "别的.csv" in refusal.value.text("zh") and "没有.xlsx" in refusal.value.text("zh")


@pytest.mark.slow
def test_import_killed_before_any_statement_stores_all_or_nothing(
    drawn_year: Path, another: Callable[[Path], WorkYear], tmp_path: Path
) -> None:
    year = another(drawn_year)
    agency = open_agency(year)
    rows = rows_of(year, agency)[:40]
    path = write_csv(tmp_path / "结果.csv", rows)
    folder, statement, seen = year.office.workspace.folder, 0, set()
    year.office.workspace.store.close()
    while True:
        statement += 3
        child = os.fork()
        if child == 0:
            _strike_at(folder, statement, path, clerk(agency))
        status = os.waitpid(child, 0)[1]
        fresh = WorkYear(office=Office.opened(folder))
        count = len(stored(fresh))
        moved = [part for part in fresh.parts(agency=agency) if part.state in ("carried_out", "entered")]
        assert (count, bool(moved)) in ((0, False), (len(rows), True))
        fresh.office.workspace.store.close()
        seen.add(count)
        if status == 0:
            break
        assert status == signal.SIGKILL and count == 0
    assert seen == {0, len(rows)} and statement > 20


def _strike_at(folder: Path, statement: int, path: Path, actor: Any) -> None:
    """Import in this child, which kills itself before the given SQL statement."""
    try:
        year, count = WorkYear(office=Office.opened(folder)), 0

        def strike(*_: object) -> None:
            nonlocal count
            count += 1
            if count >= statement:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(year.office.workspace.store.engine, "before_cursor_execute", strike)
        event.listen(year.office.workspace.store.engine, "commit", strike)
        work_steps.import_findings(year.office, [path], actor, year.now())
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.parametrize("name", dictionaries())
def test_official_categories_are_read_by_code_and_by_label(name: str) -> None:
    known = categories(name)
    assert known.clear in known.by_code and not known.is_confirmed
    for code, each in known.by_code.items():
        for text in (code, each.zh, f"{code} {each.zh}", f" {code}　{each.zh} ", each.en.upper()):
            assert known.find(text) is each, text
    assert known.find("") is None and known.find("无") is None and known.find("没问题") is None
    with pytest.raises(InputError):
        known.require("无")


def test_eight_national_categories_bear_their_exact_words() -> None:
    words = {code: each.zh for code, each in categories("gsxt").by_code.items()}
    assert words == {
        "1": "未发现问题",
        "2": "未按规定公示应当公示的信息",
        "3": "公示信息隐瞒真实情况、弄虚作假",
        "4": "通过登记的住所（经营场所）无法联系",
        "5": "发现问题已责令改正",
        "6": "不配合检查情节严重",
        "7": "未发现开展本次抽查涉及的经营活动",
        "8": "发现问题待后续处理",
    }
    assert {code for code, each in categories("gsxt").by_code.items() if not each.is_problem} == {"1", "7"}


def test_method_left_out_is_on_site_and_an_unknown_one_is_none() -> None:
    assert (method_of(""), method_of("书面检查"), method_of("network"), method_of("看了看")) == (
        "site", "document", "network", None,
    )  # fmt: skip
