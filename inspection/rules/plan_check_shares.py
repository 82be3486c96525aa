"""Shares and chances of a drawn plan, counted: coverage, joint share, caps per firm and agency, tiers."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from inspection.model import MILLION, Share
from inspection.rules.drawn_plan import Facts, RuleResult, none_of
from inspection.rules.policy_sense import percent


def coverage_share(facts: Facts) -> Share:
    """Distinct firms visited against live firms of the denominator's kinds, exempt ones included."""
    kinds = facts.policy.coverage_kinds
    return Share(
        part=sum(1 for firm in facts.visits_of_firm if facts.plan.firms[firm][2] in kinds),
        whole=sum(pool.size for pool in facts.plan.pools if pool.kind in kinds),
        floor=facts.policy.coverage.floor,
    )


def coverage_floor(facts: Facts) -> RuleResult:
    """Distinct firms visited reach the floor, rounded up to a whole firm."""
    share = coverage_share(facts)
    return RuleResult(
        rule="coverage.floor",
        ok=share.is_met,
        measured=f"{share.part} / {share.whole}",
        required=f"{math.ceil(share.floor * share.whole)} ({percent(share.floor)})",
        detail=facts.policy.coverage.denominator,
    )


def joint_shares(facts: Facts) -> dict[str, Share]:
    """The joint share by visits, by firms and by tasks; the binding one carries the floor.

    Visits with two agencies or more of all visits; firms with such a visit of firms visited; combinations with visits
    and two agencies or more of combinations with visits.
    """
    joint = {name for name, combination in facts.combinations.items() if len(set(combination.agencies)) > 1}
    visits = facts.visits.values()
    used = {visit.combination for visit in visits}
    counts = {
        "visits": (sum(1 for visit in visits if visit.combination in joint), len(visits)),
        "firms": (len({visit.firm for visit in visits if visit.combination in joint}), len(facts.visits_of_firm)),
        "tasks": (len(used & joint), len(used)),
    }
    binding = facts.policy.joint
    return {
        name: Share(part=part, whole=whole, floor=binding.floor if name == binding.counted_by else Fraction(0))
        for name, (part, whole) in counts.items()
    }


def joint_floor(facts: Facts) -> RuleResult:
    """The joint share, counted as the policy counts it, reaches its floor; all three counts are reported."""
    shares = joint_shares(facts)
    share = shares[facts.policy.joint.counted_by]
    return RuleResult(
        rule="joint.floor",
        ok=share.is_met,
        measured=f"{share.part} / {share.whole}",
        required=f"{math.ceil(share.floor * share.whole)} ({percent(share.floor)})",
        detail=", ".join(f"{name} {of.part}/{of.whole}" for name, of in shares.items()),
    )


def caps_firm(facts: Facts) -> RuleResult:
    """No firm is visited more often in the year than its tier allows, earlier visits included."""
    breaches = []
    for firm, visits in facts.visits_of_firm.items():
        times = len(visits) + sum(1 for earlier in _earlier(facts, firm) if earlier)
        tier = facts.plan.firms[firm][1]
        rules = facts.policy.tiers.get(tier)
        if rules is None or times > rules.visits:
            breaches.append(f"{firm} ({tier}): {times} / {rules.visits if rules else '?'}")
    return none_of("caps.firm", breaches)


def caps_agency(facts: Facts) -> RuleResult:
    """No agency visits a firm more often in the year than the policy allows, earlier visits included."""
    breaches = []
    for firm, visits in facts.visits_of_firm.items():
        times = Counter(agency for visit in visits for agency in set(facts.combination_of(visit).agencies))
        times.update(agency for agencies in _earlier(facts, firm) for agency in set(agencies))
        for agency, count in times.items():
            if count > facts.policy.visits_of_agency(agency):
                breaches.append(f"{firm} {agency}: {count} / {facts.policy.visits_of_agency(agency)}")
    return none_of("caps.agency", breaches)


