"""Contradictions between values of a policy that each can be read: found all at once, before anything is planned."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from inspection.rules.policy_faults import Loc, PolicyFault
from inspection.rules.public_facts import lotteries

if TYPE_CHECKING:
    from inspection.rules.policy_sections import (
        CalendarRules,
        CapacityRules,
        CeremonyRules,
        Exemption,
        GapRules,
        JointRules,
        MergeRules,
        OfficerRules,
        PlanRules,
        QuietRules,
        RegisterRules,
        TierRules,
    )

LEAST_DICE = 40
"""Ten-sided dice that carry 128 bits (PROTOCOL 4)."""


def contradictions(sections: Mapping[str, Any]) -> Iterator[PolicyFault]:
    """The faults among the sections that could be read; a rule whose sections are missing is left for the next run."""
    for needed, rule in (
        (("plan",), _plan),
        (("tiers",), _tiers),
        (("tiers", "gap"), _gap),
        (("registers", "tiers"), _blank_tier),
        (("officers",), _officers),
        (("capacity", "plan"), _capacity),
        (("joint", "merge"), _joint),
        (("exemptions", "tiers"), _exemptions),
        (("quiet", "plan"), _quiet),
        (("calendar", "plan"), _calendar),
        (("ceremony",), _ceremony),
    ):
        if all(name in sections for name in needed):
            yield from rule(*(sections[name] for name in needed))


def _fault(loc: Loc, code: str, **params: object) -> PolicyFault:
    return PolicyFault(loc=loc, code=code, params=params)


def _repeated(values: Sequence[str]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield index, value
        seen.add(value)


def _plan(plan: PlanRules) -> Iterator[PolicyFault]:
    for index, region in _repeated(plan.regions):
        yield _fault(("plan", "regions", index), "repeated", got=region)


def _tiers(tiers: Mapping[str, TierRules]) -> Iterator[PolicyFault]:
    """Least and largest share agree, and chances can rise with risk."""
    rows = list(tiers.items())
    for name, rules in rows:
        if rules.minimum > rules.maximum:
            yield _fault(
                ("tiers", name, "minimum"),
                "minimum_above_maximum",
                got=percent(rules.minimum),
                maximum=percent(rules.maximum),
            )
    for (low, lower), (high, higher) in itertools.pairwise(rows):
        if higher.weight < lower.weight:
            yield _fault(
                ("tiers", high, "weight"),
                "weight_falls",
                got=f"{float(higher.weight):g}",
                tier=high,
                below=low,
                weight=f"{float(lower.weight):g}",
            )
        if lower.minimum > higher.maximum:
            yield _fault(
                ("tiers", high, "maximum"),
                "chance_falls",
                got=percent(higher.maximum),
                tier=high,
                below=low,
                minimum=percent(lower.minimum),
            )
    if all(rules.maximum == 0 for rules in tiers.values()):
        yield _fault(("tiers",), "nobody_drawn")


def _gap(tiers: Mapping[str, TierRules], gap: GapRules) -> Iterator[PolicyFault]:
    for name, rules in tiers.items():
        if (rules.visits - 1) * gap.days > 365:
            yield _fault(("tiers", name, "visits"), "gap_too_long", got=rules.visits, days=gap.days)


def _blank_tier(registers: RegisterRules, tiers: Mapping[str, TierRules]) -> Iterator[PolicyFault]:
    if registers.blank_tier is not None and registers.blank_tier not in tiers:
        yield _fault(("registers", "blank_tier"), "unknown_tier", got=registers.blank_tier, known=", ".join(tiers))


def _officers(officers: OfficerRules) -> Iterator[PolicyFault]:
    for agency, number in officers.by_agency.items():
        if number < 2:
            yield _fault(("officers", "by_agency", agency), "at_least", got=number, limit=2)
    least = min([officers.per_agency, *officers.by_agency.values()])
    if officers.qualified > least:
        yield _fault(("officers", "qualified"), "qualified_above_officers", got=officers.qualified, officers=least)


def _capacity(capacity: CapacityRules, plan: PlanRules) -> Iterator[PolicyFault]:
    if capacity.visits_per_officer_day > capacity.visits_per_officer_month:
        yield _fault(
            ("capacity", "visits_per_officer_day"),
            "day_above_month",
            got=capacity.visits_per_officer_day,
            month=capacity.visits_per_officer_month,
        )
    for agency, special in capacity.by_agency.items():
        for month, seats in special.months.items():
            loc = ("capacity", "by_agency", agency, "months", month)
            if not month.startswith(f"{plan.year}-"):
                yield _fault(loc, "outside_year", got=month, year=plan.year)
            if seats < 0:
                yield _fault(loc, "at_least", got=seats, limit=0)


def _joint(joint: JointRules, merge: MergeRules) -> Iterator[PolicyFault]:
    if joint.floor > 0 and merge.most_agencies < 2:
        yield _fault(("merge", "most_agencies"), "joint_needs_two", got=merge.most_agencies, floor=percent(joint.floor))


def _exemptions(exemptions: Sequence[Exemption], tiers: Mapping[str, TierRules]) -> Iterator[PolicyFault]:
    for index, code in _repeated([exemption.code for exemption in exemptions]):
        yield _fault(("exemptions", index, "code"), "repeated", got=code)
    for index, exemption in enumerate(exemptions):
        if not exemption.has_condition:
            yield _fault(("exemptions", index), "no_condition", exemption=exemption.code)
        for tier in sorted(exemption.tiers - set(tiers)):
            yield _fault(("exemptions", index, "tiers"), "unknown_tier", got=tier, known=", ".join(tiers))


def _quiet(quiet: QuietRules, plan: PlanRules) -> Iterator[PolicyFault]:
    if len(quiet.days_of_month) == 31:
        yield _fault(("quiet", "days_of_month"), "always_quiet")
    yield from _outside(("quiet", "dates"), quiet.dates, plan.year, plan.year)


def _calendar(calendar: CalendarRules, plan: PlanRules) -> Iterator[PolicyFault]:
    # The 20 working days of disclosure run into January of the year after.
    yield from _outside(("calendar", "extra_holidays"), calendar.extra_holidays, plan.year, plan.year + 1)
    yield from _outside(("calendar", "extra_workdays"), calendar.extra_workdays, plan.year, plan.year + 1)
    for day in sorted(calendar.extra_holidays & calendar.extra_workdays):
        yield _fault(("calendar", "extra_workdays"), "holiday_and_workday", got=day.isoformat())


def _outside(loc: Loc, days: frozenset[date], first: int, last: int) -> Iterator[PolicyFault]:
    for day in sorted(days):
        if not first <= day.year <= last:
            yield _fault(loc, "outside_year", got=day.isoformat(), year=first)


def _ceremony(ceremony: CeremonyRules) -> Iterator[PolicyFault]:
    """PROTOCOL 4: at least one source; without parties the public value alone carries 128 bits."""
    for index, party in _repeated(ceremony.parties):
        yield _fault(("ceremony", "parties", index), "repeated", got=party)
    if not ceremony.parties and ceremony.public == "none":
        yield _fault(("ceremony", "parties"), "no_entropy")
    elif not ceremony.parties and ceremony.public == "lottery":
        yield _fault(("ceremony", "public"), "lone_lottery")
    elif not ceremony.parties and ceremony.public == "dice" and ceremony.dice < LEAST_DICE:
        yield _fault(("ceremony", "dice"), "little_entropy", got=ceremony.dice, least=LEAST_DICE)
    if not ceremony.parties and ceremony.missing_reveal == "escrow":
        yield _fault(("ceremony", "missing_reveal"), "nobody_reveals")
    if ceremony.public == "lottery":
        yield from _lottery(ceremony)


def _lottery(ceremony: CeremonyRules) -> Iterator[PolicyFault]:
    """The lottery is known, its issues are numbered as its issues are, and no two draws share one."""
    lottery = lotteries().get(ceremony.lottery or "")
    if lottery is None:
        known = ", ".join(lotteries())
        yield _fault(("ceremony", "lottery"), "unknown_lottery", got=ceremony.lottery or "-", known=known)
        return
    if not ceremony.issues:
        yield _fault(("ceremony", "issues"), "no_issues", **lottery.names)
    for folder, named in ceremony.issues.items():
        if not lottery.has_issue(named.issue):
            loc = ("ceremony", "issues", folder, "issue")
            yield _fault(loc, "issue", got=named.issue, example=lottery.issue_example, **lottery.names)
    folders = list(ceremony.issues)
    for index, issue in _repeated([named.issue for named in ceremony.issues.values()]):
        yield _fault(("ceremony", "issues", folders[index], "issue"), "repeated", got=issue)


def percent(share: Any) -> str:
    """A share as a user writes it, exact: 1/20 is 5%."""
    hundredfold = share * 100
    if 10**9 % hundredfold.denominator == 0:
        return f"{float(hundredfold):.10g}%"
    return f"{share.numerator}/{share.denominator}"
