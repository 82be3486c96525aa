"""Charts of a plan's figures: what ECharts draws, and the table of the same numbers that stands beneath."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from inspection.documents.figures import floor_percent, percent, phrase
from inspection.errors import Language, message
from inspection.questions.plan_figures import PlanFigures

Cell = str | int
Option = dict[str, Any]

LEAD, SECOND, FLOOR, SOFT = "#14507d", "#c8793a", "#a4201c", "#9fb7c9"
AXIS: Mapping[str, Any] = {"axisLabel": {"color": "#1c2733"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart; ``name`` is the last part of its message codes and of its table's address."""

    name: str
    option: Option
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    size: str = ""


def plan_charts(figures: PlanFigures, language: Language) -> tuple[Chart, ...]:
    """Every chart of the plan, in the order of the page; one without rows has nothing to show yet."""
    figures = replace(figures, agencies=short_names(figures.agencies))
    makers: tuple[Callable[[PlanFigures, Language], Chart], ...] = (
        _shares,
        _tiers,
        _burden,
        _officers,
        _heat,
        _together,
    )
    return tuple(make(figures, language) for make in makers)


def short_names(names: Mapping[str, str]) -> dict[str, str]:
    """Names of agencies without what all of them begin with, the county's name as a rule.

    >>> short_names({"A": "缗城县公安局", "B": "缗城县气象局"})
    {'A': '公安局', 'B': '气象局'}
    """
    same = takewhile(lambda signs: len(set(signs)) == 1, zip(*names.values(), strict=False))
    common = sum(1 for _ in same) if len(names) > 1 else 0
    return {code: name[common:] or name for code, name in names.items()}


def _words(language: Language) -> Callable[[str], str]:
    return lambda name: message(f"planner.column.{name}", language)


def _shares(figures: PlanFigures, language: Language) -> Chart:
    of, words = figures.quotas, _words(language)
    shares = [(phrase(f"coverage.{of.coverage_denominator}", language), of.coverage)]
    measured = {"visits": of.joint_by_visits, "firms": of.joint_by_firms, "tasks": of.joint_by_tasks}
    shares += [(phrase(f"joint.{name}", language), share) for name, share in measured.items()]
    floors = [[100 * float(share.floor), place] for place, (_, share) in enumerate(shares) if share.floor]
    option = {
        "grid": {"left": 8, "right": 48, "top": 8, "bottom": 40, "containLabel": True},
        "legend": {"bottom": 0},
        "xAxis": {"type": "value", "axisLabel": {"formatter": "{value}%"}},
        "yAxis": {"type": "category", "inverse": True, "data": [name for name, _ in shares], **AXIS},
        "series": [
            {
                "name": words("share"),
                "type": "bar",
                "barMaxWidth": 30,
                "itemStyle": {"color": LEAD},
                "label": {"show": True, "position": "right", "formatter": "{c}%"},
                "data": [math.floor(1000 * share.ratio) / 10 for _, share in shares],
            },
            {
                "name": words("floor"),
                "type": "scatter",
                "symbol": "rect",
                "symbolSize": [4, 36],
                "itemStyle": {"color": FLOOR},
                "data": floors,
            },
        ],
    }
    rows = tuple(
        (name, floor_percent(share.ratio), percent(share.floor) if share.floor else "–", share.part, share.whole)
        for name, share in shares
    )
    columns = ("measure", "share", "floor", "part", "whole")
    return Chart(name="shares", option=option, columns=tuple(map(words, columns)), rows=rows, size="low")


def _tiers(figures: PlanFigures, language: Language) -> Chart:
    tiers, words = figures.quotas.tiers, _words(language)
    names = ("lowest", "mean", "highest")
    colours = (SOFT, LEAD, SECOND)
    option = {
        "grid": {"left": 8, "right": 16, "top": 24, "bottom": 40, "containLabel": True},
        "legend": {"bottom": 0},
        "xAxis": {"type": "category", "data": [tier.tier for tier in tiers], **AXIS},
        "yAxis": {"type": "value", "axisLabel": {"formatter": "{value}%"}},
        "series": [
            {
                "name": words(name),
                "type": "bar",
                "itemStyle": {"color": colour},
                "label": {"show": True, "position": "top", "formatter": "{c}%", "fontSize": 11},
                "labelLayout": {"hideOverlap": True},
                "data": [round(100 * float(getattr(tier, name)), 2) for tier in tiers],
            }
            for name, colour in zip(names, colours, strict=True)
        ],
    }
    rows = tuple(
        (tier.tier, tier.firms, tier.exempt, percent(tier.mean), percent(tier.lowest), percent(tier.highest))
        for tier in tiers
    )
    columns = ("tier", "firms", "exempt", "mean", "lowest", "highest")
    return Chart(name="tiers", option=option, columns=tuple(map(words, columns)), rows=rows)


