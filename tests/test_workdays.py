"""Workdays against the announced calendars, the fallback, and the counting of working days."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from inspection.rules.policy import Policy, policy_from
from inspection.rules.policy_sections import CalendarRules
from inspection.rules.workdays import add_working_days, is_announced, workdays

KEPT = Path(__file__).resolve().parents[2] / "shared/data/calendar/cn_workdays_2024_2026.csv"
UNKNOWN_YEAR = 2099
"""A year the State Council cannot have announced."""


def policy_of(year: int, **sections: Any) -> Policy:
    plan = {"year": year, "division": "370828", "name": "测试"}
    return policy_from({"plan": plan, "tiers": {"A": {}}, **sections})


@pytest.mark.skipif(not KEPT.exists(), reason="needs the shared calendar")
def test_announced_years_match_the_published_calendar() -> None:
    with KEPT.open(encoding="utf-8-sig", newline="") as file:
        published = [date.fromisoformat(row["日期"]) for row in csv.DictReader(file) if row["是否工作日"] == "1"]
    ours = [day for year in (2024, 2025, 2026) for day in workdays(year, policy_of(year)).days]
    assert ours == published


def test_make_up_saturday_is_worked_and_spring_festival_is_not() -> None:
    days = workdays(2025, policy_of(2025)).days
    assert date(2025, 1, 26) in days  # a Sunday worked for Spring Festival
    assert date(2025, 1, 29) not in days  # a Wednesday, first day of the year of the snake


def test_unannounced_year_falls_back_to_weekdays_with_a_warning() -> None:
    calendar = workdays(UNKNOWN_YEAR, policy_of(UNKNOWN_YEAR))
    assert not calendar.is_announced and not is_announced(UNKNOWN_YEAR)
    assert calendar.days[0] == date(2099, 1, 1) and {day.weekday() for day in calendar.days} == {0, 1, 2, 3, 4}
    assert len(calendar.days) == 261
    assert "2099" in (calendar.warning("zh") or "") and "2099" in (calendar.warning("en") or "")


def test_announced_year_has_no_warning() -> None:
    assert workdays(2026, policy_of(2026)).warning() is None


def test_fixed_holidays_are_kept_in_an_unannounced_year_only() -> None:
    rules = {"fixed_holidays": True}
    unknown = workdays(UNKNOWN_YEAR, policy_of(UNKNOWN_YEAR, calendar=rules)).days
    assert date(2099, 5, 1) not in unknown and date(2099, 10, 2) not in unknown
    assert workdays(2025, policy_of(2025, calendar=rules)).days == workdays(2025, policy_of(2025)).days


def test_policy_dates_prevail_over_the_calendar() -> None:
    rules = {"extra_holidays": [date(2026, 3, 2)], "extra_workdays": [date(2026, 3, 1)]}
    days = workdays(2026, policy_of(2026, calendar=rules)).days
    assert date(2026, 3, 2) not in days and date(2026, 3, 1) in days


def test_quiet_days_are_no_visiting_days_but_working_days() -> None:
    policy = policy_of(2026, quiet={"days_of_month": ["1-20"], "dates": [date(2026, 3, 23)]})
    calendar = workdays(2026, policy)
    assert min(day.day for day in calendar.days) == 21
    assert calendar.of_month("2026-03")[0] == date(2026, 3, 24)
    assert calendar.add_working_days(date(2026, 3, 2), 3) == date(2026, 3, 5)


def test_months_hold_every_day_once() -> None:
    calendar = workdays(2026, policy_of(2026))
    assert list(calendar.months) == [f"2026-{number:02d}" for number in range(1, 13)]
    assert tuple(day for days in calendar.months.values() for day in days) == calendar.days
    assert all(re.fullmatch(r"2026-\d\d", f"{day:%Y-%m}") for day in calendar.days)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2025, 9, 30), 1, date(2025, 10, 9)),  # over the eight days of October
        (date(2025, 9, 26), 2, date(2025, 9, 29)),  # Sunday the 28th is worked
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),  # 1-3 January off, Sunday the 4th is worked
        (date(2026, 3, 2), 20, date(2026, 3, 30)),
    ],
)
def test_working_days_count_from_the_day_after(start: date, count: int, end: date) -> None:
    assert add_working_days(start, count, CalendarRules()) == end


def test_negative_working_days_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_working_days(date(2026, 3, 2), -1, CalendarRules())
