"""rejects.xlsx: counts, the rejected rows of each register to correct and hand in again, a list of all faults.

The rows keep the bureau's own headers and every cell as text, faulty cells marked; the importer reads such a sheet
as it is and ignores the columns added in front.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection.errors import message
from inspection.registry.report import Fault, RegisterCounts
from inspection.registry.settings import RegisterKind
from inspection.registry.source import quoted
from inspection.registry.staging import Stage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ROWS = 50_000
"""Rows shown per register: beyond, a workbook is no longer something to work through; rows.parquet has them all."""

_ADDED = ("问题", "处理办法", "来源文件", "原行号")


def write_rejects(
    path: Path,
    connection: DuckDBPyConnection,
    stages: Mapping[RegisterKind, Stage],
    counts: Mapping[RegisterKind, RegisterCounts],
) -> None:
    """The workbook is at ``path``."""
    import xlsxwriter  # type: ignore[import-untyped]  # ships no types

    from inspection.registry.rejects import faults

    found = {kind: faults(connection, stage) for kind, stage in stages.items()}
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        forms = {
            "head": book.add_format({"bold": True, "bg_color": "#D9E2F3", "text_wrap": True, "valign": "top"}),
            "text": book.add_format({"num_format": "@", "valign": "top"}),
            "wrap": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
            "bad": book.add_format({"num_format": "@", "bg_color": "#FFC7CE", "valign": "top"}),
        }
        _write_counts(book.add_worksheet("统计"), forms, stages, counts, found)
        for kind, stage in stages.items():
            _write_register(book, forms, connection, stage, found[kind])
        _write_list(book.add_worksheet("问题清单"), forms, stages, found)


def _write_counts(
    sheet: Any,
    forms: Mapping[str, Any],
    stages: Mapping[RegisterKind, Stage],
    counts: Mapping[RegisterKind, RegisterCounts],
    found: Mapping[RegisterKind, Sequence[Fault]],
) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 5, 10)
    lines: list[Sequence[str | int]] = [(message("registers.rejects.guide", "zh"),), ()]
    lines.append(("名录", "", "读入", "接收", "退回", "重复"))
    for kind, stage in stages.items():
        one = counts[kind]
        lines.append((stage.register.title, "", one.read, one.accepted, one.rejected, one.duplicates))
    lines += [(), ("名录", "问题", "处数")]
    for kind, stage in stages.items():
        tally = Counter(fault.code for fault in found[kind])
        lines += [
            (stage.register.title, message(f"{code}.title", "zh"), number) for code, number in tally.most_common()
        ]
    for row, line in enumerate(lines):
        head = line[:1] == ("名录",)
        for column, cell in enumerate(line):
            if isinstance(cell, int):
                sheet.write_number(row, column, cell)
            else:
                sheet.write_string(row, column, cell, forms["head" if head else "text"])


def _write_register(
    book: Any, forms: Mapping[str, Any], connection: DuckDBPyConnection, stage: Stage, found: Sequence[Fault]
) -> None:
    """One sheet per set of headers among the register's files."""
    kind = stage.register.kind
    by_place: dict[tuple[str, str, int], list[Fault]] = defaultdict(list)
    for fault in found:
        by_place[fault.file, fault.sheet, fault.row].append(fault)
    shapes = list(dict.fromkeys(source.header.titles for source in stage.sources))
    for number, titles in enumerate(shapes, start=1):
        wanted = ", ".join(quoted(title) for title in titles)
        rows = connection.execute(
            f"SELECT file, sheet, row, cells FROM rejected_{kind} WHERE titles = [{wanted}]::VARCHAR[] "
            f"ORDER BY source, row LIMIT {MOST_ROWS}"
        ).fetchall()
        if not rows:
            continue
        sheet = book.add_worksheet(stage.register.title + (f" {number}" if number > 1 else ""))
        _write_head(sheet, forms, (*_ADDED, *titles), (40, 44, 18, 8))
        for line, (file, name, row, cells) in enumerate(rows, start=1):
            _write_row(sheet, forms, line, (by_place[file, name, row], titles, file, row, cells))


def _write_row(
    sheet: Any,
    forms: Mapping[str, Any],
    line: int,
    entry: tuple[Sequence[Fault], Sequence[str], str, int, Sequence[str]],
) -> None:
    faults, titles, file, row, cells = entry
    bad = {fault.column for fault in faults}
    problems = "\n".join(f"{fault.column}：{fault.reason()}" if fault.column else fault.reason() for fault in faults)
    remedies = "\n".join(dict.fromkeys(fault.remedy() for fault in faults))
    for column, text in enumerate((problems, remedies, file)):
        sheet.write_string(line, column, text, forms["wrap"])
    sheet.write_number(line, 3, row, forms["text"])
    whole = "" in bad
    for column, text in enumerate(cells):
        is_bad = whole or (column < len(titles) and titles[column] in bad)
        sheet.write_string(line, len(_ADDED) + column, text[:32_000], forms["bad" if is_bad else "text"])


def _write_list(
    sheet: Any,
    forms: Mapping[str, Any],
    stages: Mapping[RegisterKind, Stage],
    found: Mapping[RegisterKind, Sequence[Fault]],
) -> None:
    heads = ("序号", "所属名录", "来源文件", "工作表", "原行号", "列", "原值", "问题", "处理办法")
    _write_head(sheet, forms, heads, (6, 18, 20, 14, 8, 20, 26, 50, 60))
    line = 0
    for kind, stage in stages.items():
        for fault in found[kind][:MOST_ROWS]:
            line += 1
            sheet.write_number(line, 0, line)
            texts = (stage.register.title, fault.file, fault.sheet, str(fault.row), fault.column, fault.value)
            for column, text in enumerate((*texts, fault.reason(), fault.remedy()), start=1):
                sheet.write_string(line, column, text[:32_000], forms["wrap" if column > 6 else "text"])


def _write_head(sheet: Any, forms: Mapping[str, Any], titles: Sequence[str], widths: Sequence[int]) -> None:
    for column, title in enumerate(titles):
        sheet.set_column(column, column, widths[column] if column < len(widths) else 20, forms["text"])
        sheet.write_string(0, column, title, forms["head"])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, 0, len(titles) - 1)
