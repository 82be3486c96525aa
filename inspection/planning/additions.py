"""What further visits do to the year as a whole, known before anything is drawn."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from inspection.model import MILLION, Pool
from inspection.planning.quotas import Quotas
from inspection.planning.summary import expected_visits
from inspection.rules.past import Past


def keeps_joint_share(share: Mapping[str, Any], past: Past, planned: Quotas) -> bool:
    """Whether the year keeps its joint share whatever the further draw gives.

    Args:
        share: ``joint_share`` of rules.json.
        past: visits drawn before.
        planned: further visits. Counted by firms, joint ones may all fall on firms that had one and single ones on new
            firms, where a firm may be visited twice.
    """
    joint = sum(sum(each.visits.values()) for each in planned.combinations if each.is_joint)
    whole = sum(sum(each.visits.values()) for each in planned.combinations)
    old = [visit for visit in past.visits if len(visit.agencies) > 1]
    if share["counted_by"] == "tasks":
        joint = sum(1 for each in planned.combinations if each.is_joint)
        whole = len(planned.combinations)
        before = len({(v.draw, v.combination) for v in old}), len({(v.draw, v.combination) for v in past.visits})
    elif share["counted_by"] == "firms":
        joint, whole = 0, whole
        before = len({visit.firm for visit in old}), len({visit.firm for visit in past.visits})
    else:
        before = len(old), len(past.visits)
    return bool((before[0] + joint) * share["denominator"] >= (before[1] + whole) * share["numerator"])


def falling_chances(pools: Sequence[Pool], flow: Sequence[tuple[str, str, int]], tiers: Sequence[str]) -> str | None:
    """The first tier with less mean chance than one of lower risk, in figures; None when chances rise (PROTOCOL 10)."""
    expected = expected_visits(flow)
    means: list[tuple[str, Fraction]] = []
    for tier in tiers:
        drawable = [pool for pool in pools if pool.tier == tier and not pool.exemption]
        size = sum(pool.size for pool in drawable)
        if size:
            visits = sum(expected.get(pool.pool, 0) for pool in drawable)
            means.append((tier, Fraction(visits, MILLION * size)))
    for (low, lower), (high, higher) in itertools.pairwise(means):
        if lower > higher:
            return f"{low} {float(lower):.4%} > {high} {float(higher):.4%}"
    return None
