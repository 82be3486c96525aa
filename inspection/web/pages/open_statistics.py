"""Statistics for everybody: those of periods that are over, as they were counted once and published."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from inspection.documents.figures import floor_percent
from inspection.errors import Language, catalogue, message
from inspection.rules.work_statistics import Statistics
from inspection.web.desk import visitor_of
from inspection.web.open_desk import open_line, open_page
from inspection.web.plan_charts import Chart
from inspection.web.refusal import not_found
from inspection.web.table_file import table_file
from inspection.web.year_charts import open_charts
from inspection.work.statistics_steps import kept_statistics, public_figures

router = APIRouter()

Figure = tuple[str, int, int, str]


@router.get("/open/statistics")
def statistics(request: Request) -> Response:
    """Charts of the periods, and the figures of the latest."""
    language, kept = visitor_of(request).language, _kept(request)
    latest = kept[-1] if kept else None
    return open_page(
        request,
        "statistics.html",
        "/open/statistics",
        charts=open_charts(kept, language) if kept else (),
        latest=latest,
        figures=_figures(latest, language) if latest else (),
    )


@router.get("/open/statistics/{name}.csv")
def table(request: Request, name: str) -> Response:
    """The table of a chart, or the latest period's figures."""
    language, kept = visitor_of(request).language, _kept(request)
    if name == "figures" and kept:
        heads = [message(f"open.figure.{each}", language) for each in ("measure", "part", "whole", "rate")]
        return table_file(f"figures-{kept[-1].period}", heads, _figures(kept[-1], language))
    chart = next((each for each in _charts(kept, language) if each.name == name), None)
    if chart is None:
        raise not_found(name)
    return table_file(name, chart.columns, chart.rows)


def _charts(kept: tuple[Statistics, ...], language: Language) -> tuple[Chart, ...]:
    return open_charts(kept, language) if kept else ()


def _kept(request: Request) -> tuple[Statistics, ...]:
    line = open_line(request)
    return kept_statistics(line) if line is not None else ()


def _figures(found: Statistics, language: Language) -> list[Figure]:
    """The announced figures: name, part, whole, share."""
    known = catalogue()
    rows: list[Figure] = []
    for each in public_figures(found):
        code = f"documents.statistics.share.{each['figure']}"
        name = message(code, language) if code in known else each["figure"]
        share = found.shares[each["figure"]]
        rows.append((name, each["part"], each["whole"], floor_percent(share.ratio) if share.whole else "–"))
    return rows
