"""A month of the plan day by day: which visits, at which firm, by whom; and the days without any, with the reason."""

from __future__ import annotations

import calendar
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from inspection.registry.frame_tables import DrawnFirm
from inspection.rules.past import StandingVisit
from inspection.rules.policy import Policy
from inspection.rules.workdays import workdays
from inspection.steps.line import Line
from inspection.steps.standing import first_draw, label_of, standing_visits
from inspection.work.visit_facts import VisitFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardVisit:
    """One visit as the board shows it; ``agencies`` are names, lead first."""

    label: str
    firm: str
    name: str
    town: str
    agencies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardDay:
    """A day of the month; ``is_open`` says whether firms may be entered."""

    day: date
    is_open: bool
    visits: tuple[BoardVisit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A month: its days in order, and visits that have no day yet."""

    month: str
    days: tuple[BoardDay, ...]
    undated: tuple[BoardVisit, ...]


def open_days(policy: Policy) -> frozenset[date]:
    """Days of the plan's year on which firms may be entered."""
    return frozenset(workdays(policy.plan.year, policy).days)


def month_board(line: Line, month: str, agency: str = "") -> Board:
    """The board of a month (``YYYY-MM``), of one agency or of all; closed visits are left out.

    Args:
        line: of the year.
    """
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
    own = [
        visit
        for visit in visits
        if visit.month == month and visit.outcome is None and (not agency or agency in visit.agencies)
    ]
    facts = VisitFacts(line)
    firms = facts.firms_of({visit.key: visit.firm for visit in own if visit.draw in facts.draws})
    first = first_draw(visits)
    by_day: dict[date | None, list[BoardVisit]] = defaultdict(list)
    for visit in own:
        shown = _shown(visit, first, firms.get(visit.key), facts)
        by_day[visit.day].append(shown)
    opened = open_days(line.given.policy)
    days = tuple(
        BoardDay(day=day, is_open=day in opened, visits=_sorted(by_day.get(day, []))) for day in _days_of(month)
    )
    return Board(month=month, days=days, undated=_sorted(by_day.get(None, [])))


def _shown(visit: StandingVisit, first: str, firm: DrawnFirm | None, facts: VisitFacts) -> BoardVisit:
    return BoardVisit(
        label=label_of(visit, first),
        firm=visit.firm,
        name=firm.name if firm else visit.firm,
        town=firm.town if firm else "",
        agencies=tuple(facts.agencies[agency].name for agency in visit.agencies),
    )


def _sorted(visits: list[BoardVisit]) -> tuple[BoardVisit, ...]:
    return tuple(sorted(visits, key=lambda visit: (visit.town, visit.label)))


def _days_of(month: str) -> list[date]:
    year, number = int(month[:4]), int(month[5:])
    return [date(year, number, day) for day in range(1, calendar.monthrange(year, number)[1] + 1)]
