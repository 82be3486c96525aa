"""Charts of how the year's work stands: completion, disclosure in time, burden; for auditors problem rate per tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspection.errors import Language, message
from inspection.rules.work_statistics import Burden, Measures, Row, Statistics
from inspection.web.plan_charts import AXIS, LEAD, SECOND, SOFT, Chart, Option, short_names

Named = Sequence[tuple[str, Measures]]


def open_charts(kept: Sequence[Statistics], language: Language) -> tuple[Chart, ...]:
    """What everybody may see, of periods that are over: nothing by tier, which is no evaluation of firms (DOMAIN 0.4).

    Args:
        kept: statistics as they were counted and announced, by period.
    """
    months = [(each.period, each.total) for each in kept if len(each.period) > 4]
    burden = [(each.period, each.burden) for each in kept]
    return _progress(months, language), _on_time(months, language), _burden(burden, language)


def auditor_charts(found: Statistics, language: Language) -> tuple[Chart, ...]:
    """The same of the year as it stands now, problem rate per tier, and how the agencies keep their periods."""
    months = [(row.code, row.measures) for row in found.months]
    return (
        _problems(found.tiers, language),
        _agencies(found.agencies, language),
        _progress(months, language),
        _on_time(months, language),
        _burden([(found.period, found.burden)], language),
    )


def _word(name: str, language: Language) -> str:
    return message(f"open.figure.{name}", language)


def _percent(measures: Measures, name: str) -> float:
    """The share in percent with one decimal, cut and never rounded up; 0 of nothing."""
    share = measures.shares[name]
    return int(1000 * share.part / share.whole) / 10 if share.whole else 0.0


def _bars(
    names: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    upright: bool,
    unit: str = "%",
    most: int | None = 100,
) -> Option:
    """Bars beside each other, one colour a series; an axis from nought to ``most``, or as far as the bars go."""
    across, along = ("xAxis", "yAxis") if upright else ("yAxis", "xAxis")
    colours = (LEAD, SECOND, SOFT)
    return {
        "grid": {"left": 8, "right": 48, "top": 24, "bottom": 40, "containLabel": True},
        "legend": {"bottom": 0},
        "tooltip": {"trigger": "axis"},
        across: {"type": "category", "data": list(names), "inverse": not upright, **AXIS},
        along: {"type": "value", "min": 0, "max": most, "axisLabel": {"formatter": f"{{value}}{unit}"}},
        "series": [
            {
                "name": name,
                "type": "bar",
                "barMaxWidth": 36,
                "itemStyle": {"color": colour},
                "label": {
                    "show": True,
                    "position": "top" if upright else "right",
                    "formatter": f"{{c}}{unit}",
                    "fontSize": 11,
                },
                "data": list(values),
            }
            for (name, values), colour in zip(series.items(), colours, strict=False)
        ],
    }


def _columns(language: Language, *names: str) -> tuple[str, ...]:
    return tuple(_word(name, language) for name in names)


def _progress(months: Named, language: Language) -> Chart:
    names = [name for name, _ in months]
    series = {
        _word("inspected", language): [_percent(each, "inspected") for _, each in months],
        _word("disclosed", language): [_percent(each, "completion") for _, each in months],
    }
    rows = tuple((name, each.owed, *_done(each), f"{_percent(each, 'completion')}%") for name, each in months)
    columns = _columns(language, "period", "owed", "inspected", "disclosed", "completion")
    return Chart(name="progress", option=_bars(names, series, upright=True), columns=columns, rows=rows)


def _done(measures: Measures) -> tuple[int, int]:
    """Parts inspected, and public; those closed before they began count as both."""
    return measures.inspected + measures.closed, measures.disclosed + measures.closed


def _on_time(months: Named, language: Language) -> Chart:
    due = [(name, each) for name, each in months if each.was_due]
    series = {_word("on_time", language): [_percent(each, "on_time") for _, each in due]}
    rows = tuple((name, each.was_due, each.on_time, f"{_percent(each, 'on_time')}%") for name, each in due)
    columns = _columns(language, "period", "was_due", "on_time", "rate")
    option = _bars([name for name, _ in due], series, upright=True)
    return Chart(name="on_time", option=option, columns=columns, rows=rows)


def _burden(periods: Sequence[tuple[str, Burden]], language: Language) -> Chart:
    told = [(name, each) for name, each in periods if each.visits]
    series = {
        _word("merged", language): [float(each.visits) for _, each in told],
        _word("unmerged", language): [float(each.checks) for _, each in told],
    }
    rows = tuple((name, each.visits, each.checks, each.checks - each.visits) for name, each in told)
    columns = (*_columns(language, "period", "merged", "unmerged"), message("open.figure.saved", language))
    option = _bars([name for name, _ in told], series, upright=True, unit="", most=None)
    return Chart(name="burden", option=option, columns=columns, rows=rows)


def _problems(tiers: Sequence[Row], language: Language) -> Chart:
    checked = [row for row in tiers if row.measures.checked]
    series = {_word("rate", language): [_percent(row.measures, "problems") for row in checked]}
    rows = tuple(
        (row.name, row.measures.checked, row.measures.problems, f"{_percent(row.measures, 'problems')}%")
        for row in checked
    )
    option = _bars([row.name for row in checked], series, upright=True, most=None)
    return Chart(
        name="problems", option=option, columns=_columns(language, "tier", "checked", "problems", "rate"), rows=rows
    )


def _agencies(agencies: Sequence[Row], language: Language) -> Chart:
    short = short_names({row.code: row.name for row in agencies})
    series = {
        _word("completion", language): [_percent(row.measures, "completion") for row in agencies],
        _word("on_time", language): [_percent(row.measures, "on_time") for row in agencies],
    }
    rows = tuple(
        (row.name, each.owed, f"{_percent(each, 'completion')}%", each.was_due, f"{_percent(each, 'on_time')}%")
        for row in agencies
        for each in (row.measures,)
    )
    columns = _columns(language, "agency", "owed", "completion", "was_due", "on_time")
    option = _bars([short[row.code] for row in agencies], series, upright=False)
    return Chart(name="agencies", option=option, columns=columns, rows=rows, size="tall")
