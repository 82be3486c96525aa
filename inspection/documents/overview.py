"""The first worksheet: what the plan comes to, whether its rules are met, months, tiers, agencies."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from inspection.documents.figures import one_in, phrase, rule_shares, verdict
from inspection.documents.worksheets import Formats, clean
from inspection.errors import Language
from inspection.model import Summary

WIDTHS = (34, 13, 13, 13, 16, 13, 13, 13, 13)


class Overview:
    """Writes the worksheet from top to bottom, as constant memory demands."""

    def __init__(self, book: Any, formats: Formats, summary: Summary, language: Language) -> None:
        self.book = book
        self.formats = formats
        self.summary = summary
        self.language = language
        self.share = book.add_format({"num_format": "0.0%", "align": "right"})
        self.small_share = book.add_format({"num_format": "0.00%", "align": "right"})
        self.good = book.add_format({"font_color": "#006100", "bg_color": "#C6EFCE", "bold": True})
        self.bad = book.add_format({"font_color": "#9C0006", "bg_color": "#FFC7CE", "bold": True})
        self.sheet = book.add_worksheet(phrase("sheet.overview", language))
        self.row = 0

    def write(self) -> None:
        """The worksheet is complete."""
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.hide_gridlines(2)
        self.sheet.set_row(0, 28)
        self.line(f"{self.summary.name}　{self.summary.plan}", look=self.formats.title)
        self.figures()
        self.rules()
        self.tiers()
        self.months()
        self.agencies()
        self.warnings()

    def line(self, *cells: str | int | Fraction, look: Any = None) -> None:
        """One row of cells: text, whole numbers, shares."""
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                self.sheet.write_string(self.row, column, clean(cell), look)
            elif isinstance(cell, Fraction):
                small = 0 < cell < Fraction(1, 100)
                self.sheet.write_number(self.row, column, float(cell), self.small_share if small else self.share)
            else:
                self.sheet.write_number(self.row, column, cell, self.formats.number)
        self.row += 1

    def head(self, *names: str) -> None:
        """An empty row, then the heads of a table."""
        self.row += 1
        self.line(*(phrase(f"column.{name}", self.language) for name in names), look=self.formats.head)

    def figures(self) -> None:
        """Firms, tasks, visits, what merging saved, officer-days."""
        summary = self.summary
        self.head("figure", "count")
        values: dict[str, int | Fraction] = {
            "registered": summary.firms_registered,
            "frame": summary.firms_in_frame,
            "exempt": summary.firms_exempt,
            "tasks": summary.tasks,
            "checks": summary.checks,
            "visits": summary.visits,
            "cut": summary.cut,
            "bound": summary.visits_bound,
            "officer_days": summary.officer_days,
            "two_towns": summary.officer_days_two_towns,
            "pair": summary.largest_pair_chance,
        }
        for name, value in values.items():
            self.line(phrase(f"figure.{name}", self.language), value)

    def rules(self) -> None:
        """Coverage and joint shares, the binding ones with a verdict in colour and in words."""
        self.head("rule", "measured", "required", "count", "verdict")
        for words, share, binds in rule_shares(self.summary, self.language):
            row = self.row
            required = share.floor if binds else ""
            self.line(words, share.ratio, required, f"{share.part} / {share.whole}")
            look = (self.good if share.is_met else self.bad) if binds else None
            self.sheet.write_string(row, 4, verdict(share, binds, self.language), look)

    def tiers(self) -> None:
        """Chance per tier."""
        self.head("tier", "firms", "exempt", "expected", "one_in", "mean", "lowest", "highest")
        for tier in self.summary.tiers:
            chances = (one_in(tier.mean, self.language), tier.mean, tier.lowest, tier.highest)
            self.line(tier.tier, tier.firms, tier.exempt, round(tier.expected_visits), *chances)

    def months(self) -> None:
        """Visits per month, as a table and as a chart on the right of the figures."""
        self.head("month", "visits")
        first = self.row
        for month, visits in self.summary.visits_per_month:
            self.line(month, visits)
        if self.row == first:
            return
        name = self.sheet.get_name()
        chart = self.book.add_chart({"type": "column"})
        categories, values = [name, first, 0, self.row - 1, 0], [name, first, 1, self.row - 1, 1]
        points = {"categories": categories, "values": values, "data_labels": {"value": True}, "gap": 60}
        chart.add_series({**points, "fill": {"color": "#5B9BD5"}})
        chart.set_title({"name": phrase("screen.months", self.language), "name_font": {"size": 12}})
        chart.set_legend({"none": True})
        chart.set_y_axis({"major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
        chart.set_size({"width": 620, "height": 250})
        self.sheet.insert_chart(2, 3, chart)

    def agencies(self) -> None:
        """Load per agency, most visits first."""
        self.head("agency", "people", "visits", "joint", "seats", "seats_available", "load", "each_least", "each_most")
        for load in sorted(self.summary.agencies, key=lambda load: (-load.visits, load.agency)):
            filled = Fraction(load.seats, load.seats_available) if load.seats_available else Fraction(0)
            numbers = (load.inspectors, load.visits, load.joint_visits, load.seats, load.seats_available)
            self.line(load.name, *numbers, filled, load.least_per_inspector, load.most_per_inspector)

    def warnings(self) -> None:
        """Every note of the plan."""
        if self.summary.warnings:
            self.row += 1
            self.line(phrase("warnings", self.language), look=self.formats.head)
            for warning in self.summary.warnings:
                self.line(warning)
