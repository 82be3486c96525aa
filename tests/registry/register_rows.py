"""Registers of a small made-up county, as rows, and files of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import xlsxwriter

from inspection.registry import ImportReport, ImportSettings
from inspection.registry.codes import check_digit

FIRM_HEADER = (
    "统一社会信用代码", "企业名称", "主体类型", "信用风险分类", "登记状态", "行政区划代码", "所在乡镇", "行业代码",
    "专项库", "住所", "成立日期",
)  # fmt: skip
Row = Sequence[object]


def code(number: int, area: str = "370828") -> str:
    """A sound credit code with a letter in it."""
    body = f"91{area}MA{number:07}"
    return body + check_digit(body)


def firm(number: int, **changed: object) -> list[object]:
    row: dict[str, object] = dict(
        zip(
            FIRM_HEADER,
            (code(number), f"示例{number}号商店", "企业", "A", "存续", "370828", "城关街道", "F5219", "", "人民路1号",
             "2018-06-01"),
            strict=True,
        )
    )  # fmt: skip
    return list({**row, **changed}.values())


AGENCIES: list[Row] = [
    ("部门编码", "部门名称", "行政区划代码"),
    ("SCJG", "示例县市场监督管理局", "370828"),
    ("XF", "示例县消防救援大队", "370828"),
]
ITEMS: list[Row] = [
    ("事项编码", "事项名称", "检查主体", "岗位资质", "事项类别"),
    ("S1", "特种设备检查", "SCJG", "特种设备安全监察员", "重点检查事项"),
    ("S2", "年报公示信息检查", "示例县市场监督管理局", "", "一般检查事项"),
    ("X1", "消防检查", "XF", "", ""),
]
INSPECTORS: list[Row] = [
    ("工号", "姓名", "所属单位", "执法证号", "有效期至", "岗位资质", "状态"),
    ("P1", "王一", "SCJG", "15001", "2027年12月31日", "特种设备安全监察员", "在岗"),
    ("P2", "王二", "示例县消防救援大队", "15002", "20281231", "", ""),
]
TASK_HEADER = ("任务编号", "任务名称", "发起部门", "配合部门", "抽查事项", "抽查数量", "抽查比例", "起止时间", "专项库")
TASKS: list[Row] = [
    TASK_HEADER,
    ("T1", "联合抽查", "SCJG", "XF", "S1、X1", "5户", "", "4月—6月", "特种设备"),
    ("T2", "年报抽查", "SCJG", "", "年报公示信息检查", "", "5%", "2027-03", ""),
]


def write_csv(path: Path, rows: Sequence[Row], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def write_xlsx(path: Path, rows: Sequence[Row], sheet: str = "名录") -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    page.write_string(number, column, cell)
                else:
                    page.write(number, column, cell)
    return path


def settings(**changed: object) -> ImportSettings:
    usual: dict[str, object] = {
        "year": 2027,
        "regions": frozenset({"370828"}),
        "tiers": ("A", "B", "C", "D"),
        "as_of": date(2027, 1, 1),
    }
    return ImportSettings(**{**usual, **changed})  # type: ignore[arg-type]


Import = Callable[..., ImportReport]


def codes_of(report: ImportReport) -> dict[str, int]:
    found: dict[str, int] = {}
    for (_, code), number in report.reasons.items():
        name = code.removeprefix("registers.")
        found[name] = found.get(name, 0) + number
    return found
