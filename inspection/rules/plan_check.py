"""Every rule again as a plain loop that never saw the solver: one result per rule, nothing assumed.

``check_plan`` is called after each draw and after the timetable; rules whose records do not exist yet are reported as
not checked.
"""

from __future__ import annotations

from collections.abc import Callable

from inspection.model import Share
from inspection.rules.drawn_plan import DrawnPlan, EarlierVisit, Facts, RuleResult, facts_of
from inspection.rules.plan_check_days import (
    capacity_agency_day,
    capacity_officer_day,
    days_complete,
    days_gap,
    days_month,
    days_quiet,
    days_workday,
)
from inspection.rules.plan_check_firms import (
    exemptions_kept,
    frame_agrees,
    merge_agencies,
    merge_enabled,
    merge_items,
    records_known,
    records_unique,
    tasks_combined,
    tasks_months,
    tasks_subject,
    tasks_total,
    tasks_window,
)
from inspection.rules.plan_check_officers import (
    capacity_agency_month,
    capacity_officer_month,
    needs_complete,
    officers_agency,
    officers_certificates,
    officers_count,
    officers_distinct,
    officers_qualified,
    officers_recusals,
)
from inspection.rules.plan_check_shares import (
    caps_agency,
    caps_firm,
    coverage_floor,
    coverage_share,
    joint_floor,
    joint_shares,
    tiers_maximum,
    tiers_minimum,
    tiers_rising,
)

__all__ = ["DrawnPlan", "EarlierVisit", "RuleResult", "check_plan", "coverage", "is_sound", "joint"]

Rule = Callable[[Facts], RuleResult]

FIRM_RULES: tuple[tuple[str, Rule], ...] = (
    ("records.known", records_known),
    ("records.unique", records_unique),
    ("frame.agrees", frame_agrees),
    ("tasks.total", tasks_total),
    ("tasks.months", tasks_months),
    ("tasks.window", tasks_window),
    ("tasks.subject", tasks_subject),
    ("tasks.combined", tasks_combined),
    ("merge.enabled", merge_enabled),
    ("merge.agencies", merge_agencies),
    ("merge.items", merge_items),
    ("exemptions.kept", exemptions_kept),
    ("coverage.floor", coverage_floor),
    ("joint.floor", joint_floor),
    ("caps.firm", caps_firm),
    ("caps.agency", caps_agency),
    ("tiers.minimum", tiers_minimum),
    ("tiers.maximum", tiers_maximum),
    ("tiers.rising", tiers_rising),
)

OFFICER_RULES: tuple[tuple[str, Rule], ...] = (
    ("needs.complete", needs_complete),
    ("officers.count", officers_count),
    ("officers.distinct", officers_distinct),
    ("officers.agency", officers_agency),
    ("officers.qualified", officers_qualified),
    ("officers.certificates", officers_certificates),
    ("officers.recusals", officers_recusals),
    ("capacity.officer_month", capacity_officer_month),
    ("capacity.agency_month", capacity_agency_month),
)

DAY_RULES: tuple[tuple[str, Rule], ...] = (
    ("days.complete", days_complete),
    ("days.month", days_month),
    ("days.workday", days_workday),
    ("days.quiet", days_quiet),
    ("days.gap", days_gap),
    ("capacity.officer_day", capacity_officer_day),
    ("capacity.agency_day", capacity_agency_day),
)


def check_plan(plan: DrawnPlan) -> tuple[RuleResult, ...]:
    """One result per rule, in a fixed order; bad records are breaches, never exceptions."""
    facts = facts_of(plan)
    results = [rule(facts) for _, rule in FIRM_RULES]
    has_officers = plan.needs is not None and plan.assignments is not None
    results += [rule(facts) if has_officers else _unchecked(name, "assignments") for name, rule in OFFICER_RULES]
    results += [rule(facts) if plan.days is not None else _unchecked(name, "days") for name, rule in DAY_RULES]
    return tuple(results)


def is_sound(results: tuple[RuleResult, ...]) -> bool:
    """Whether no rule is broken; rules not checked yet do not count."""
    return all(result.ok is not False for result in results)


def coverage(plan: DrawnPlan) -> Share:
    """Distinct firms visited of the denominator's kinds, with the policy's floor."""
    return coverage_share(facts_of(plan))


def joint(plan: DrawnPlan) -> dict[str, Share]:
    """The joint share by ``visits``, ``firms`` and ``tasks``; the binding one carries the floor."""
    return joint_shares(facts_of(plan))


def _unchecked(rule: str, missing: str) -> RuleResult:
    return RuleResult(rule=rule, ok=None, measured="-", required="-", detail=f"no {missing}")
