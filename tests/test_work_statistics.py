"""Statistics counted by hand on a few visits, and read back from what was written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from inspection.documents.statistics_workbook import write_statistics
from inspection.documents.yearly_report import report_words, write_report
from inspection.errors import InputError
from inspection.model import Share
from inspection.rules.work_records import Found, Frame, PartRecord, VisitRecord
from inspection.rules.work_statistics import count
from inspection.work.statistics_steps import from_payload, public_figures, to_payload

TODAY = date(2027, 6, 30)
FRAME = Frame(
    kinds=frozenset({"enterprise"}),
    firms=10,
    tiers=("A", "D"),
    items={"I1": "资质", "I2": "账册", "I3": "消防"},
    agencies={"X": ("甲局", 4), "Y": ("乙局", 2), "Z": ("丙局", 1)},
    coverage_floor=Fraction(1, 5),
    joint_floor=Fraction(1, 2),
    joint_by="firms",
    credit_tasks=3,
    tasks=4,
)


def visit(name: str, firm: str, month: str, **rest: Any) -> VisitRecord:
    fields = {"tier": "A", "kind": "enterprise", "checks": 1, "is_joint": False, "is_closed": False}
    fields |= {"combination": ("d", name[0])} | rest
    return VisitRecord(visit=("d", name), firm=firm, month=month, **fields)


def part(name: str, agency: str, month: str, state: Any, **rest: Any) -> PartRecord:
    fields = {"tier": "A", "seats": ("p1", "p2"), "due": None, "done": None, "findings": ()} | rest
    return PartRecord(visit=("d", name), agency=agency, month=month, state=state, **fields)


def found(item: str, problem: bool = False, handled: bool = False, site: bool = True) -> Found:
    return Found(item=item, is_problem=problem, is_handled=handled, is_on_site=site)


VISITS = [
    visit("a1", "F1", "2027-04", checks=3, is_joint=True),
    visit("b2", "F1", "2027-05", tier="A"),
    visit("a3", "F2", "2027-05", checks=3, is_joint=True, tier="D"),
    visit("c4", "F3", "2027-05", kind="household"),
    visit("c5", "F4", "2027-05", is_closed=True),
]
PARTS = [
    part(
        *("a1", "X", "2027-04", "disclosed"),
        due=date(2027, 5, 20),
        done=date(2027, 5, 20),
        findings=(found("I1", True, True), found("I2")),
    ),
    part(
        *("a1", "Y", "2027-04", "disclosed"),
        seats=("q1", "q2"),
        due=date(2027, 5, 20),
        done=date(2027, 5, 21),
        findings=(found("I3", site=False),),
    ),
    part("b2", "X", "2027-05", "entered", due=date(2027, 6, 29), findings=(found("I1", True),)),
    part(
        *("a3", "X", "2027-05", "reviewed"),
        seats=("p1", "p3"),
        tier="D",
        due=date(2027, 6, 30),
        findings=(found("I1", True),),
    ),
    part("a3", "Y", "2027-05", "voided", tier="D", seats=("q1", "q2"), findings=(found("I3", True),)),
    part("c4", "X", "2027-05", "planned"),
    part("c5", "X", "2027-05", "closed"),
]


def test_shares_of_the_year_are_as_counted_by_hand() -> None:
    year = count(VISITS, PARTS, FRAME, "2027", TODAY)
    assert {name: (share.part, share.whole) for name, share in year.shares.items()} == {
        "coverage_planned": (3, 10),
        "coverage_done": (2, 10),
        "joint_visits": (2, 4),
        "joint_firms": (2, 3),
        "joint_tasks": (1, 3),
        "items": (3, 3),
        "credit_tasks": (3, 4),
        "inspected": (5, 6),
        "completion": (3, 6),
        "on_time": (1, 3),
        "problems": (2, 4),
        "follow_up": (1, 2),
        "off_site": (1, 3),
    }
    assert year.shares["coverage_planned"].floor == Fraction(1, 5)
    assert [name for name, share in year.shares.items() if share.floor] == ["coverage_planned", "joint_firms"]


def test_what_nobody_entered_or_reviewed_is_no_finding() -> None:
    unseen = [replace(each, state="entered") for each in PARTS]
    assert count(VISITS, unseen, FRAME, "2027", TODAY).shares["problems"] == Share(part=0, whole=0)


def test_month_counts_its_own_visits_alone() -> None:
    may = count(VISITS, PARTS, FRAME, "2027-05", TODAY)
    assert (may.visits, may.total.owed, may.total.disclosed) == (4, 4, 0)
    assert [row.code for row in may.months] == ["2027-05"]
    assert may.shares["on_time"] == Share(part=0, whole=1)
    day_before = count(VISITS, PARTS, FRAME, "2027-05", date(2027, 6, 29))
    assert day_before.shares["on_time"] == Share(part=0, whole=0)


def test_burden_counts_repeats_and_what_merging_saved() -> None:
    bears = count(VISITS, PARTS, FRAME, "2027", TODAY).burden
    assert (bears.firms, bears.visits, bears.repeats, bears.checks) == (3, 4, 1, 8)
    assert bears.times == ((1, 2), (2, 1))
    assert bears.cut.ratio == Fraction(1, 2)


def test_rows_by_tier_agency_and_item_add_up() -> None:
    year = count(VISITS, PARTS, FRAME, "2027", TODAY)
    rates = {row.code: (row.measures.problems, row.measures.checked) for row in year.tiers}
    assert rates == {"A": (1, 3), "D": (1, 1)}
    assert {row.code: (row.measures.problems, row.measures.checked) for row in year.items} == {
        "I1": (2, 2),
        "I2": (0, 1),
        "I3": (0, 1),
    }
    agencies = {
        row.code: (row.visits, row.joint, row.seats, row.officers, row.least, row.most) for row in year.agencies
    }
    assert agencies == {"X": (5, 2, 10, 4, 0, 5), "Y": (1, 1, 2, 2, 1, 1)}
    assert sum(row.measures.owed for row in year.agencies) == year.total.owed
    assert sum(row.measures.owed for row in year.months) == year.total.owed


def test_payload_is_read_back_the_same_and_the_public_part_names_no_tier() -> None:
    year = count(VISITS, PARTS, FRAME, "2027", TODAY)
    assert from_payload(json.loads(json.dumps(to_payload(year)))) == year
    figures = public_figures(year)
    assert {"figure": "completion", "part": 3, "whole": 6} in figures
    assert "tier" not in json.dumps(figures) and len(figures) == len(year.shares)


def test_workbook_has_the_figures_and_charts_that_read_them(tmp_path: Path) -> None:
    year = count(VISITS, PARTS, FRAME, "2027", TODAY)
    write_statistics(tmp_path / "one.xlsx", "统计", year)
    write_statistics(tmp_path / "two.xlsx", "统计", year)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    book = load_workbook(tmp_path / "one.xlsx")
    assert book.sheetnames == ["总览", "信用风险等级", "部门", "抽查事项", "企业负担", "一张网月报"]
    cells = {row[0].value: [cell.value for cell in row[1:]] for row in book["总览"].iter_rows()}
    assert cells["完成率（已公示／应检查）"][:2] == [0.5, "3 / 6"]
    assert cells["抽查覆盖率（已抽取）"][:4] == [0.3, "3 / 10", 0.2, "✓ 达标"]
    charts = {name: len(book[name]._charts) for name in book.sheetnames}
    assert charts == {"总览": 1, "信用风险等级": 1, "部门": 2, "抽查事项": 0, "企业负担": 2, "一张网月报": 0}
    returns = {row[0].value: [cell.value for cell in row[1:4]] for row in book["一张网月报"].iter_rows()}
    assert (returns["2027-04"], returns["合计"]) == ([1, 2, 2], [5, 6, 4])


def test_share_of_nothing_is_left_empty_not_nought(tmp_path: Path) -> None:
    nothing = count([], [], FRAME, "2027-01", TODAY)
    write_statistics(tmp_path / "none.xlsx", "统计", nothing)
    cells = {row[0].value: row[1].value for row in load_workbook(tmp_path / "none.xlsx")["总览"].iter_rows()}
    assert cells["问题发现率"] is None
    words = {each["name"]: each["measured"] for each in report_words("统计", nothing, "zh")["shares"]}
    assert words["问题发现率"] == "–"


def test_report_is_made_from_our_template_and_from_a_bureaus_own(tmp_path: Path) -> None:
    from docx import Document

    year = count(VISITS, PARTS, FRAME, "2027", TODAY)
    write_report(tmp_path / "report.docx", "年度统计", year)
    made = Document(str(tmp_path / "report.docx"))
    text = "\n".join(each.text for each in made.paragraphs)
    assert "完成率 50.0%" in text and "减少 4 次（50.0%）" in text and "{" not in text
    rows = [[cell.text for cell in row.cells] for table in made.tables for row in table.rows]
    assert ["按时公示率", "33.3%", "1 / 3", "", ""] in rows
    assert next(row for row in rows if row[0] == "甲局")[:3] == ["甲局", "5", "2"]
    own = Document()
    own.add_paragraph("本局 {{ period }} 年：{{ total.completion_rate }}")
    own.save(str(tmp_path / "own.docx"))
    write_report(tmp_path / "other.docx", "年度统计", year, template=tmp_path / "own.docx")
    assert Document(str(tmp_path / "other.docx")).paragraphs[0].text == "本局 2027 年：50.0%"
    own.add_paragraph("{{ nothing_of_the_kind }}")
    own.save(str(tmp_path / "own.docx"))
    with pytest.raises(InputError):
        write_report(tmp_path / "other.docx", "年度统计", year, template=tmp_path / "own.docx")