def _earlier(facts: Facts, firm: str) -> Iterator[tuple[str, ...]]:
    """Agencies of each earlier visit of the plan's year."""
    for earlier in facts.plan.history.get(firm, ()):
        if earlier.day.year == facts.policy.plan.year:
            yield earlier.agencies


@dataclass(frozen=True, slots=True, kw_only=True)
class _TierCount:
    """A tier in figures: distinct firms drawn, firms per region that may be drawn, expected visits in millionths."""

    drawn: int
    sizes: tuple[int, ...]
    expected: int | None

    @property
    def size(self) -> int:
        return sum(self.sizes)


def tiers_minimum(facts: Facts) -> RuleResult:
    """Each tier's expected visits reach its least share, and its firms drawn reach it with parts of a firm cut.

    The draw keeps a tier's count in each region at the floor or the ceiling of its mean (PROTOCOL 5).
    """
    breaches = []
    for tier, count in _tier_counts(facts).items():
        share = facts.policy.tiers[tier].minimum
        least = sum(math.floor(share * size) for size in count.sizes)
        if count.drawn < least:
            breaches.append(f"{tier}: {count.drawn} / {least}")
        if count.expected is not None and count.expected < share * count.size * MILLION:
            breaches.append(f"{tier}: {count.expected / MILLION:.6f} / {float(share * count.size):.6f}")
    return none_of("tiers.minimum", breaches)


def tiers_maximum(facts: Facts) -> RuleResult:
    """Each tier's expected visits stay within its largest share, and its firms drawn with parts of a firm added."""
    breaches = []
    for tier, count in _tier_counts(facts).items():
        share = facts.policy.tiers[tier].maximum
        most = sum(math.ceil(share * size) for size in count.sizes)
        if count.drawn > most:
            breaches.append(f"{tier}: {count.drawn} / {most}")
        if count.expected is not None and count.expected > share * count.size * MILLION:
            breaches.append(f"{tier}: {count.expected / MILLION:.6f} / {float(share * count.size):.6f}")
    return none_of("tiers.maximum", breaches)


def tiers_rising(facts: Facts) -> RuleResult:
    """The mean chance of a firm that may be drawn does not fall from a tier to the next of higher risk.

    On the committed flow exactly; without it on the firms drawn, whose count is within one firm per region of its mean.
    """
    counts = [(tier, count) for tier, count in _tier_counts(facts).items() if count.size]
    falls = [
        f"{low} > {high}"
        for (low, lower), (high, higher) in itertools.pairwise(counts)
        if _mean(lower, -1) > _mean(higher, +1)
    ]
    means = ", ".join(f"{tier} {float(_mean(count, 0)):.4%}" for tier, count in counts)
    return none_of("tiers.rising", falls, means)


def _mean(count: _TierCount, rounding: int) -> Fraction:
    """Expected visits per firm; of the firms drawn with ``rounding`` firms per region added where no flow is known."""
    if count.expected is not None:
        return Fraction(count.expected, MILLION * count.size)
    return Fraction(count.drawn + rounding * len(count.sizes), count.size)


def _tier_counts(facts: Facts) -> dict[str, _TierCount]:
    """The counts of each tier of the policy, lowest risk first."""
    drawn = Counter(facts.pool_of(firm).tier for firm in facts.visits_of_firm)
    sizes: dict[str, Counter[str]] = {tier: Counter() for tier in facts.policy.tiers}
    expected: Counter[str] = Counter()
    flow = facts.plan.expected
    for pool in facts.plan.pools:
        if not pool.exemption and pool.tier in sizes:
            sizes[pool.tier][pool.region] += pool.size
        expected[pool.tier] += flow.get(pool.pool, 0) if flow else 0
    return {
        tier: _TierCount(
            drawn=drawn[tier],
            sizes=tuple(of.values()),
            expected=None if flow is None else expected[tier],
        )
        for tier, of in sizes.items()
    }
