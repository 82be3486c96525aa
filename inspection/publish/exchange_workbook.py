"""Exchange workbooks: a sheet per kind with the table's columns; without records it is the blank template."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inspection.outgoing import Kind
from inspection.publish.adapters import Adapter, FieldRule, KindRule

LISTED_ROWS = 10_000
"""Rows of a blank template that offer a dictionary's words as a list."""


def workbook_bytes(adapter: Adapter, records: Sequence[tuple[Kind, Mapping[str, Any]]]) -> bytes:
    """The bytes of a workbook of these records; every cell is text, so that no code becomes a number."""
    import xlsxwriter  # type: ignore[import-untyped]  # the library ships no types

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        text = book.add_format({"num_format": "@"})
        for kind, rule in adapter.kinds.items():
            sheet = book.add_worksheet(rule.sheet or kind)
            sheet.freeze_panes(1, 0)
            columns = tuple(_columns(rule))
            for place, field in enumerate(columns):
                sheet.set_column(place, place, max(12, 2 * len(field.name) + 4), text)
                sheet.write_string(0, place, field.name + (" *" if field.required else ""), head)
                _offer(sheet, adapter, field, place)
            number = 1
            for body in (body for each, body in records if each == kind):
                for row in _rows(rule, body):
                    for place, field in enumerate(columns):
                        sheet.write_string(number, place, _shown(row.get(field.name)), text)
                    number += 1
    return buffer.getvalue()


def _columns(rule: KindRule) -> Iterator[FieldRule]:
    """The table's fields; those of the spread one's rows stand in its place."""
    for field in rule.fields:
        yield from field.rows if field.name == rule.spread else (field,)


def _rows(rule: KindRule, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if rule.spread is None:
        yield body
        return
    for row in body.get(rule.spread) or [{}]:
        yield {**body, **row}


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _offer(sheet: Any, adapter: Adapter, field: FieldRule, place: int) -> None:
    """The words of the field's dictionary as a list to choose from, where Excel can hold it (255 characters)."""
    if field.dictionary is None:
        return
    words = list(adapter.dictionaries[field.dictionary].values.values())
    if len(",".join(words)) <= 255 and not any("," in word for word in words):
        sheet.data_validation(1, place, LISTED_ROWS, place, {"validate": "list", "source": words})
