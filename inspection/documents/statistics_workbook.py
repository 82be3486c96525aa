"""Statistics of a month or a year as a spreadsheet: figures, tiers, agencies, items, burden, returns; charts of Excel.

Every chart reads the cells beside it: a figure corrected by hand moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from inspection.documents.figures import phrase, verdict
from inspection.documents.worksheets import Formats, clean
from inspection.errors import Language, PublishError
from inspection.model import Share
from inspection.rules.work_statistics import Measures, Statistics

Value = str | int | Share | Fraction
RETURNS = ("owed", "inspected", "disclosed", "closed", "was_due", "on_time", "checked", "problems", "handled")
SHARES = ("inspected", "completion", "on_time", "follow_up", "problems", "off_site")
SHARE_HEADS = ("inspected_rate", "completion", "on_time_rate", "follow_up", "problem_rate", "off_site")
COLOURS = ("#5B9BD5", "#ED7D31", "#70AD47")


def write_statistics(path: Path, title: str, found: Statistics, language: Language = "zh") -> None:
    """The statistics are in ``path``, the same bytes for the same figures.

    Raises:
        PublishError: the file cannot be written (often because it is open in Excel).
    """
    import xlsxwriter  # type: ignore[import-untyped]  # the package ships no types; 0.1 s at start-up

    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with xlsxwriter.Workbook(part, {"in_memory": True}) as book:
            book.set_properties({"title": title, "created": datetime(int(found.period[:4]), 1, 1)})
            _Book(book, title, found, language).write()
        part.replace(path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        part.unlink(missing_ok=True)
        raise PublishError("documents.unwritable", path=path, reason=error) from error


def headline(found: Statistics) -> list[tuple[str, Share]]:
    """The shares of the first page, by the names of their words."""
    return list(found.shares.items())


class _Book:
    """The worksheets, one method each."""

    def __init__(self, book: Any, title: str, found: Statistics, language: Language) -> None:
        self._book = book
        self._title = title
        self._found = found
        self._language = language
        self._formats = Formats.of(book)
        self._share = book.add_format({"num_format": "0.0%", "align": "right", "valign": "top"})
        self._good = book.add_format({"font_color": "#006100", "bg_color": "#C6EFCE", "bold": True})
        self._bad = book.add_format({"font_color": "#9C0006", "bg_color": "#FFC7CE", "bold": True})

    def write(self) -> None:
        """All of them."""
        self._overview()
        self._tiers()
        self._agencies()
        self._items()
        self._burden()
        self._returns()

    def _overview(self) -> None:
        sheet = _Sheet(self, "overview", (34, 12, 18, 12, 14))
        found = self._found
        sheet.line(self._words("as_of", day=found.as_of, period=found.period))
        sheet.head("share", "measured", "count", "required", "verdict")
        for name, share in headline(found):
            binds = bool(share.floor)
            row = sheet.row
            required: Value = share.floor if binds else ""
            sheet.line(self._words(f"share.{name}"), share, f"{share.part:,} / {share.whole:,}", required)
            look = (self._good if share.is_met else self._bad) if binds else None
            sheet.text(row, 4, verdict(share, binds, self._language) if binds else "", look)
        sheet.head("month", "visits", "inspected", "disclosed")
        first = sheet.row
        for month in found.months:
            sheet.line(month.code, month.visits, month.measures.inspected, month.measures.disclosed)
        sheet.chart("column", "chart.months", first, (1, 2, 3), (sheet.row + 1, 0))

    def _tiers(self) -> None:
        sheet = _Sheet(self, "tiers", (12, 12, 14, 14, 14))
        sheet.line(self._words("tiers.note"))
        sheet.head("tier", "visits", "checked", "problems", "problem_rate")
        first = sheet.row
        for row in self._found.tiers:
            made = row.measures
            sheet.line(row.name, row.visits, made.checked, made.problems, made.shares["problems"])
        sheet.chart("column", "chart.tiers", first, (4,), (sheet.row + 1, 0))

    def _agencies(self) -> None:
        sheet = _Sheet(self, "agencies", (28, *[12] * 13))
        sheet.head("agency", "visits", "joint", *SHARE_HEADS, "officers", "seats", "each_least", "each_most")
        first = sheet.row
        for row in self._found.agencies:
            numbers = (row.officers, row.seats, row.least, row.most)
            sheet.line(row.name, row.visits, row.joint, *_shares(row.measures), *numbers)
        end = sheet.row
        place = (end + 1, 0)
        sheet.chart("bar", "chart.completion", first, (4, 5), place, (760, max(240, 26 * (end - first) + 120)))
        sheet.chart("bar", "chart.load", first, (10,), (place[0], 8), (640, max(240, 26 * (end - first) + 120)))

    def _items(self) -> None:
        sheet = _Sheet(self, "items", (24, 44, 12, 12, 12, 12))
        sheet.head("item", "item_name", "visits", "checked", "problems", "problem_rate")
        ordered = sorted(self._found.items, key=lambda row: (-row.measures.shares["problems"].ratio, row.code))
        for row in ordered:
            made = row.measures
            sheet.line(row.code, row.name, row.visits, made.checked, made.problems, made.shares["problems"])

    def _burden(self) -> None:
        sheet = _Sheet(self, "burden", (40, 14))
        bears = self._found.burden
        sheet.head("figure", "number")
        facts = {"firms": bears.firms, "visits": bears.visits, "repeats": bears.repeats, "checks": bears.checks}
        for name, value in facts.items():
            sheet.line(self._words(f"burden.{name}"), value)
        sheet.line(self._words("burden.cut"), bears.cut)
        sheet.head("times", "firms")
        first = sheet.row
        for often, firms in bears.times:
            sheet.line(self._words("burden.times", count=often), firms)
        sheet.chart("column", "chart.times", first, (1,), (1, 3))
        sheet.head("figure", "number")
        first = sheet.row
        sheet.line(self._words("burden.unmerged"), bears.checks)
        sheet.line(self._words("burden.merged"), bears.visits)
        sheet.chart("bar", "chart.merged", first, (1,), (18, 3))

    def _returns(self) -> None:
        """The monthly returns: a row per month of a year, or per agency of a month, and the whole below."""
        sheet = _Sheet(self, "returns", (28, *[11] * (len(RETURNS) + len(SHARES) + 1)))
        sheet.line(self._words("returns.note"))
        is_year = len(self._found.period) == 4
        sheet.head("month" if is_year else "agency", "visits", *RETURNS, *SHARE_HEADS)
        for row in self._found.months if is_year else self._found.agencies:
            sheet.line(row.name, *_return_of(row.visits, row.measures))
        sheet.line(self._words("returns.total"), *_return_of(self._found.visits, self._found.total))

    def _words(self, name: str, **params: object) -> str:
        return phrase(f"statistics.{name}", self._language, **params)


def _return_of(visits: int, made: Measures) -> Sequence[Value]:
    return (visits, *(getattr(made, name) for name in RETURNS), *_shares(made))


def _shares(made: Measures) -> list[Share]:
    return [made.shares[name] for name in SHARES]


class _Sheet:
    """One worksheet, written from top to bottom."""

    def __init__(self, book: _Book, name: str, widths: Sequence[int]) -> None:
        self._book = book
        self._sheet = book._book.add_worksheet(book._words(f"sheet.{name}"))
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0 if name == "items" else 1)
        self._sheet.hide_gridlines(2)
        self._heads: tuple[str, ...] = ()
        self.row = 0
        self.text(0, 0, f"{book._title}　{book._words(f'sheet.{name}')}", book._formats.title)
        self.row = 1

    def text(self, row: int, column: int, words: str, look: Any = None) -> None:
        """Words in a cell."""
        self._sheet.write_string(row, column, clean(words), look)

    def head(self, *names: str) -> None:
        """An empty row, then the heads of a table."""
        self.row += 1
        self._heads = tuple(self._book._words(f"column.{name}") for name in names)
        for column, words in enumerate(self._heads):
            self.text(self.row, column, words, self._book._formats.head)
        self.row += 1

    def line(self, *values: Value) -> None:
        """One row; a share of nothing stays empty, for it is no nought."""
        for column, value in enumerate(values):
            if isinstance(value, str):
                self.text(self.row, column, value)
            elif isinstance(value, Share):
                if value.whole:
                    self._sheet.write_number(self.row, column, float(value.ratio), self._book._share)
            elif isinstance(value, Fraction):
                self._sheet.write_number(self.row, column, float(value), self._book._share)
            else:
                self._sheet.write_number(self.row, column, value, self._book._formats.number)
        self.row += 1

    def chart(
        self,
        kind: str,
        title: str,
        first: int,
        columns: Sequence[int],
        place: tuple[int, int],
        size: tuple[int, int] = (560, 300),
    ) -> None:
        """A chart of columns of the rows since ``first``, named by the table's heads; none where there is no row."""
        if self.row == first:
            return
        name = self._sheet.get_name()
        chart = self._book._book.add_chart({"type": kind})
        for number, column in enumerate(columns):
            series: dict[str, Any] = {
                "name": self._heads[column],
                "categories": [name, first, 0, self.row - 1, 0],
                "values": [name, first, column, self.row - 1, column],
                "fill": {"color": COLOURS[number % len(COLOURS)]},
                "gap": 60,
            }
            chart.add_series(series | ({"data_labels": {"value": True}} if len(columns) == 1 else {}))
        lines = {"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}}
        chart.set_title({"name": self._book._words(title), "name_font": {"size": 12}})
        chart.set_legend({"none": True} if len(columns) == 1 else {"position": "bottom"})
        if kind == "bar":
            # Excel draws the first row at the bottom unless told otherwise.
            chart.set_y_axis({"reverse": True})
            chart.set_x_axis(lines)
        else:
            chart.set_y_axis(lines)
        chart.set_size({"width": size[0], "height": size[1]})
        self._sheet.insert_chart(*place, chart)
