"""What a policy and registers come to, in figures, and cases of them side by side: records only.

A firm is drawn at most once in a draw and months are whole (PROTOCOL 6), so every figure is that of any outcome;
coverage, where the flow leaves a part of a firm to the draw, is the whole that every outcome reaches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from inspection.errors import Language
from inspection.model import Share, TierChance


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLoad:
    """Seats (officer-visits) an agency owes in a month, and those its officers can fill."""

    month: str
    seats: int
    available: int

    @property
    def ratio(self) -> Fraction:
        """Seats owed per seat available; 0 where none is owed."""
        return Fraction(self.seats, self.available) if self.available else Fraction(self.seats)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyYear:
    """An agency's year as planned; ``officer_months`` are months of one officer at the policy's most visits."""

    agency: str
    name: str
    inspectors: int
    visits: int
    joint_visits: int
    officer_months: Fraction
    months: tuple[MonthLoad, ...]

    @property
    def seats(self) -> int:
        """Officer-visits of the year."""
        return sum(month.seats for month in self.months)

    @property
    def available(self) -> int:
        """Officer-visits its officers could make in the plan's months."""
        return sum(month.available for month in self.months)

    @property
    def highest(self) -> MonthLoad:
        """The month nearest to, or furthest beyond, what its officers can do; the earliest of equals."""
        return max(self.months, key=lambda month: month.ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a policy and registers come to.

    ``repeat_visits`` are expected visits beyond a firm's first; ``repeat_visits_unmerged`` the same where every task
    drew its firms by itself, rounded. ``checks`` are the visits that would take.
    """

    firms_in_frame: int
    firms_exempt: int
    inspectors: int
    tasks: int
    checks: int
    visits: int
    visits_bound: int
    repeat_visits: Fraction
    repeat_visits_unmerged: int
    coverage: Share
    coverage_denominator: str
    joint_by_visits: Share
    joint_by_firms: Share
    joint_by_tasks: Share
    joint_counted_by: str
    tiers: tuple[TierChance, ...]
    visits_per_month: tuple[tuple[str, int], ...]
    agencies: tuple[AgencyYear, ...]

    @property
    def cut(self) -> Fraction:
        """Share of visits saved against the same tasks unmerged."""
        return Fraction(self.checks - self.visits, self.checks) if self.checks else Fraction(0)

    @property
    def joint_floor(self) -> Fraction:
        """The floor of the joint share, which binds as ``joint_counted_by`` says."""
        return max(self.joint_by_visits.floor, self.joint_by_firms.floor, self.joint_by_tasks.floor)

    @property
    def visits_per_firm(self) -> Fraction:
        """Mean visits of a firm that may be drawn."""
        drawable = self.firms_in_frame - self.firms_exempt
        return Fraction(self.visits, drawable) if drawable else Fraction(0)

    @property
    def seats(self) -> int:
        """Officer-visits of all agencies."""
        return sum(agency.seats for agency in self.agencies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Changes that would make a short region's plan possible: in words, and as (dotted key, value) of the policy.

    ``settings`` is empty where something else than the policy would have to change: tasks, or people.
    """

    region: str
    text: Mapping[Language, str]
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One column of a comparison: its name, what was changed, and what comes of it or why nothing can.

    ``shortage`` is the text of the shortage by language, empty where the case can be planned.
    """

    name: str
    changes: tuple[str, ...]
    consequences: Consequences | None
    shortage: Mapping[Language, str]
    unseen: tuple[str, ...] = ()
    """Changes that these figures cannot show, because only days depend on them."""
    remedies: tuple[Remedy, ...] = ()
    """What would help where it cannot be planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that cases are compared by; ``documents.figure.<name>`` has its words."""

    name: str
    value: Callable[[Consequences], int | Fraction | Share]


def figures() -> tuple[Figure, ...]:
    """All single figures, in the order they are shown."""
    return (
        Figure(name="firms", value=lambda of: of.firms_in_frame),
        Figure(name="exempt", value=lambda of: of.firms_exempt),
        Figure(name="inspectors", value=lambda of: of.inspectors),
        Figure(name="checks", value=lambda of: of.checks),
        Figure(name="visits", value=lambda of: of.visits),
        Figure(name="lower_bound", value=lambda of: of.visits_bound),
        Figure(name="cut", value=lambda of: of.cut),
        Figure(name="visits_per_firm", value=lambda of: of.visits_per_firm),
        Figure(name="repeats", value=lambda of: math.ceil(of.repeat_visits)),
        Figure(name="repeats_unmerged", value=lambda of: of.repeat_visits_unmerged),
        Figure(name="coverage", value=lambda of: of.coverage),
        Figure(name="coverage_floor", value=lambda of: of.coverage.floor),
        Figure(name="joint_by_visits", value=lambda of: of.joint_by_visits),
        Figure(name="joint_by_firms", value=lambda of: of.joint_by_firms),
        Figure(name="joint_by_tasks", value=lambda of: of.joint_by_tasks),
        Figure(name="joint_floor", value=lambda of: of.joint_floor),
        Figure(name="busiest", value=lambda of: max((visits for _, visits in of.visits_per_month), default=0)),
        Figure(name="seats", value=lambda of: of.seats),
    )
