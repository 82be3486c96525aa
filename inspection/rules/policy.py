"""The policy of a plan: one commented TOML file, read exactly or refused with every fault named at once.

``data/policy.toml`` is the template; everything but ``[plan]`` and ``[tiers]`` has its default there. Shares and
weights are Fractions. Tiers stand lowest risk first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from inspection.errors import InputError, RuleError
from inspection.rules.policy_faults import PolicyFault, faults_of, invalid, syntax_error
from inspection.rules.policy_sections import (
    AfterRules,
    CalendarRules,
    CapacityRules,
    CapRules,
    CeremonyRules,
    CertificateRules,
    CoverageRules,
    DisclosureRules,
    Exemption,
    GapRules,
    JointRules,
    MergeRules,
    OfficerRules,
    PlanRules,
    QuietRules,
    RegisterRules,
    Section,
    TierRules,
    TimetableRules,
)
from inspection.rules.policy_sense import contradictions
from inspection.rules.policy_values import Code

ENTERPRISES: frozenset[str] = frozenset({"enterprise", "branch"})
"""Kinds counted as enterprises: codes starting with 9 (co-operatives, households) are not (DOMAIN 2.7)."""

ENTITIES: frozenset[str] = ENTERPRISES | {"household", "cooperative"}
"""Every kind of business entity."""


class Policy(Section):
    """A whole policy, free of contradictions when it comes from ``load_policy`` or ``policy_from``."""

    plan: PlanRules
    coverage: CoverageRules = CoverageRules()
    joint: JointRules = JointRules()
    tiers: dict[Code, TierRules] = Field(min_length=1)
    registers: RegisterRules = RegisterRules()
    caps: CapRules = CapRules()
    gap: GapRules = GapRules()
    quiet: QuietRules = QuietRules()
    officers: OfficerRules = OfficerRules()
    certificates: CertificateRules = CertificateRules()
    capacity: CapacityRules = CapacityRules()
    merge: MergeRules = MergeRules()
    exemptions: tuple[Exemption, ...] = ()
    calendar: CalendarRules = CalendarRules()
    ceremony: CeremonyRules = CeremonyRules()
    timetable: TimetableRules = TimetableRules()
    after: AfterRules = AfterRules()
    disclosure: DisclosureRules = DisclosureRules()

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions of the plan; its division alone when none are listed."""
        return self.plan.regions or (self.plan.division,)

    @property
    def tier_order(self) -> tuple[str, ...]:
        """Tier names, lowest risk first."""
        return tuple(self.tiers)

    @property
    def coverage_kinds(self) -> frozenset[str]:
        """Kinds of firm that count toward coverage."""
        return ENTERPRISES if self.coverage.denominator == "enterprises" else ENTITIES

    def visits_of_agency(self, agency: str) -> int:
        """Most visits of the agency at one firm in the year."""
        return self.caps.by_agency.get(agency, self.caps.per_agency)

    def officers_of(self, agency: str) -> int:
        """Officers the agency sends to a visit."""
        return self.officers.by_agency.get(agency, self.officers.per_agency)

    def visits_per_officer_month(self, agency: str) -> int:
        """Most visits of one officer of the agency in a month."""
        special = self.capacity.by_agency.get(agency)
        return (special and special.visits_per_officer_month) or self.capacity.visits_per_officer_month

    def seats_of(self, agency: str, month: str, officers: int) -> int:
        """Officer-visits the agency can staff in a month (``YYYY-MM``) with so many officers on duty."""
        seats = officers * self.visits_per_officer_month(agency)
        special = self.capacity.by_agency.get(agency)
        return min(seats, special.months.get(month, seats)) if special else seats

    def visits_per_day(self, agency: str) -> int | None:
        """Most visits of the agency in a day, None when only its officers bound it."""
        special = self.capacity.by_agency.get(agency)
        return special.visits_per_day if special else None

    def is_quiet(self, day: date) -> bool:
        """Whether no firm may be entered on the day."""
        return day.day in self.quiet.days_of_month or day in self.quiet.dates

    def canonical(self) -> dict[str, Any]:
        """The policy as strings, whole numbers, booleans, nulls, lists and tables, defaults filled in (PROTOCOL 2).

        Comments, spelling of shares and order of sets leave no trace; ``policy_from`` reads it back to an equal policy.
        """
        plain = {name: _plain(getattr(self, name)) for name in type(self).model_fields}
        # Canonical JSON sorts the keys of a table, and the order of tiers is meant.
        plain["tiers"] = [{"tier": name, **_plain(rules)} for name, rules in self.tiers.items()]
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(_plain(entry) for entry in value)
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _plain(value[name]) for name in sorted(value)}
    return value


def load_policy(path: Path) -> Policy:
    """The policy of a TOML file.

    Raises:
        InputError: the file cannot be read, is not TOML (``policy.syntax`` names the line) or has bad values; all of
            them are named at once (``policy.invalid``).
        RuleError: each value can be read and they contradict each other (``policy.invalid``).
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError("policy.unreadable", file=path.name, reason=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError("policy.encoding", file=path.name, line=line) from error
    return parse_policy(text, path.name)


def parse_policy(text: str, file: str = "policy.toml") -> Policy:
    """The policy of TOML text; ``file`` is the name shown in messages. Raises as ``load_policy``."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:  # the parser's own error, absurd numbers, nesting
        raise syntax_error(str(error), text, file) from error
    return policy_from(data, file=file, text=text)


def policy_from(data: Mapping[str, Any], *, file: str = "policy.toml", text: str = "") -> Policy:
    """The policy of a table as TOML or ``Policy.canonical`` gives it. Raises as ``load_policy``."""
    data = {**data, "tiers": _tier_table(data["tiers"])} if "tiers" in data else data
    unreadable: list[PolicyFault] = []
    try:
        Policy.model_validate(data)
    except ValidationError as error:
        unreadable = list(faults_of(error, Policy))
    sections = _sections(data, {fault.loc[0] for fault in unreadable})
    faults = [*unreadable, *contradictions(sections)]
    if faults:
        raised = InputError if unreadable else RuleError
        raise raised("policy.invalid", **invalid(faults, file, text))
    return Policy(**sections)


def _sections(data: Mapping[str, Any], unreadable: set[str | int]) -> dict[str, Any]:
    """The sections that can be read, defaults filled in."""
    return {
        name: _reader(described.annotation).validate_python(data[name]) if name in data else described.default
        for name, described in Policy.model_fields.items()
        if name not in unreadable
    }


def _reader(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _tier_table(tiers: Any) -> Any:
    """``[[tiers]]`` with a key ``tier``, as ``canonical`` writes it, turned into ``[tiers.X]``."""
    rows = tiers if isinstance(tiers, list) else []
    if not rows or not all(isinstance(row, dict) and isinstance(row.get("tier"), str) for row in rows):
        return tiers
    if len({row["tier"] for row in rows}) < len(rows):
        return tiers
    return {row["tier"]: {name: value for name, value in row.items() if name != "tier"} for row in tiers}
