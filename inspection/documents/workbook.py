"""The plan as a spreadsheet: overview, contents, all visits, a worksheet per agency and per officer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from inspection.documents.figures import count, phrase
from inspection.documents.overview import Overview
from inspection.documents.sheet_names import unique_names
from inspection.documents.worksheets import HEAD_ROW, Formats, Row, Table, clean, link_to, open_sheet, write_table
from inspection.errors import Language, PublishError
from inspection.model import PlanRow, Summary

Key = tuple[str, str, str]
"""Whose visits: (agency name, officer's code, officer's name); code and name empty for the agency itself."""

MOST_SHEETS = 800
"""Nobody leafs through more, and on disk each holds an open file, of which systems commonly allow 1 024."""

MOST_VISITS_IN_MEMORY = 20_000
"""A county is written from memory (28 MB, half the time); larger plans go through files on disk."""

PLAN_COLUMNS = ("visit", "day", "firm_name", "firm", "address", "town", "agencies", "items", "officers", "tasks")
AGENCY_COLUMNS = ("visit", "day", "firm_name", "firm", "address", "town", "officers", "others", "items")
OFFICER_COLUMNS = ("day", "visit", "firm_name", "firm", "address", "town", "colleagues", "agencies", "items")
DUTY_COLUMNS = ("inspector", "inspector_name", "agency", "day", "visit", "firm_name", "firm", "address", "town")


def write_plan_workbook(path: Path, rows: Sequence[PlanRow], summary: Summary, language: Language = "zh") -> None:
    """The plan is in ``path``, codes as text, no formula anywhere, the same bytes for the same plan.

    Rows keep their order in the list of visits; agencies and officers see theirs by day. With more than 800
    worksheets to write, officers share one, sorted by officer.

    Raises:
        PublishError: the file cannot be written (often because it is open in Excel).
    """
    import xlsxwriter  # type: ignore[import-untyped]  # the package ships no types; 0.1 s at start-up

    part = path.with_name(path.name + ".part")
    storage = "in_memory" if len(rows) <= MOST_VISITS_IN_MEMORY else "constant_memory"
    try:
        with xlsxwriter.Workbook(part, {storage: True}) as book:
            book.set_properties({"title": summary.name, "created": datetime(summary.year, 1, 1)})
            Writer(book=book, formats=Formats.of(book), summary=summary, language=language).write(rows)
        part.replace(path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        part.unlink(missing_ok=True)
        raise PublishError("documents.unwritable", path=path, reason=error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Whose visits a worksheet lists."""

    key: Key
    sheet: str
    rows: Sequence[PlanRow]

    @property
    def title(self) -> str:
        """Name of the officer with the agency, or of the agency."""
        agency, _, name = self.key
        return f"{name}（{agency}）" if name else agency


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A workbook being written."""

    book: Any
    formats: Formats
    summary: Summary
    language: Language

    def write(self, rows: Sequence[PlanRow]) -> None:
        """All worksheets are in the book."""
        agencies = by_agency(rows)
        officers = by_officer(rows, agencies)
        separate = len(officers) + len(agencies) <= MOST_SHEETS
        fixed = [phrase(f"sheet.{name}", self.language) for name in ("overview", "index", "plan", "duties")]
        keys = list(agencies) + (list(officers) if separate else [])
        names = unique_names([*fixed, *(f"{name} {code}" if code else agency for agency, code, name in keys)])
        all_rows = {**agencies, **officers}
        duties = [Duties(key=key, sheet=name, rows=all_rows[key]) for key, name in zip(keys, names[4:], strict=True)]
        Overview(self.book, self.formats, self.summary, self.language).write()
        self.contents(names[1], duties)
        self.visits(names[2], names[1], rows)
        if not separate:
            self.shared_duties(names[3], names[1], officers)
        for entry in duties:
            self.duties(names[1], entry)

    def visits(self, name: str, back: str, rows: Sequence[PlanRow]) -> None:
        """The worksheet of all visits."""
        title = phrase("plan_title", self.language, name=self.summary.name, count=count(len(rows)))
        table = Table(name=name, title=title, columns=PLAN_COLUMNS, back=back)
        lines = (
            (row.visit, self.day(row), row.firm_name, row.firm, row.address, row.town, self.join(row.agencies),
             self.join(row.items), self.officers(row.officers), self.join(row.tasks))
            for row in rows
        )  # fmt: skip
        write_table(self.book, self.formats, table, lines, self.language)

    def duties(self, back: str, duties: Duties) -> None:
        """The worksheet of one agency or one officer."""
        numbers = {"name": duties.title, "year": self.summary.year, "count": count(len(duties.rows))}
        columns = OFFICER_COLUMNS if duties.key[1] else AGENCY_COLUMNS
        title = phrase("visits_of", self.language, **numbers)
        table = Table(name=duties.sheet, title=title, columns=columns, back=back)
        line = self.officer_line if duties.key[1] else self.agency_line
        lines = (line(row, duties.key) for row in sorted(duties.rows, key=when))
        write_table(self.book, self.formats, table, lines, self.language)

    def agency_line(self, row: PlanRow, key: Key) -> Row:
        """A visit as the agency reads it: its own officers, the other agencies."""
        own = [officer for officer in row.officers if officer[0] == key[0]]
        others = [agency for agency in row.agencies if agency != key[0]]
        place = (row.visit, self.day(row), row.firm_name, row.firm, row.address, row.town)
        return (*place, self.officers(own), self.join(others), self.join(row.items))

    def officer_line(self, row: PlanRow, key: Key) -> Row:
        """A visit as an officer reads it: when, where, with whom, for what."""
        colleagues = [officer for officer in row.officers if officer[1] != key[1]]
        place = (self.day(row), row.visit, row.firm_name, row.firm, row.address, row.town)
        return (*place, self.officers(colleagues), self.join(row.agencies), self.join(row.items))

    def shared_duties(self, name: str, back: str, officers: dict[Key, list[PlanRow]]) -> None:
        """One worksheet for all officers of a large plan, filtered by code."""
        table = Table(name=name, title=name, columns=DUTY_COLUMNS, back=back)
        lines = (
            (code, officer, agency, self.day(row), row.visit, row.firm_name, row.firm, row.address, row.town)
            for (agency, code, officer), visits in officers.items()
            for row in sorted(visits, key=when)
        )
        write_table(self.book, self.formats, table, lines, self.language)

    def contents(self, name: str, duties: Iterable[Duties]) -> None:
        """A line with a link for each worksheet of an agency or officer."""
        title, columns = phrase("index_title", self.language), ("sheet", "sort", "agency", "visits")
        table = Table(name=name, title=title, columns=columns)
        sheet = open_sheet(self.book, self.formats, table, self.language)
        last = HEAD_ROW
        for last, entry in enumerate(duties, HEAD_ROW + 1):
            sort = phrase("index_officer" if entry.key[1] else "index_agency", self.language)
            sheet.write_url(last, 0, link_to(entry.sheet), self.formats.link, entry.sheet)
            sheet.write_string(last, 1, sort, self.formats.text)
            sheet.write_string(last, 2, clean(entry.key[0]), self.formats.text)
            sheet.write_number(last, 3, len(entry.rows), self.formats.number)
        sheet.autofilter(HEAD_ROW, 0, last, 3)

    def day(self, row: PlanRow) -> date | str:
        """The day of a visit, or its month while the day is open."""
        return row.day or phrase("day_open", self.language, month=row.month)

    def join(self, words: Iterable[str]) -> str:
        """Words as a list."""
        return phrase("list", self.language).join(words)

    def officers(self, officers: Iterable[Key]) -> str:
        """Officers as ``name code``, a list."""
        return self.join(f"{name} {code}" for _, code, name in officers)


def when(row: PlanRow) -> tuple[str, str]:
    """Sorts visits by day, those without a day after the days of their month."""
    return (row.day.isoformat() if row.day else f"{row.month}-99", row.visit)


def by_agency(rows: Iterable[PlanRow]) -> dict[Key, list[PlanRow]]:
    """The visits of each agency, those with most first."""
    found: dict[str, list[PlanRow]] = defaultdict(list)
    for row in rows:
        for agency in row.agencies:
            found[agency].append(row)
    return {(agency, "", ""): found[agency] for agency in sorted(found, key=lambda name: (-len(found[name]), name))}


def by_officer(rows: Iterable[PlanRow], agencies: Iterable[Key]) -> dict[Key, list[PlanRow]]:
    """The visits of each officer, by agency in the order given, then code."""
    place = {agency: number for number, (agency, _, _) in enumerate(agencies)}
    found: dict[Key, list[PlanRow]] = defaultdict(list)
    for row in rows:
        for officer in row.officers:
            found[officer].append(row)
    return {officer: found[officer] for officer in sorted(found, key=lambda key: (place.get(key[0], len(place)), key))}
