"""The report of a year as a Word document: from our template, or from a bureau's own with the same names in braces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspection.documents.figures import count, floor_percent, percent, phrase, verdict
from inspection.documents.template import fill_docx
from inspection.errors import Language
from inspection.model import Share
from inspection.rules.work_statistics import Measures, Row, Statistics

NAME = "yearly-report"
LONGEST_BAR = 24
MOST_ITEMS = 15


def write_report(
    path: Path, title: str, found: Statistics, language: Language = "zh", template: Path | None = None
) -> None:
    """The report stands in a Word document; raises as ``fill_docx``."""
    fill_docx(path, NAME, report_words(title, found, language), template)


def report_words(title: str, found: Statistics, language: Language) -> dict[str, Any]:
    """The report as templates read it: texts, and lists of rows of texts."""
    bears = found.burden
    largest = max((month.visits for month in found.months), default=0)
    checked = sorted((row for row in found.items if row.measures.checked), key=_by_problems)
    return {
        "title": title,
        "period": found.period,
        "as_of": found.as_of.isoformat(),
        "visits": count(found.visits),
        "shares": [_share(name, share, language) for name, share in found.shares.items()],
        "months": [
            _row(month) | {"bar": "█" * round(LONGEST_BAR * month.visits / largest) if largest else ""}
            for month in found.months
        ],
        "agencies": [_row(row) for row in found.agencies],
        "tiers": [_row(row) for row in found.tiers],
        "items": [_row(row) for row in checked[:MOST_ITEMS]],
        "items_checked": count(len(checked)),
        "items_all": count(len(found.items)),
        "unchecked": [row.name for row in found.items if not row.measures.checked][:MOST_ITEMS],
        "items_unchecked": count(len(found.items) - len(checked)),
        "burden": {
            "firms": count(bears.firms),
            "visits": count(bears.visits),
            "repeats": count(bears.repeats),
            "checks": count(bears.checks),
            "cut": percent(bears.cut.ratio),
            "saved": count(bears.checks - bears.visits),
            "times": [{"often": str(often), "firms": count(firms)} for often, firms in bears.times],
        },
        "total": _measures(found.total),
    }


def _by_problems(row: Row) -> tuple[Any, str]:
    return -row.measures.shares["problems"].ratio, row.code


def _share(name: str, share: Share, language: Language) -> dict[str, str]:
    binds = bool(share.floor)
    return {
        "name": phrase(f"statistics.share.{name}", language),
        "measured": share_text(share, exact_floor=binds),
        "count": f"{count(share.part)} / {count(share.whole)}",
        "required": percent(share.floor) if binds else "",
        "verdict": verdict(share, binds, language) if binds else "",
    }


def share_text(share: Share, *, exact_floor: bool = False) -> str:
    """A share as people read it; a share of nothing is no nought."""
    if not share.whole:
        return "–"
    return floor_percent(share.ratio) if exact_floor else percent(share.ratio)


def _row(row: Row) -> dict[str, str]:
    return _measures(row.measures) | {
        "code": row.code,
        "name": row.name,
        "visits": count(row.visits),
        "joint": count(row.joint),
        "seats": count(row.seats),
        "officers": count(row.officers),
        "each": f"{row.least}~{row.most}",
    }


def _measures(made: Measures) -> dict[str, str]:
    names: Sequence[str] = Measures.__slots__
    rates = {f"{name}_rate": share_text(share) for name, share in made.shares.items()}
    return {name: count(getattr(made, name)) for name in names} | rates
