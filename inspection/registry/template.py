"""Empty registers to fill in: header, example row, lists to choose from, and what each column means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inspection.errors import InputError
from inspection.registry.settings import RegisterKind
from inspection.registry.specification import Column, Register, register

GUIDE = "填写说明"
"""The worksheet that explains the columns; it holds no rows of a register."""

_ROWS = 20_000
"""Rows below the header that are text cells and have lists to choose from."""


def write_template(kind: RegisterKind, path: Path) -> None:
    """A spreadsheet of one register is at ``path``: header (needed columns marked *), example row, validation, notes.

    Cells are text, so that codes stay whole. The example row is refused on import until it is deleted.

    Raises:
        InputError: the file cannot be written.
    """
    import xlsxwriter  # type: ignore[import-untyped]  # ships no types

    specification = register(kind)
    columns = [column for column in specification.columns if column.template]
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        _write(xlsxwriter.Workbook(str(path), options), specification, columns)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise InputError("cli.file.unusable", path=path, reason=error) from error


def _write(workbook: Any, specification: Register, columns: list[Column]) -> None:
    with workbook as book:
        forms = {
            "head": book.add_format({"bold": True, "bg_color": "#D9E2F3", "num_format": "@"}),
            "text": book.add_format({"num_format": "@"}),
            "example": book.add_format({"num_format": "@", "italic": True, "font_color": "#7F7F7F"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        _fill(book.add_worksheet(specification.title), forms, specification, columns)
        _explain(book.add_worksheet(GUIDE), forms, specification, columns)


def _need(specification: Register, column: Column) -> str:
    """Whether a column must be filled in: 是, 二选一 where another column of the template may stand in, or empty."""
    shown = {each.name for each in specification.columns if each.template}
    for group in specification.needs:
        if column.name in group:
            return "是" if len(shown.intersection(group)) == 1 else "二选一"
    return ""


def _fill(sheet: Any, forms: dict[str, Any], specification: Register, columns: list[Column]) -> None:
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width, forms["text"])
        sheet.write_string(
            0, place, column.header + ("*" if _need(specification, column) == "是" else ""), forms["head"]
        )
        sheet.write_string(1, place, column.example, forms["example"])
        if column.note:
            sheet.write_comment(0, place, column.note)
        if column.choices:
            rule = {"validate": "list", "source": list(column.choices), "error_type": "warning"}
            sheet.data_validation(
                1,
                place,
                _ROWS,
                place,
                {**rule, "error_title": column.header, "error_message": column.note[:255] or "请从列表中选择。"},
            )
        if column.read == "firm_code":
            _expect_code(sheet, place)
    sheet.freeze_panes(1, 0)


def _expect_code(sheet: Any, place: int) -> None:
    letter = chr(ord("A") + place)
    cell = f"{letter}2"
    sheet.data_validation(
        1,
        place,
        _ROWS,
        place,
        {
            "validate": "custom",
            "value": f"=AND(ISTEXT({cell}),OR(LEN({cell})=18,LEN({cell})=15))",
            "error_title": "统一社会信用代码",
            "error_message": "应为 18 位（老户可为 15 位注册号），并按文本填写。",
        },
    )


def _explain(sheet: Any, forms: dict[str, Any], specification: Register, columns: list[Column]) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 8)
    sheet.set_column(2, 2, 60)
    sheet.set_column(3, 3, 60)
    for place, title in enumerate(("列", "必填", "说明", "也认得的表头")):
        sheet.write_string(0, place, title, forms["head"])
    for row, column in enumerate(columns, start=1):
        needed = _need(specification, column)
        texts = (column.header + " ", needed, column.note, "、".join(column.headers[1:]))
        for place, text in enumerate(texts):
            sheet.write_string(row, place, text, forms["wrap"])
    sheet.write_string(len(columns) + 2, 0, "示例行（灰色）请删除后再导入。", forms["text"])
