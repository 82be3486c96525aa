"""What an agency owes and how its year looks: due lists; load of its officers, problem rate per tier, as charts."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from inspection.errors import message
from inspection.office import CHINA
from inspection.web.agency_charts import agency_charts
from inspection.web.agency_desk import AgencyDesk, agency_desk, agency_page
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Code
from inspection.web.pages import Tile
from inspection.web.plan_charts import Chart
from inspection.web.refusal import not_found
from inspection.work import work_steps

router = APIRouter()

TILES = (Tile(path="/agency/due", title="agency.due", permission="visits.read", order=27),)

MayRead = Annotated[Visitor, allowed("visits.read")]
Asked = Annotated[Code | None, Query()]


@router.get("/agency/due")
def due(request: Request, visitor: MayRead, agency: Asked = None) -> Response:
    """What the agency owes the public, the earliest first."""
    desk = desk_of(request)
    of = agency_desk(desk.office.line(), visitor, agency)
    rows = work_steps.due_list(desk.office, of.code, desk.clock())
    counts = Counter(row.urgency for row in rows)
    today = desk.clock().astimezone(CHINA).date()
    return agency_page(request, "due.html", "/agency/due", of, rows=rows, counts=counts, today=today)


@router.get("/agency/due.csv")
def due_table(request: Request, visitor: MayRead, agency: Asked = None) -> Response:
    """The same as a table."""
    desk = desk_of(request)
    of = agency_desk(desk.office.line(), visitor, agency)
    names = ("visit", "kind", "since", "due", "urgency", "state")
    head = [message(f"agency.column.{name}", visitor.language) for name in names]
    rows = (
        (
            row.label,
            message(f"agency.owed.{row.owed.kind}", visitor.language),
            row.owed.since.isoformat(),
            row.owed.due.isoformat(),
            message(f"agency.urgency.{row.urgency}", visitor.language),
            message(f"field.state.{row.state}", visitor.language),
        )
        for row in work_steps.due_list(desk.office, of.code, desk.clock())
    )
    return _csv(head, rows, f"due-{of.code}.csv")


@router.get("/agency/figures")
def figures(request: Request, visitor: MayRead, agency: Asked = None) -> Response:
    """The charts, each with its table beneath."""
    of, charts = _charts(request, visitor, agency)
    return agency_page(request, "figures.html", "/agency/figures", of, charts=charts)


@router.get("/agency/figures/{name}.csv")
def figure_table(request: Request, name: str, visitor: MayRead, agency: Asked = None) -> Response:
    """The table of a chart."""
    of, charts = _charts(request, visitor, agency)
    chart = next((each for each in charts if each.name == name), None)
    if chart is None:
        raise not_found(name)
    return _csv(chart.columns, chart.rows, f"{name}-{of.code}.csv")


def _charts(request: Request, visitor: Visitor, agency: str | None) -> tuple[AgencyDesk, tuple[Chart, ...]]:
    desk = desk_of(request)
    of = agency_desk(desk.office.line(), visitor, agency)
    return of, agency_charts(desk.office, of.code, desk.clock(), visitor.language)


def _csv(head: Sequence[str], rows: Iterable[Sequence[str | int]], name: str) -> Response:
    """CSV as Excel and WPS open it: with a byte order mark, texts that look like formulas made harmless."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@" and cell else cell for cell in row])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
