"""Tables as worksheets: frozen heads, filters, print set-up, and every text as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from inspection.documents.figures import phrase
from inspection.errors import Language

LONGEST_CELL = 32_767
HEAD_ROW = 1

WIDTHS = {
    "visit": 16, "day": 12, "firm_name": 34, "firm": 22, "address": 34, "town": 13, "agencies": 26, "others": 24,
    "items": 48, "tasks": 34, "officers": 34, "colleagues": 28, "inspector": 18, "inspector_name": 10, "agency": 24,
    "sheet": 36, "sort": 12, "visits": 10,
}  # fmt: skip
WRAPPED = frozenset({"firm_name", "address", "agencies", "others", "items", "tasks", "officers", "colleagues"})

Cell = str | int | date
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """The few looks of a cell."""

    title: Any
    head: Any
    text: Any
    wrapped: Any
    day: Any
    number: Any
    link: Any

    @classmethod
    def of(cls, book: Any) -> Formats:
        """Formats of an ``xlsxwriter`` workbook; texts are marked ``@`` so that Excel leaves them alone."""
        top = {"valign": "top"}
        return cls(
            title=book.add_format({"bold": True, "font_size": 14, "valign": "vcenter"}),
            head=book.add_format(
                {"bold": True, "bg_color": "#DDEBF7", "bottom": 1, "text_wrap": True, "valign": "vcenter"}
            ),
            text=book.add_format({**top, "num_format": "@"}),
            wrapped=book.add_format({**top, "num_format": "@", "text_wrap": True}),
            day=book.add_format({**top, "num_format": "yyyy-mm-dd", "align": "left"}),
            number=book.add_format({**top, "num_format": "#,##0"}),
            link=book.add_format({"font_color": "#0563C1", "underline": 1}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A worksheet of rows: its title, where its title line leads back to, its columns (names of WIDTHS)."""

    name: str
    title: str
    columns: tuple[str, ...]
    back: str | None = None


def write_table(book: Any, formats: Formats, table: Table, rows: Iterable[Row], language: Language) -> None:
    """A worksheet with a title line, a frozen head and one line per row, ready to print on landscape A4."""
    sheet = open_sheet(book, formats, table, language)
    width = len(table.columns)
    looks = [formats.wrapped if column in WRAPPED else formats.text for column in table.columns]
    last = HEAD_ROW
    for last, row in enumerate(rows, HEAD_ROW + 1):
        for column, value in enumerate(row):
            if type(value) is str:
                sheet.write_string(last, column, clean(value), looks[column])
            elif isinstance(value, date):
                sheet.write_datetime(last, column, value, formats.day)
            else:
                sheet.write_number(last, column, value, formats.number)
    sheet.autofilter(HEAD_ROW, 0, last, width - 1)


def open_sheet(book: Any, formats: Formats, table: Table, language: Language) -> Any:
    """The worksheet with its title line and head written; rows may follow from ``HEAD_ROW + 1``."""
    sheet = book.add_worksheet(table.name)
    for column, name in enumerate(table.columns):
        sheet.set_column(column, column, WIDTHS[name])
    sheet.freeze_panes(HEAD_ROW + 1, 0)
    _print_setup(sheet, language)
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, clean(table.title), formats.title)
    if table.back:
        back = len(table.columns) - 1
        sheet.write_url(0, back, link_to(table.back), formats.link, phrase("back", language))
    for column, name in enumerate(table.columns):
        sheet.write_string(HEAD_ROW, column, phrase(f"column.{name}", language), formats.head)
    return sheet


def _print_setup(sheet: Any, language: Language) -> None:
    """Landscape A4, one page wide, head on every page, page numbers below."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEAD_ROW)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&C" + phrase("footer", language))


def link_to(sheet_name: str) -> str:
    """The address of a worksheet's first cell."""
    return "internal:'" + sheet_name.replace("'", "''") + "'!A1"


def clean(text: str) -> str:
    """Text as a cell may hold it: no control signs, not too long, no mark-up ``xlsxwriter`` would take as its own."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    if text.startswith("<r>"):
        text = " " + text
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
