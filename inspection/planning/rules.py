"""rules.json: what a checker needs to count (PROTOCOL 3), and the keys we add (docs/decisions/0001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from inspection.model import Combination, Inspector, Pool
from inspection.planning.resources import Resource, seats
from inspection.rules.frame import exempt_pools
from inspection.rules.policy import Policy


def rules_of(
    plan: str,
    policy: Policy,
    pools: Sequence[Pool],
    combinations: Sequence[Combination],
    inspectors: Sequence[Inspector],
) -> dict[str, Any]:
    """The rules of a firm draw as canonical JSON can hold them: strings and whole numbers only."""
    return {
        "plan": plan,
        "tiers": list(policy.tiers),
        "coverage": {**_ratio(policy.coverage.floor), "kinds": sorted(policy.coverage_kinds)},
        "joint_share": {**_ratio(policy.joint.floor), "counted_by": policy.joint.counted_by},
        "visits_per_firm": max(rules.visits for rules in policy.tiers.values()),
        "visits_by_tier": {tier: rules.visits for tier, rules in policy.tiers.items()},
        "tier_bounds": {
            tier: {"least": _pair(rules.minimum), "most": _pair(rules.maximum)} for tier, rules in policy.tiers.items()
        },
        "officers_per_agency": policy.officers.per_agency,
        "tasks": {
            each.combination: {"agencies": list(each.agencies), "months": sorted(each.visits)} for each in combinations
        },
        "combinations": {
            each.combination: {"tasks": list(each.tasks), "items": list(each.items)} for each in combinations
        },
        "monthly_seats": monthly_seats(combinations, inspectors, policy),
        "exempt_pools": dict(exempt_pools(pools)),
        "missing_reveal": policy.ceremony.missing_reveal,
    }


def monthly_seats(
    combinations: Sequence[Combination], inspectors: Sequence[Inspector], policy: Policy
) -> Mapping[str, Mapping[str, int]]:
    """Seats of every agency that takes part, in every month with visits."""
    months = sorted({month for each in combinations for month in each.visits})
    agencies = sorted({agency for each in combinations for agency in each.agencies})
    table = seats([Resource(agency=agency) for agency in agencies], months, inspectors, policy)
    return {
        agency: {month: int(count) for month, count in zip(months, row, strict=True)}
        for agency, row in zip(agencies, table, strict=True)
    }


def _ratio(share: Fraction) -> dict[str, int]:
    return {"numerator": share.numerator, "denominator": share.denominator}


def _pair(share: Fraction) -> list[int]:
    return [share.numerator, share.denominator]
