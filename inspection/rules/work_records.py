"""The year's work as statistics count it: visits, parts with what was found, and what they are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from inspection.rules.visit_life import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding, as far as it is counted; ``is_handled`` says that what was done about it is recorded."""

    item: str
    is_problem: bool
    is_handled: bool
    is_on_site: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecord:
    """One agency's share of a visit.

    Attributes:
        seats: officers who go.
        due, done: days until which its findings must be public, and on which they were.
        findings: what was entered.
    """

    visit: tuple[str, str]
    agency: str
    month: str
    tier: str
    state: State
    seats: tuple[str, ...]
    due: date | None
    done: date | None
    findings: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecord:
    """A visit: whom, when, how many tasks at once (``checks``), and whether several agencies go."""

    visit: tuple[str, str]
    firm: str
    tier: str
    kind: str
    combination: tuple[str, str]
    month: str
    checks: int
    is_joint: bool
    is_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the counts are held against.

    Attributes:
        kinds, firms: kinds of firm the coverage is about, and how many firms of them may be visited or are exempt.
        items: code → name of the items of the plan's tasks.
        agencies: code → (name, officers it has).
        coverage_floor, joint_floor: of the policy; ``joint_by`` says which of the joint shares is held to its floor.
        credit_tasks, tasks: tasks drawn by credit tier, and all.
    """

    kinds: frozenset[str]
    firms: int
    tiers: tuple[str, ...]
    items: Mapping[str, str]
    agencies: Mapping[str, tuple[str, int]]
    coverage_floor: Fraction
    joint_floor: Fraction
    joint_by: str
    credit_tasks: int
    tasks: int
