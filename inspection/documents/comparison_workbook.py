"""Cases side by side as a spreadsheet: figures, months, tiers and agencies as numbers, the rest as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from inspection.documents.figures import phrase
from inspection.documents.worksheets import Formats, clean
from inspection.errors import Language, PublishError
from inspection.model import Share
from inspection.rules.consequences import Case, Consequences, figures

Value = int | float | str | Fraction | Share | None


def write_comparison(path: Path, title: str, year: int, cases: Sequence[Case], language: Language = "zh") -> None:
    """The comparison is in ``path``: a column per case, the same bytes for the same cases.

    Raises:
        PublishError: the file cannot be written (often because it is open in Excel).
    """
    import xlsxwriter  # type: ignore[import-untyped]  # the package ships no types; 0.1 s at start-up

    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with xlsxwriter.Workbook(part, {"in_memory": True}) as book:
            book.set_properties({"title": title, "created": datetime(year, 1, 1)})
            _Sheet(book, cases, language).write(title)
        part.replace(path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        part.unlink(missing_ok=True)
        raise PublishError("documents.unwritable", path=path, reason=error) from error


class _Sheet:
    """The one worksheet, written from top to bottom."""

    def __init__(self, book: Any, cases: Sequence[Case], language: Language) -> None:
        self._cases = cases
        self._language = language
        self._formats = Formats.of(book)
        self._share = book.add_format({"num_format": "0.00%", "align": "right", "valign": "top"})
        self._decimal = book.add_format({"num_format": "#,##0.0", "align": "right", "valign": "top"})
        self._bad = book.add_format({"font_color": "#9C0006", "text_wrap": True, "valign": "top"})
        self._sheet = book.add_worksheet(phrase("sheet.compare", language))
        self._row = 0

    def write(self, title: str) -> None:
        """The worksheet is complete."""
        sheet = self._sheet
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, len(self._cases), 24)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        self._line(title, [], self._formats.title)
        self._line("", [case.name for case in self._cases], self._formats.head)
        sheet.freeze_panes(self._row, 1)
        join = phrase("list", self._language)
        self._line(self._words("compare.changed"), [join.join(case.changes) for case in self._cases])
        self._line(self._words("compare.short"), [case.shortage.get(self._language) for case in self._cases], self._bad)
        for figure in figures():
            self._line(self._words(f"figure.{figure.name}"), self._of(figure.value))
        self._months()
        self._tiers()
        self._agencies()

    def _months(self) -> None:
        self._head("screen.months")
        months = {month for case in self._cases if case.consequences for month, _ in case.consequences.visits_per_month}
        for month in sorted(months):
            self._line(month, self._of(lambda found, month=month: dict(found.visits_per_month).get(month, 0)))

    def _tiers(self) -> None:
        self._head("screen.tiers")
        for tier in dict.fromkeys(each.tier for case in self._known() for each in case.tiers):
            for name in ("mean", "lowest", "highest"):
                words = f"{tier}　{self._words(f'column.{name}')}"
                self._line(
                    words,
                    self._of(
                        lambda found, tier=tier, name=name: next(
                            (getattr(each, name) for each in found.tiers if each.tier == tier), None
                        )
                    ),
                )

    def _agencies(self) -> None:
        self._head("compare.agencies")
        names = {year.agency: year.name for case in self._known() for year in case.agencies}
        for agency, name in names.items():
            for figure, value in AGENCY_FIGURES.items():
                words = f"{name}　{self._words(f'compare.{figure}')}"
                self._line(
                    words,
                    self._of(
                        lambda found, agency=agency, value=value: next(
                            (value(year) for year in found.agencies if year.agency == agency), None
                        )
                    ),
                )

    def _known(self) -> list[Consequences]:
        return [case.consequences for case in self._cases if case.consequences]

    def _of(self, value: Callable[..., Value]) -> list[Value]:
        return [None if case.consequences is None else value(case.consequences) for case in self._cases]

    def _words(self, name: str) -> str:
        return phrase(name, self._language)

    def _head(self, name: str) -> None:
        self._row += 1
        self._line(self._words(name), [""] * len(self._cases), self._formats.head)

    def _line(self, words: str, values: Sequence[Value], look: Any = None) -> None:
        """One row; texts keep the look given, numbers have their own."""
        self._sheet.write_string(self._row, 0, clean(words), look)
        for column, value in enumerate(values, 1):
            if isinstance(value, Share):
                self._sheet.write_number(self._row, column, float(value.ratio), self._share)
            elif isinstance(value, Fraction):
                self._sheet.write_number(self._row, column, float(value), self._share)
            elif isinstance(value, float):
                self._sheet.write_number(self._row, column, value, self._decimal)
            elif isinstance(value, int):
                self._sheet.write_number(self._row, column, value, self._formats.number)
            elif value:
                text = "\n".join(map(clean, value.splitlines()))
                self._sheet.write_string(self._row, column, text, look or self._formats.wrapped)
        self._row += 1


AGENCY_FIGURES: dict[str, Callable[..., Value]] = {
    "inspectors": lambda year: year.inspectors,
    "visits": lambda year: year.visits,
    "joint_visits": lambda year: year.joint_visits,
    "seats": lambda year: year.seats,
    "available": lambda year: year.available,
    "officer_months": lambda year: float(year.officer_months),
    "highest_month": lambda year: f"{year.highest.month}: {year.highest.seats} / {year.highest.available}",
    "highest_load": lambda year: year.highest.ratio,
}
"""Figures of an agency by the name of their words."""
