"""Cases side by side as rows of a table: each figure in every case, and by how much it differs from the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from inspection.documents.figures import count, floor_percent, percent, phrase
from inspection.errors import Language
from inspection.model import Share
from inspection.rules.consequences import AgencyYear, Case, figures

Cell = tuple[str, str]
"""The figure, and its change against the first case ('' where there is none)."""

Row = dict[str, object]


def comparison_rows(cases: Sequence[Case], language: Language) -> list[Row]:
    """``{"group", "name", "cells"}``: figures of the whole, chance by tier, load by agency."""
    return [*_figures(cases, language), *_tiers(cases, language), *_agencies(cases, language)]


def _figures(cases: Sequence[Case], language: Language) -> Iterator[Row]:
    for figure in figures():
        values = [None if case.consequences is None else figure.value(case.consequences) for case in cases]
        yield _row("whole", phrase(f"figure.{figure.name}", language), values)


def _tiers(cases: Sequence[Case], language: Language) -> Iterator[Row]:
    names = dict.fromkeys(tier.tier for case in cases if case.consequences for tier in case.consequences.tiers)
    for name in names:
        means = [
            next((tier.mean for tier in case.consequences.tiers if tier.tier == name), None)
            if case.consequences
            else None
            for case in cases
        ]
        yield _row("tiers", name, means)


def _agencies(cases: Sequence[Case], language: Language) -> Iterator[Row]:
    """The fullest month of each agency against what its officers can do, fullest first."""
    years: dict[str, list[AgencyYear | None]] = {}
    names: dict[str, str] = {}
    for place, case in enumerate(cases):
        for year in case.consequences.agencies if case.consequences else ():
            years.setdefault(year.agency, [None] * len(cases))[place] = year
            names[year.agency] = year.name
    order = sorted(years, key=lambda agency: -max(year.highest.ratio for year in years[agency] if year))
    for agency in order:
        yield _row("agencies", names[agency], [year.highest.ratio if year else None for year in years[agency]])


def _row(group: str, name: str, values: Sequence[int | Fraction | Share | None]) -> Row:
    return {"group": group, "name": name, "cells": [_cell(value, values[0]) for value in values]}


def _cell(value: int | Fraction | Share | None, first: int | Fraction | Share | None) -> Cell:
    if value is None:
        return "–", ""
    if isinstance(value, Share):
        return floor_percent(value.ratio), _points(value.ratio - first.ratio) if isinstance(first, Share) else ""
    if isinstance(value, Fraction):
        return percent(value), _points(value - first) if isinstance(first, Fraction) else ""
    difference = value - first if isinstance(first, int) else 0
    return count(value), f"{difference:+,}" if difference else ""


def _points(difference: Fraction) -> str:
    """Percentage points, two digits where one would show nothing."""
    if not difference:
        return ""
    digits = 1 if abs(difference) >= Fraction(5, 10_000) else 2
    return f"{float(difference * 100):+.{digits}f}"
