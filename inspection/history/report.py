"""The report folder of an audit: a workbook and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from inspection.documents.worksheets import clean
from inspection.errors import InputError, Language, PublishError
from inspection.history import words
from inspection.history.examine import Audit
from inspection.history.plots import NoFontError, draw_plots
from inspection.history.words import word

WORKBOOK = "audit.xlsx"
MOST_ROWS = 100_000

Cell = str | int | float | None


def write_report(folder: Path, audit: Audit, language: Language) -> tuple[list[Path], list[str]]:
    """The workbook and the pictures stand in the folder: their paths, and remarks on what could not be drawn.

    Raises:
        InputError: the folder is a file.
        PublishError: something cannot be written (often because it is open in Excel).
    """
    if folder.exists() and not folder.is_dir():
        raise InputError("audit.out.occupied", path=folder)
    remarks, pictures = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        workbook = write_workbook(folder / WORKBOOK, audit, language)
        try:
            pictures = draw_plots(audit, folder, language)
        except ImportError:
            remarks.append(word("note.matplotlib", language))
        except NoFontError:
            remarks.append(word("note.font", language))
    except OSError as error:
        raise PublishError("documents.unwritable", path=folder, reason=error) from error
    return [workbook, *pictures], remarks


def write_workbook(path: Path, audit: Audit, language: Language) -> Path:
    """Verdict, all tests, kinds of tests, changes, method: a worksheet each, texts as text, no formula."""
    import xlsxwriter  # type: ignore[import-untyped]  # the package ships no types; 0.1 s at start-up

    part = path.with_name(path.name + ".part")
    try:
        with xlsxwriter.Workbook(part, {"in_memory": True}) as book:
            created = datetime(audit.history.years[-1], 12, 31)
            book.set_properties({"title": word("title", language, years=words.years(audit)), "created": created})
            _Sheets(book, audit, language).write()
        part.replace(path)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return path


class _Sheets:
    """The worksheets of one audit."""

    def __init__(self, book: Any, audit: Audit, language: Language) -> None:
        self.book, self.audit, self.language = book, audit, language
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "bottom": 1})
        self.text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        self.number = book.add_format({"num_format": "#,##0.##", "valign": "top"})
        self.chance = book.add_format({"num_format": "0.00E+00", "valign": "top"})

    def write(self) -> None:
        """All worksheets are in the book."""
        audit, language = self.audit, self.language
        self.verdict()
        self.table(
            "tests",
            ("family", "subject", "seen", "expected", "chance", "adjusted", "basis", "verdict", "sentence"),
            (24, 36, 10, 10, 14, 12, 12, 16, 70),
            [self.judged(one) for one in audit.judgements[:MOST_ROWS]],
        )
        self.table(
            "families",
            ("family", "basis", "tests", "adjusted", "verdict"),
            (36, 14, 10, 14, 18),
            [words.family_row(family, audit, language) for family in audit.families],
        )
        changes = [*words.change_rows(audit.history.happenings, language)]
        self.table("changes", ("kind", "actor", "approver", "reason", "count"), (12, 20, 20, 40, 10), changes)
        self.lines("method", words.method(audit, language).splitlines())

    def verdict(self) -> None:
        """The first worksheet: what came of it, in sentences."""
        audit, language = self.audit, self.language
        lines = [words.verdict(audit, language), words.read_line(audit, language)]
        for name, found in (("alarms", audit.alarms), ("notable", audit.notable)):
            if found:
                lines += ["", word(f"head.{name}", language), *(words.line(one, language) for one in found)]
        if audit.history.redraws:
            told = (words.redraw_line(redraw, language) for redraw in audit.history.redraws)
            lines += ["", word("head.redraws", language), *told]
        if told_notes := words.notes(audit, language):
            lines += ["", word("head.notes", language), *told_notes]
        self.lines("verdict", lines, word("title", language, years=words.years(audit)))

    def judged(self, one: Any) -> Sequence[Cell]:
        """A row of all tests."""
        state = "alarm" if one.is_alarm else "notable" if one.is_notable else "quiet"
        deviation = one.deviation
        return (
            word(f"family.{one.family}", self.language),
            " · ".join(deviation.subject),
            float(deviation.seen),
            float(deviation.expected),
            deviation.chance,
            one.adjusted,
            word(f"basis.{one.basis}", self.language),
            word(f"verdict.word.{state}", self.language),
            words.sentence(one, self.language),
        )

    def table(self, name: str, columns: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[Cell]]) -> None:
        """A worksheet of rows under a frozen head with filters."""
        sheet = self.sheet(name)
        sheet.freeze_panes(1, 0)
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, word(f"column.{column}", self.language), self.head)
        for at, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                self.cell(sheet, at, place, value, columns[place] in ("chance", "adjusted"))
        sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)

    def cell(self, sheet: Any, row: int, place: int, value: Cell, is_chance: bool) -> None:
        """One cell: text as text, chances in powers of ten."""
        if isinstance(value, str):
            sheet.write_string(row, place, clean(value), self.text)
        elif value is not None:
            sheet.write_number(row, place, value, self.chance if is_chance else self.number)

    def lines(self, name: str, lines: Sequence[str], title: str = "") -> None:
        """A worksheet of sentences."""
        sheet = self.sheet(name)
        sheet.set_column(0, 0, 120)
        if title:
            sheet.write_string(0, 0, clean(title), self.title)
        for row, line in enumerate(lines, start=1 if title else 0):
            sheet.write_string(row, 0, clean(line), self.text)

    def sheet(self, name: str) -> Any:
        """A new worksheet, landscape A4, one page wide."""
        sheet = self.book.add_worksheet(word(f"sheet.{name}", self.language))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet
