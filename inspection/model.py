"""Frozen records of the domain (DOMAIN 2): validated where they are read, trusted afterwards.

Identifiers hold no colon, comma, quote, space or line break, because they become node names and table fields
(PROTOCOL 2 and 3). Months are ``YYYY-MM``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

Kind = Literal["enterprise", "household", "cooperative", "branch"]
"""What a firm is: 企业, 个体工商户, 农民专业合作社, 分支机构."""

Status = Literal["live", "suspended", "revoked", "deregistered", "rescinded", "moved"]
"""登记状态: 存续, 歇业, 吊销, 注销, 撤销, 迁出. Only live firms may be drawn."""

MILLION = 1_000_000
"""Flows are whole numbers of millionths: this is one visit or one seat (PROTOCOL 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """监管部门: staffs visits with its own inspectors, in its own region."""

    agency: str
    name: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """抽查事项: what an agency checks; ``qualification`` is what one officer of the visit must hold, if any."""

    item: str
    name: str
    agency: str
    qualification: str | None
    is_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """检查对象范围: a firm is subject to a task when it meets every condition; an empty condition is met by all.

    ``industries`` are prefixes of GB/T 4754 codes; ``tags`` are special registers (专项库), one of which must apply.
    """

    region: str
    kinds: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    industries: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """抽查任务: so many firms of a selection, by one or several agencies, in a window of months.

    Exactly one of ``count`` (firms) and ``ratio`` (of the firms subject to it, rounded up) is given.
    """

    task: str
    name: str
    lead: str
    joining: tuple[str, ...]
    items: tuple[str, ...]
    selection: Selection
    count: int | None
    ratio: Fraction | None
    months: tuple[str, ...]

    @property
    def agencies(self) -> tuple[str, ...]:
        """The lead agency, then the joining ones."""
        return (self.lead, *self.joining)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """执法检查人员 with a certificate valid through ``valid_until``."""

    inspector: str
    name: str
    agency: str
    certificate: str
    valid_until: date
    qualifications: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recusal:
    """回避: this inspector may not visit this firm."""

    inspector: str
    firm: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """抽样层: firms alike in tier, region, kind and in the tasks they are subject to; all have the same chance.

    ``exemption`` is the reason code when no firm of the pool may be drawn.
    """

    pool: str
    tier: str
    region: str
    kind: str
    tasks: tuple[str, ...]
    size: int
    exemption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """合并任务: the tasks done together in one visit (综合查一次); what PROTOCOL.md calls a task of the draw."""

    combination: str
    tasks: tuple[str, ...]
    agencies: tuple[str, ...]
    items: tuple[str, ...]
    visits: dict[str, int]

    @property
    def is_joint(self) -> bool:
        """Whether more than one agency takes part."""
        return len(self.agencies) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """检查: one firm, one combination of tasks, one month, as drawn."""

    visit: str
    firm: str
    combination: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The officers an agency owes a visit: so many, of whom so many hold a qualification."""

    visit: str
    agency: str
    officers: int
    qualified: int
    qualification: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One inspector drawn for one need."""

    visit: str
    agency: str
    inspector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A measured share against what was asked: ``part`` of ``whole``, floor as a fraction (0 when none)."""

    part: int
    whole: int
    floor: Fraction = Fraction(0)

    @property
    def ratio(self) -> Fraction:
        """part / whole, 0 for an empty whole."""
        return Fraction(self.part, self.whole) if self.whole else Fraction(0)

    @property
    def is_met(self) -> bool:
        """Whether the floor is reached, exactly."""
        return self.part >= self.floor * self.whole


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChance:
    """What a tier's firms may expect: sizes, mean chance and the range over its pools that may be drawn."""

    tier: str
    firms: int
    exempt: int
    expected_visits: Fraction
    lowest: Fraction
    highest: Fraction

    @property
    def mean(self) -> Fraction:
        """Expected visits per firm that may be drawn."""
        drawable = self.firms - self.exempt
        return self.expected_visits / drawable if drawable else Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyLoad:
    """An agency's year: visits it takes part in, officers it has, and the seats its officers fill."""

    agency: str
    name: str
    inspectors: int
    visits: int
    joint_visits: int
    seats: int
    seats_available: int
    least_per_inspector: int
    most_per_inspector: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The one screen a bureau chief reads; every figure is counted, none is estimated."""

    plan: str
    name: str
    year: int
    firms_registered: int
    firms_in_frame: int
    firms_exempt: int
    tasks: int
    checks: int
    visits: int
    visits_bound: int
    coverage: Share
    coverage_denominator: str
    joint_by_visits: Share
    joint_by_firms: Share
    joint_by_tasks: Share
    joint_counted_by: str
    tiers: tuple[TierChance, ...]
    visits_per_month: tuple[tuple[str, int], ...]
    agencies: tuple[AgencyLoad, ...]
    largest_pair_chance: Fraction
    officer_days: int
    officer_days_two_towns: int
    seconds: tuple[tuple[str, float], ...]
    warnings: tuple[str, ...] = ()

    @property
    def cut(self) -> Fraction:
        """Share of visits saved against the same tasks unmerged (checks are visits when nothing is merged)."""
        return Fraction(self.checks - self.visits, self.checks) if self.checks else Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A visit as people read it: names beside codes, the day, and the officers by agency."""

    visit: str
    day: date | None
    month: str
    firm: str
    firm_name: str
    address: str
    town: str
    tasks: tuple[str, ...]
    items: tuple[str, ...]
    agencies: tuple[str, ...]
    officers: tuple[tuple[str, str, str], ...]
    """(agency name, inspector code, inspector name), by agency then code."""
