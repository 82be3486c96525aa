"""Sheets to enter findings in: an agency's visits and items filled in, results chosen from a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspection.errors import InputError
from inspection.registry.specification import register
from inspection.registry.template import GUIDE
from inspection.rules.findings import METHODS, Categories, Finding

_LOCKED = ("visit", "firm", "firm_name", "agency", "item", "item_name")
"""Columns that are filled in and grey."""
_LISTS = 20
"""Row of the guide below which the lists to choose from stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One row to fill in; ``finding`` is what was entered before, None where nothing was."""

    visit: str
    firm: str
    firm_name: str
    agency: str
    item: str
    item_name: str
    finding: Finding | None = None


def write_finding_template(path: Path, lines: Iterable[FindingLine], categories: Categories) -> int:
    """The sheet is at ``path``: a row per item, empty where nothing was entered; returns how many rows.

    Raises:
        InputError: the file cannot be written.
    """
    import xlsxwriter  # type: ignore[import-untyped]  # ships no types

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            forms = {
                "head": book.add_format({"bold": True, "bg_color": "#D9E2F3", "num_format": "@", "text_wrap": True}),
                "known": book.add_format({"num_format": "@", "bg_color": "#F2F2F2", "font_color": "#404040"}),
                "text": book.add_format({"num_format": "@"}),
                "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            }
            sheet, guide = book.add_worksheet(register("findings").title), book.add_worksheet(GUIDE)
            count = _fill(sheet, forms, lines, categories)
            _validate(sheet, count, categories)
            _explain(guide, forms, categories)
            return count
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise InputError("cli.file.unusable", path=path, reason=error) from error


def _fill(sheet: Any, forms: Mapping[str, Any], lines: Iterable[FindingLine], categories: Categories) -> int:
    columns = register("findings").columns
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width, forms["text"])
        sheet.write_string(0, place, column.header, forms["head"])
    sheet.freeze_panes(1, 1)
    number = 0
    for number, line in enumerate(lines, start=1):
        for place, column in enumerate(columns):
            known = column.name in _LOCKED
            text = str(getattr(line, column.name)) if known else _entered(column.name, line.finding, categories)
            # Empty cells to fill in are left blank, yet formatted, so that codes and days typed in stay text.
            sheet.write(number, place, text or None, forms["known" if known else "text"])
    sheet.autofilter(0, 0, max(number, 1), len(columns) - 1)
    return number


def _entered(name: str, finding: Finding | None, categories: Categories) -> str:
    if finding is None:
        return ""
    if name == "result":
        known = categories.by_code.get(finding.result)
        return _choice(finding.result, known.zh if known else "")
    if name == "method":
        return METHODS[finding.method][0]
    return finding.found_on.isoformat() if name == "day" else str(getattr(finding, name))


def _choice(code: str, label: str) -> str:
    return f"{code} {label}"


def _results(categories: Categories) -> Sequence[str]:
    return [_choice(each.code, each.zh) for each in categories.by_code.values()]


def _validate(sheet: Any, rows: int, categories: Categories) -> None:
    """Results and methods come from lists of the guide: a list written in the cell may hold 255 characters only."""
    names = register("findings").names
    for name, column, count in (("result", "A", len(_results(categories))), ("method", "B", len(METHODS))):
        place = names.index(name)
        rule = {
            "validate": "list",
            "source": f"='{GUIDE}'!${column}${_LISTS + 2}:${column}${_LISTS + 1 + count}",
            "ignore_blank": True,
            "error_title": "请从列表选择",
            "error_message": "只能填官方分类；没有检查的留空。",
        }
        sheet.data_validation(1, place, max(rows, 1), place, rule)


def _explain(sheet: Any, forms: Mapping[str, Any], categories: Categories) -> None:
    sheet.set_column(0, 0, 44, forms["wrap"])
    sheet.set_column(1, 1, 60, forms["wrap"])
    lines = [("列", "填写说明"), *((column.header, column.note) for column in register("findings").columns)]
    lines.append(("留空", "没有检查的事项，整行的结果留空。留空就是没有结果，任何统计和公示都不会当作“未发现问题”。"))
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            sheet.write_string(row, column, text, forms["head" if row == 0 else "wrap"])
    # Written row by row, as a workbook in constant memory must be.
    lists = [("检查结果", "检查方式"), *_side_by_side(_results(categories), [zh for zh, _ in METHODS.values()])]
    for row, line in enumerate(lists, start=_LISTS):
        for column, text in enumerate(line):
            sheet.write_string(row, column, text, forms["head" if row == _LISTS else "wrap"])


def _side_by_side(first: Sequence[str], second: Sequence[str]) -> Iterable[tuple[str, str]]:
    for row in range(max(len(first), len(second))):
        yield first[row] if row < len(first) else "", second[row] if row < len(second) else ""
