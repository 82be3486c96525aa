"""Which rule settles a pool's chance, read from the committed flow alone.

The spread is decomposed into blocks (SOLVER 2): in the block nothing forces, chance per weight is one level for all,
and one for those that count toward coverage where the coverage floor asks more of them. A pool off its level is held
by its tier's least or most, or by its tasks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from inspection.model import MILLION, Pool
from inspection.policy import Policy

Binding = Literal[
    "exempt", "everyone", "least", "most", "tasks_more", "tasks_less", "coverage_more", "coverage_less", "fair"
]

NEAR = Fraction(1, 1000)
"""Levels nearer than this, relative, are one: flows are whole millionths of a visit, and small pools few of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A plan's chances by pool, asked what settles one of them.

    Attributes:
        pools: all pools of the plan.
        expected: pool → expected visits in millionths.
        policy: the rules the flow was made under.
        level: (region, counts toward coverage) → chance per weight that most firms have, of pools at no bound of their
            tier; 0 where there are none.
    """

    pools: Sequence[Pool]
    expected: Mapping[str, int]
    policy: Policy
    level: Mapping[tuple[str, bool], Fraction]

    @classmethod
    def of(cls, pools: Sequence[Pool], expected: Mapping[str, int], policy: Policy) -> Levels:
        """The levels of a plan."""
        members: dict[tuple[str, bool], list[Pool]] = {}
        for pool in pools:
            members.setdefault((pool.region, pool.kind in policy.coverage_kinds), []).append(pool)
        level = {key: _common_level(alike, expected, policy) for key, alike in members.items()}
        return cls(pools=pools, expected=expected, policy=policy, level=level)

    def chance(self, pool: Pool) -> Fraction:
        """Chance of a firm of the pool."""
        return Fraction(self.expected.get(pool.pool, 0), pool.size * MILLION)

    def common(self, pool: Pool) -> Fraction:
        """The chance the pool's firms would have at the level common to the firms of its region that count alike."""
        rules = self.policy.tiers[pool.tier]
        return min(rules.maximum, max(rules.minimum, self._level(pool, self._counts(pool)) * rules.weight))

    def binding(self, pool: Pool) -> Binding:
        """What settles the pool's chance."""
        rules, flow, whole = self.policy.tiers[pool.tier], self.expected.get(pool.pool, 0), pool.size * MILLION
        if pool.exemption:
            return "exempt"
        if flow >= whole:
            return "everyone"
        if rules.minimum and flow <= math.ceil(rules.minimum * whole):
            return "least"
        if rules.maximum < 1 and flow >= math.floor(rules.maximum * whole):
            return "most"
        chance, common = self.chance(pool), self.common(pool)
        if abs(chance - common) > max(Fraction(2, whole), NEAR * common):
            return "tasks_more" if chance > common else "tasks_less"
        own, others = (self._level(pool, counts) for counts in (self._counts(pool), not self._counts(pool)))
        if others and abs(own - others) > NEAR * others and self._is_coverage_tight(pool.region):
            return "coverage_more" if own > others else "coverage_less"
        return "fair"

    def _counts(self, pool: Pool) -> bool:
        return pool.kind in self.policy.coverage_kinds

    def _level(self, pool: Pool, counts: bool) -> Fraction:
        return self.level.get((pool.region, counts), Fraction(0))

    def _is_coverage_tight(self, region: str) -> bool:
        """Whether the region meets its coverage with less than two firms to spare."""
        counted = [pool for pool in self.pools if pool.region == region and self._counts(pool)]
        asked = math.ceil(self.policy.coverage.floor * sum(pool.size for pool in counted))
        return sum(self.expected.get(pool.pool, 0) for pool in counted) < (asked + 2) * MILLION


def _common_level(pools: Sequence[Pool], expected: Mapping[str, int], policy: Policy) -> Fraction:
    """Chance per weight that most firms have, of pools at no bound of their tier; 0 when there are none."""
    firms: Counter[str] = Counter()
    level: dict[str, tuple[int, Fraction]] = {}
    for pool in pools:
        rules, chance = policy.tiers[pool.tier], Fraction(expected.get(pool.pool, 0), pool.size * MILLION)
        if not chance or chance <= rules.minimum or chance >= rules.maximum:
            continue
        key = f"{float(chance / rules.weight):.3g}"
        firms[key] += pool.size
        # The largest pool states the level most exactly.
        level[key] = max(level.get(key, (0, Fraction(0))), (pool.size, chance / rules.weight))
    return level[firms.most_common(1)[0][0]][1] if firms else Fraction(0)
