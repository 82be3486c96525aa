"""What a plan comes to, as charts with their tables; the year's days; the towns."""

from __future__ import annotations

import calendar
import csv
import io
import re
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from inspection.errors import StoreError, message
from inspection.questions.month_board import month_board, open_days
from inspection.questions.plan_figures import PlanFigures, plan_figures
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.pages import Tile
from inspection.web.plan_charts import plan_charts
from inspection.web.planner_desk import desk_page
from inspection.web.refusal import not_found

router = APIRouter()

TILES = (
    Tile(path="/plan/figures", title="planner.figures", permission="plan.read", order=14),
    Tile(path="/plan/calendar", title="planner.calendar", permission="plan.read", order=15),
    Tile(path="/plan/towns", title="planner.towns", permission="plan.read", order=16),
)
SHADES = 6


@router.get("/plan/figures")
def figures(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Response:
    """Every chart with its table beneath."""
    found = _figures(request)
    charts = plan_charts(found, visitor.language) if found else ()
    return desk_page(request, "figures.html", "/plan/figures", figures=found, charts=charts)


@router.get("/plan/figures/{name}.csv")
def table(request: Request, name: str, visitor: Annotated[Visitor, allowed("plan.read")]) -> Response:
    """A chart's numbers, as Excel and WPS read them."""
    found = _figures(request)
    if found is not None and name == "towns":
        columns = [message(f"planner.column.{each}", visitor.language) for each in ("town", "firms", "drawn", "share")]
        rows: Sequence[Sequence[str | int]] = [
            (each.town, each.firms, each.named, f"{float(each.share):.4f}") for each in found.towns
        ]
        return _csv(name, columns, rows)
    chart = next((each for each in plan_charts(found, visitor.language) if each.name == name), None) if found else None
    if chart is None:
        raise not_found(name)
    return _csv(name, chart.columns, chart.rows)


def _csv(name: str, columns: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    # With a byte order mark, or Excel reads Chinese in the system's old encoding.
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _harmless(cell: str | int) -> str | int:
    """A text that a spreadsheet would take for a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _figures(request: Request) -> PlanFigures | None:
    """The figures; None while there are no quotas."""
    try:
        return plan_figures(desk_of(request).office)
    except StoreError as error:
        if error.code not in ("figures.none", "cli.workspace.nosnapshot"):
            raise
        return None


@router.get("/plan/calendar")
def year(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Response:
    """The twelve months, each day shaded by its visits."""
    found = _figures(request)
    policy = desk_of(request).office.policy()
    number = found.year if found else policy.plan.year
    days = dict(found.days) if found else {}
    most = max(days.values(), default=0)
    opened = open_days(policy)
    months = [
        {
            "month": f"{number}-{month:02d}",
            "visits": sum(count for day, count in days.items() if day.month == month),
            "weeks": [
                [_day(date(number, month, day), days, most, opened) if day else None for day in week]
                for week in calendar.Calendar().monthdayscalendar(number, month)
            ],
        }
        for month in range(1, 13)
    ]
    return desk_page(request, "calendar.html", "/plan/calendar", months=months, year=number, most=most, shades=SHADES)


def _day(day: date, days: dict[date, int], most: int, opened: frozenset[date]) -> dict[str, object]:
    count = days.get(day, 0)
    return {"day": day.day, "date": day, "count": count, "is_open": day in opened, "shade": _shade(count, most)}


def _shade(part: int | Fraction, most: int | Fraction) -> int:
    """0 for none, else 1 to 6 by its part of the most."""
    return 0 if not part or not most else min(SHADES, 1 + int(part * SHADES / most - Fraction(1, 10**9)))


@router.get("/plan/calendar/{month}")
def board(
    request: Request,
    month: str,
    visitor: Annotated[Visitor, allowed("plan.read")],
    agency: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """A month day by day."""
    line = desk_of(request).office.line()
    if not re.fullmatch(rf"{line.plan.year}-(0[1-9]|1[0-2])", month):
        raise not_found(month)
    number = int(month[5:])
    return desk_page(
        request,
        "board.html",
        "/plan/calendar",
        board=month_board(line, month, agency),
        agency=agency,
        agencies=sorted(line.given.agencies.values(), key=lambda each: each.agency),
        before=f"{line.plan.year}-{number - 1:02d}" if number > 1 else "",
        following=f"{line.plan.year}-{number + 1:02d}" if number < 12 else "",
    )


@router.get("/plan/towns")
def towns(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Response:
    """A tile for every town, shaded by the share of its firms that are visited."""
    found = _figures(request)
    counted = sorted(found.towns, key=lambda each: (each.region, -each.firms, each.town)) if found else []
    most = max((each.share for each in counted), default=Fraction(0))
    tiles = [(each, _shade(each.share, most)) for each in counted]
    floor = found.quotas.coverage.floor if found else Fraction(0)
    return desk_page(
        request, "towns.html", "/plan/towns", figures=found, tiles=tiles, floor=floor, most=most, shades=SHADES
    )