def _burden(figures: PlanFigures, language: Language) -> Chart:
    of, words = figures.quotas, _words(language)
    data = (
        ("burden.visits", of.visits, of.checks),
        ("burden.repeats", math.ceil(of.repeat_visits), of.repeat_visits_unmerged),
    )
    option = {
        "grid": {"left": 8, "right": 48, "top": 8, "bottom": 40, "containLabel": True},
        "legend": {"bottom": 0},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "inverse": True, "data": [words(name) for name, *_ in data], **AXIS},
        "series": [
            {
                "name": words(name),
                "type": "bar",
                "itemStyle": {"color": colour},
                "label": {"show": True, "position": "right"},
                "data": [row[place] for row in data],
            }
            for place, name, colour in ((1, "merged", LEAD), (2, "unmerged", SOFT))
        ],
    }
    rows = tuple((words(name), merged, apart) for name, merged, apart in data)
    return Chart(
        name="burden",
        option=option,
        columns=tuple(map(words, ("measure", "merged", "unmerged"))),
        rows=rows,
        size="low",
    )


def _heat(figures: PlanFigures, language: Language) -> Chart:
    agencies, names, words = figures.quotas.agencies, figures.agencies, _words(language)
    months = [month.month for month in agencies[0].months] if agencies else []
    cells = [
        [column, row, round(100 * float(month.ratio), 1)]
        for row, agency in enumerate(agencies)
        for column, month in enumerate(agency.months)
    ]
    most = max([100.0, *(cell[2] for cell in cells)])
    option = {
        "grid": {"left": 8, "right": 8, "top": 8, "bottom": 64, "containLabel": True},
        "xAxis": {"type": "category", "data": months, "splitArea": {"show": True}, **AXIS},
        "yAxis": {"type": "category", "inverse": True, "data": [names[agency.agency] for agency in agencies], **AXIS},
        "visualMap": {
            "min": 0,
            "max": most,
            "calculable": True,
            "orient": "horizontal",
            "left": "center",
            "bottom": 0,
            "text": [f"{most:.0f}%", "0%"],
            "inRange": {"color": ["#f4f6f8", "#93bfdd", "#14507d", "#a4201c"]},
        },
        "series": [{"type": "heatmap", "data": cells, "label": {"show": True, "fontSize": 10}}],
    }
    rows = tuple(
        (agency.name, month.month, month.seats, month.available, percent(month.ratio))
        for agency in agencies
        for month in agency.months
    )
    columns = ("agency", "month", "seats", "available", "load")
    return Chart(name="heat", option=option, columns=tuple(map(words, columns)), rows=rows, size="tall")


def _officers(figures: PlanFigures, language: Language) -> Chart:
    words, names = _words(language), figures.agencies
    order = [code for code in names if any(load.agency == code for load in figures.officers)]
    many = Counter((load.agency, load.visits) for load in figures.officers)
    points = [[order.index(agency), visits, count] for (agency, visits), count in sorted(many.items())]
    option = {
        "grid": {"left": 48, "right": 16, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": [names[code] for code in order],
            "axisLabel": {"rotate": 40, "interval": 0, "color": "#1c2733"},
        },
        "yAxis": {"type": "value", "name": words("visits")},
        "series": [
            {
                "type": "scatter",
                "itemStyle": {"color": LEAD, "opacity": 0.65},
                "data": [{"value": point, "symbolSize": round(6 + 3 * math.sqrt(point[2]), 1)} for point in points],
            }
        ],
    }
    rows = tuple(
        (load.inspector, names.get(load.agency, load.agency), load.visits, load.busiest, load.allowed)
        for load in figures.officers
    )
    columns = ("inspector", "agency", "visits", "busiest", "allowed")
    return Chart(name="officers", option=option, columns=tuple(map(words, columns)), rows=rows)


def _together(figures: PlanFigures, language: Language) -> Chart:
    words, names = _words(language), figures.agencies
    most = max((each.visits for each in figures.together), default=1)
    year = {agency.agency: agency.joint_visits for agency in figures.quotas.agencies}
    largest = max([1, *year.values()])
    option = {
        "series": [
            {
                "type": "graph",
                "layout": "circular",
                "circular": {"rotateLabel": True},
                "roam": False,
                "top": 100,
                "bottom": 100,
                "label": {"show": True, "position": "right", "color": "#1c2733"},
                "itemStyle": {"color": LEAD},
                "data": [
                    {
                        "id": code,
                        "name": name,
                        "value": year[code],
                        "symbolSize": round(8 + 26 * math.sqrt(year[code] / largest), 1),
                    }
                    for code, name in names.items()
                ],
                "links": [
                    {
                        "source": each.one,
                        "target": each.other,
                        "value": each.visits,
                        "lineStyle": {
                            "width": round(0.5 + 9 * each.visits / most, 1),
                            "opacity": 0.45,
                            "curveness": 0.2,
                        },
                    }
                    for each in figures.together
                ],
            }
        ]
    }
    rows = tuple(
        (names.get(each.one, each.one), names.get(each.other, each.other), each.visits) for each in figures.together
    )
    columns = ("agency", "agency_with", "visits")
    return Chart(name="together", option=option, columns=tuple(map(words, columns)), rows=rows, size="tall")
