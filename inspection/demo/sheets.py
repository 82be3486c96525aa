"""The small registers as spreadsheets, in the words and layout bureaus use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]  # the package ships no types

from inspection.demo.files import CountyFiles
from inspection.demo.programme import Programme, TaskRow
from inspection.demo.staff import Staff
from inspection.demo.vocabulary import KINDS

Cell = str | date

CREATED = datetime(2026, 12, 1)  # a fixed day in the properties keeps the bytes the same


def write_programme(files: CountyFiles, programmes: Sequence[Programme], staff: Sequence[Staff], year: int) -> None:
    """Agencies, items, tasks and inspectors of all counties are in their spreadsheets."""
    write_sheet(files.agencies, "监管部门", ("部门编码", "部门名称", "行政区划代码"), _agencies(programmes))
    items = ("事项编码", "事项名称", "检查主体", "资质要求", "事项类别")
    write_sheet(files.items, "抽查事项清单", items, _items(programmes))
    inspectors = ("工号", "姓名", "所属部门", "执法证号", "有效期至", "岗位资质", "状态")
    write_sheet(files.inspectors, "执法检查人员名录库", inspectors, _inspectors(staff))
    tasks = (
        "任务编号", "任务名称", "抽查类型", "发起部门", "配合部门", "抽查事项", "检查对象类型", "信用风险分类",
        "行业", "专项库", "行政区划代码", "抽查比例（数量）", "起止时间",
    )  # fmt: skip
    write_sheet(files.tasks, f"{year}年度抽查任务", tasks, _tasks(programmes))


def write_sheet(path: Path, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """One sheet with a bold, frozen header; strings stay text, dates are dates."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        book.set_properties({"title": title, "created": CREATED})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(title)
        sheet.set_column(0, len(header) - 1, 20)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif value:
                    sheet.write_string(number, column, value, text)


def _agencies(programmes: Sequence[Programme]) -> Iterable[Sequence[Cell]]:
    for county in (programme.county for programme in programmes):
        for agency in county.agencies:
            yield county.agency_code(agency.code), county.agency_name(agency), county.region


def _items(programmes: Sequence[Programme]) -> Iterable[Sequence[Cell]]:
    for programme in programmes:
        names = _agency_names(programme)
        for item in programme.items:
            kind = "重点检查事项" if item.is_key else "一般检查事项"
            yield item.code, item.name, names[item.agency], item.qualification, kind


def _inspectors(staff: Sequence[Staff]) -> Iterable[Sequence[Cell]]:
    for row in (row for county in staff for row in county.inspectors):
        yield row.code, row.name, row.agency, row.certificate, row.valid_until, "、".join(row.qualifications), "在岗"


def _tasks(programmes: Sequence[Programme]) -> Iterable[Sequence[Cell]]:
    for programme in programmes:
        names = _agency_names(programme)
        for task in programme.tasks:
            yield _task(task, names, programme.county.region)


def _task(task: TaskRow, names: dict[str, str], region: str) -> Sequence[Cell]:
    directed = bool(task.tiers or task.industry or task.register)
    return (
        task.code,
        task.name,
        "定向" if directed else "不定向",
        names[task.lead],
        "、".join(names[agency] for agency in task.joining),
        "、".join(task.items),
        "、".join(KINDS[kind] for kind in task.kinds),
        "、".join(task.tiers),
        task.industry,
        task.register,
        region,
        task.amount,
        f"{task.months[0]}月—{task.months[1]}月",
    )


def _agency_names(programme: Programme) -> dict[str, str]:
    county = programme.county
    return {agency.code: county.agency_name(agency) for agency in county.agencies}
