"""Workdays of a year: State Council holidays and make-up days, the policy's corrections, quiet days left out.

A year the State Council has not announced falls back to Monday to Friday; ``WorkCalendar.is_announced`` says so.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from inspection.errors import Language, message
from inspection.rules.policy import Policy
from inspection.rules.policy_sections import CalendarRules

FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""(month, day) of the holidays that fall on the same date every year.

Source: 全国年节及纪念日放假办法 (2024), article 2. Spring Festival, Qingming, Dragon Boat and Mid-Autumn follow
the moon and the sun and are not guessed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """The days of a year on which firms may be visited, in order, and the rules behind them."""

    year: int
    days: tuple[date, ...]
    is_announced: bool
    rules: CalendarRules

    def of_month(self, month: str) -> tuple[date, ...]:
        """The visiting days of a month (``YYYY-MM``), in order."""
        return tuple(day for day in self.days if f"{day:%Y-%m}" == month)

    @property
    def months(self) -> dict[str, tuple[date, ...]]:
        """The visiting days by month, all twelve months present."""
        return {month: self.of_month(month) for month in (f"{self.year}-{number:02d}" for number in range(1, 13))}

    def warning(self, language: Language = "zh") -> str | None:
        """What to tell the user about a year not announced, None otherwise."""
        return None if self.is_announced else message("calendar.not_announced", language, year=self.year)

    def add_working_days(self, start: date, working_days: int) -> date:
        """The last day of a period of so many working days; see ``add_working_days``."""
        return add_working_days(start, working_days, self.rules)


def workdays(year: int, policy: Policy) -> WorkCalendar:
    """The calendar of a year: its workdays without the policy's quiet days."""
    return WorkCalendar(
        year=year,
        days=tuple(day for day in _days_of(year) if is_workday(day, policy.calendar) and not policy.is_quiet(day)),
        is_announced=is_announced(year),
        rules=policy.calendar,
    )


def add_working_days(start: date, working_days: int, rules: CalendarRules) -> date:
    """The last day of a period of so many working days that begins the day after ``start``.

    Quiet days count: they keep officers out of firms, not out of their offices. Disclosure is due by
    ``add_working_days(finished, 20, rules)`` (企业信息公示暂行条例; the day itself does not count: 民法典 art. 201).

    Raises:
        ValueError: ``working_days`` is negative.
    """
    if working_days < 0:
        raise ValueError(f"working_days must not be negative: {working_days}")
    day = start
    while working_days:
        day += timedelta(days=1)
        working_days -= is_workday(day, rules)
    return day


def month_end(month: str) -> date:
    """Last day of a month given as YYYY-MM."""
    year, number = int(month[:4]), int(month[5:7])
    return date(year, number, monthrange(year, number)[1])


def is_workday(day: date, rules: CalendarRules) -> bool:
    """Whether offices are open: the policy's own dates, then the announced calendar, then Monday to Friday."""
    if day in rules.extra_workdays:
        return True
    if day in rules.extra_holidays:
        return False
    announced = _announced(day)
    if announced is not None:
        return announced
    is_fixed_holiday = rules.fixed_holidays and (day.month, day.day) in FIXED_HOLIDAYS
    return day.weekday() < 5 and not is_fixed_holiday


def is_announced(year: int) -> bool:
    """Whether the kept library knows the holidays of the year."""
    return _announced(date(year, 1, 1)) is not None


def _announced(day: date) -> bool | None:
    """What the kept library says; None for a year it does not know, for which it raises."""
    import chinese_calendar  # type: ignore[import-untyped]  # the library ships no types

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def _days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
