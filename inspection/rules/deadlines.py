"""Deadlines of disclosure: counted in working days, and due, soon due or overdue on a day (issue 5, point 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from inspection.rules.policy_sections import CalendarRules, DisclosureRules
from inspection.rules.workdays import add_working_days, is_announced

DueKind = Literal["findings", "decision"]
"""Findings of an agency at a visit; a decision on a penalty or another enforcement measure."""

Urgency = Literal["done", "due", "soon", "overdue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last day of a period, and whether every day of it is of a year whose holidays were announced."""

    day: date
    is_certain: bool


def deadline(kind: DueKind, since: date, rules: DisclosureRules, calendar: CalendarRules) -> Deadline:
    """The last day on which findings, or a decision, may be disclosed.

    Args:
        since: the day the inspection ended, or the day of the decision; it does not count itself (民法典 art. 201).

    Source: 企业信息公示暂行条例 (20 working days); Hebei 2024 for enforcement decisions (7 working days).
    """
    days = rules.working_days if kind == "findings" else rules.decision_working_days
    last = add_working_days(since, days, calendar)
    return Deadline(day=last, is_certain=all(is_announced(year) for year in {since.year, last.year}))


def urgency(due: date, today: date, rules: DisclosureRules, calendar: CalendarRules) -> Urgency:
    """How urgent what is due on a day is today; the last day itself is still in time."""
    if today > due:
        return "overdue"
    return "soon" if due <= add_working_days(today, rules.soon_working_days, calendar) else "due"
