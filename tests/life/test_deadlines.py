"""Deadlines over holidays and make-up days, and what is due, soon due, overdue."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.rules.deadlines import deadline, urgency
from inspection.rules.policy_sections import CalendarRules, DisclosureRules
from inspection.rules.workdays import is_workday

RULES, CALENDAR = DisclosureRules(), CalendarRules()


@pytest.mark.parametrize(
    ("since", "due"),
    [
        # National Day 2025: 1-8 October free, 28 September and 11 October worked.
        (date(2025, 9, 24), date(2025, 10, 28)),
        # Spring Festival 2025: 28 January - 4 February free, 26 January and 8 February worked.
        (date(2025, 1, 20), date(2025, 2, 21)),
        # No holiday between: four weeks.
        (date(2025, 3, 3), date(2025, 3, 31)),
        # Ended on a Sunday: the first day that counts is Monday.
        (date(2025, 3, 2), date(2025, 3, 28)),
    ],
)
def test_twenty_working_days_follow_the_state_council_calendar(since: date, due: date) -> None:
    assert deadline("findings", since, RULES, CALENDAR).day == due


def test_seven_working_days_for_a_decision() -> None:
    assert deadline("decision", date(2025, 9, 26), RULES, CALENDAR).day == date(2025, 10, 13)


@given(st.dates(date(2024, 1, 1), date(2025, 11, 1)), st.sampled_from(["findings", "decision"]))
def test_deadline_is_a_workday_with_exactly_so_many_workdays_before_it(since: date, kind: str) -> None:
    last = deadline(kind, since, RULES, CALENDAR).day  # type: ignore[arg-type]
    days = [since + timedelta(days=number) for number in range(1, (last - since).days + 1)]
    assert sum(is_workday(day, CALENDAR) for day in days) == (20 if kind == "findings" else 7)
    assert is_workday(last, CALENDAR)


def test_holiday_added_by_the_bureau_moves_the_deadline_on() -> None:
    later = CalendarRules(extra_holidays=frozenset({date(2025, 3, 10), date(2025, 3, 11)}))
    assert deadline("findings", date(2025, 3, 3), RULES, later).day == date(2025, 4, 2)


def test_deadline_in_a_year_not_announced_says_so() -> None:
    assert deadline("findings", date(2025, 3, 3), RULES, CALENDAR).is_certain
    assert not deadline("findings", date(2098, 12, 28), RULES, CALENDAR).is_certain


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2025, 3, 21), "due"),
        (date(2025, 3, 24), "soon"),
        (date(2025, 3, 31), "soon"),
        (date(2025, 4, 1), "overdue"),
    ],
)
def test_urgency_turns_five_working_days_before_and_after_the_last_day(today: date, expected: str) -> None:
    assert urgency(date(2025, 3, 31), today, RULES, CALENDAR) == expected


def test_soon_counts_working_days_across_a_holiday() -> None:
    # From 26 September on: 28 (made up), 29, 30 September, 9, 10 October; the 11th (made up) is the sixth.
    assert urgency(date(2025, 10, 11), date(2025, 9, 26), RULES, CALENDAR) == "due"
    assert urgency(date(2025, 10, 11), date(2025, 9, 28), RULES, CALENDAR) == "soon"
