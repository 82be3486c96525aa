from __future__ import annotations

import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from plan_rows import FIRE, MARKET, joint_row, plan_row, summary

from inspection.documents import workbook as plan_workbook
from inspection.documents import write_plan_workbook
from inspection.errors import PublishError

HEAD = 2


def opened(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def lines(sheet: Any) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(min_row=HEAD + 1, values_only=True))


def test_plan_written_has_a_row_per_visit_and_sheets_per_agency_and_officer(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [plan_row(1), joint_row(2)], summary())
    book = opened(path)
    assert book.sheetnames == [
        "概览", "目录", "检查计划", MARKET, FIRE,
        "王建军 SC-001", "李晓明 SC-002", "赵磊 SC-003", "孙刚 XF-001", "朱平 XF-002",
    ]  # fmt: skip
    plan = book["检查计划"]
    heads = [cell.value for cell in plan[HEAD]]
    assert heads[:9] == [
        "检查编号", "日期", "检查对象", "统一社会信用代码", "地址", "乡镇", "部门", "事项", "执法人员",
    ]  # fmt: skip
    assert [row[0] for row in lines(plan)] == ["V00001", "V00002"]
    assert lines(plan)[1][6] == f"{MARKET}、{FIRE}"
    assert lines(plan)[1][1] == datetime(2027, 5, 3)


def test_sheet_of_agency_names_own_officers_and_the_others(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [plan_row(1), joint_row(2)], summary())
    (row,) = lines(opened(path)[FIRE])
    assert row[6:8] == ("孙刚 XF-001、朱平 XF-002", MARKET)


def test_sheet_of_officer_is_by_day_with_colleagues(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    late, early = joint_row(8), plan_row(1)
    write_plan_workbook(path, [late, early], summary())
    rows = lines(opened(path)["王建军 SC-001"])
    assert [row[1] for row in rows] == ["V00001", "V00008"]
    assert rows[0][6] == "李晓明 SC-002"


def test_codes_and_strings_that_look_like_formulas_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    evil = ["=cmd|' /C calc'!A1", "+1+1", "@SUM(A1)", "<r><t>x</t></r>", "https://example.invalid", "\x07铃\n\t响"]
    rows = [plan_row(n, firm_name=text, firm="110000000000018", address="-2") for n, text in enumerate(evil)]
    write_plan_workbook(path, rows, summary(name="=1+1"))
    sheet = opened(path)["检查计划"]
    for row, text in zip(sheet.iter_rows(min_row=HEAD + 1), evil, strict=True):
        assert all(cell.data_type in "sd" and cell.hyperlink is None for cell in row if cell.value is not None)
        assert row[2].value.strip() == "".join(sign if sign.isprintable() else " " for sign in text).strip()
        assert row[3].value == "110000000000018"
        assert row[3].number_format == "@"
    with zipfile.ZipFile(path) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets" in name)


def test_heads_are_frozen_filtered_and_printed_on_every_page(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [plan_row(1), plan_row(2)], summary())
    for name in ("检查计划", MARKET, "王建军 SC-001"):
        sheet = opened(path)[name]
        assert sheet.freeze_panes == "A3"
        assert re.fullmatch(r"A2:[A-Z]4", sheet.auto_filter.ref)
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows == "$2:$2"
        assert sheet.column_dimensions["C"].width > 20


def test_contents_link_to_every_sheet_of_agencies_and_officers(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [joint_row(1)], summary())
    book = opened(path)
    links = [cell.hyperlink.location for (cell,) in book["目录"].iter_rows(min_row=HEAD + 1, max_col=1)]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[3:]]
    assert [row[3] for row in lines(book["目录"])] == [1] * 6
    assert book["检查计划"]["J1"].hyperlink.location == "'目录'!A1"


def test_names_reserved_long_or_alike_become_sheet_names_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    agencies = ("市场监管局[稽查]:一/二", "长" * 40, "长" * 39 + "短", "概览", "History", "'引号'", "𬱟" * 30)
    officers = tuple((agency, f"K{n}", "同名") for n, agency in enumerate(agencies))
    write_plan_workbook(path, [plan_row(1, agencies=agencies, officers=officers)], summary())
    names = opened(path).sheetnames
    assert len(names) == 3 + 2 * len(agencies)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name.encode("utf-16-le")) // 2 <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_day_still_open_shows_the_month(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [plan_row(2, day=None)], summary())
    assert lines(opened(path)["检查计划"])[0][1] == "2027-05（日期待定）"


def test_overview_states_rules_verdicts_tiers_and_months(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [plan_row(1)], summary(warnings=("民政局人员紧张",)))
    sheet = opened(path)["概览"]
    rows = {row[0]: row for row in sheet.iter_rows(values_only=True) if row[0]}
    assert rows["登记在册户数"][1] == 90_000
    assert rows["减少"][1] == pytest.approx(1738 / 6738)
    assert rows["覆盖率（企业）"][1:5] == (pytest.approx(2333 / 28770), 0.05, "2333 / 28770", "✓ 达标")
    assert rows["部门联合（按合并任务）"][4] == "仅供参考"
    assert rows["D"][1:5] == (3_385, 0, 1_325, "每 2.6 户 1 户")
    assert rows["2027-11"][1] == 511
    assert "民政局人员紧张" in rows
    assert len(sheet._charts) == 1


def test_overview_says_when_a_floor_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    missed = summary(joint_counted_by="tasks")
    write_plan_workbook(path, [plan_row(1)], missed)
    rows = {row[0]: row for row in opened(path)["概览"].iter_rows(values_only=True) if row[0]}
    assert rows["部门联合（按合并任务）"][4] == "✗ 未达标"


def test_english_workbook_speaks_english(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [plan_row(2, day=None)], summary(), "en")
    book = opened(path)
    assert book.sheetnames[:3] == ["Overview", "Contents", "Visits"]
    assert lines(book["Visits"])[0][1] == "2027-05 (day open)"


def test_same_plan_written_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    rows = [plan_row(1), joint_row(2)]
    for name in ("a", "b"):
        write_plan_workbook(tmp_path / name, rows, summary())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_plan_without_visits_is_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [], summary(agencies=(), tiers=(), visits_per_month=(), visits=0))
    assert opened(path).sheetnames == ["概览", "目录", "检查计划"]


def test_large_plan_lists_officers_on_one_sheet_and_goes_through_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_workbook, "MOST_SHEETS", 5)
    monkeypatch.setattr(plan_workbook, "MOST_VISITS_IN_MEMORY", 1)
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(path, [plan_row(1), joint_row(2)], summary())
    book = opened(path)
    assert book.sheetnames == ["概览", "目录", "检查计划", "人员安排", MARKET, FIRE]
    assert [(row[0], row[4]) for row in lines(book["人员安排"]) if row[0] == "SC-001"] == [
        ("SC-001", "V00001"),
        ("SC-001", "V00002"),
    ]


def test_target_that_cannot_be_written_names_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "plan.xlsx").mkdir()
    with pytest.raises(PublishError) as caught:
        write_plan_workbook(tmp_path / "plan.xlsx", [plan_row(1)], summary())
    assert "plan.xlsx" in caught.value.text("zh") and "Excel" in caught.value.text("en")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.xlsx"]
