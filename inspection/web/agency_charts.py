"""Charts of an agency: load of its officers month by month, problem rate per tier; the tables of the same numbers."""

from __future__ import annotations

from datetime import datetime

from inspection.errors import Language, message
from inspection.office import Office
from inspection.rules.work_statistics import Row
from inspection.web.plan_charts import LEAD, Chart, Option
from inspection.work.agency_year import AgencyLoads, agency_loads
from inspection.work.statistics_steps import statistics

MOST_BARS = 40
"""Officers drawn one by one; the table names all."""


def agency_charts(office: Office, agency: str, now: datetime, language: Language) -> tuple[Chart, ...]:
    """The agency's charts, in the order of the page; one without rows has nothing to show yet."""
    loads = agency_loads(office.line(), agency)
    tiers = statistics(office, None, now, agency).tiers
    return (_load(loads, language), _problems(tiers, language))


def _word(name: str, language: Language) -> str:
    return message(f"agency.column.{name}", language)


def _load(loads: AgencyLoads, language: Language) -> Chart:
    shown = loads.officers[:MOST_BARS]
    option: Option = {
        "grid": {"left": 8, "right": 16, "top": 8, "bottom": 48, "containLabel": True},
        "legend": {"bottom": 0, "type": "scroll"},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "inverse": True, "data": [each.name for each in shown]},
        "series": [
            {
                "name": month,
                "type": "bar",
                "stack": "year",
                "barMaxWidth": 18,
                "data": [each.months[at] for each in shown],
            }
            for at, month in enumerate(loads.months)
        ],
    }
    columns = (_word("officer", language), _word("name", language), *loads.months, _word("total", language))
    rows: tuple[tuple[str | int, ...], ...] = tuple(
        (each.inspector, each.name, *each.months, each.total) for each in loads.officers
    )
    return Chart(name="load", option=option, columns=columns, rows=rows if loads.months else ())


def _problems(tiers: tuple[Row, ...], language: Language) -> Chart:
    checked = [row for row in tiers if row.measures.checked]
    rates = [round(100 * float(row.measures.shares["problems"].ratio), 1) for row in checked]
    option: Option = {
        "grid": {"left": 8, "right": 16, "top": 28, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [row.name for row in checked]},
        "yAxis": {"type": "value", "min": 0, "axisLabel": {"formatter": "{value}%"}},
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 60,
                "itemStyle": {"color": LEAD},
                "label": {"show": True, "position": "top", "formatter": "{c}%"},
                "data": rates,
            }
        ],
    }
    rows = tuple(
        (row.name, row.measures.checked, row.measures.problems, f"{rate:.1f}%")
        for row, rate in zip(checked, rates, strict=True)
    )
    columns = tuple(_word(name, language) for name in ("tier", "checked", "problems", "rate"))
    return Chart(name="problems", option=option, columns=columns, rows=rows)
