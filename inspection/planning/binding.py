"""Which rule settles a pool's chance: found by asking the spread what it would be without one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from inspection.model import MILLION, Combination, Pool
from inspection.planning.quotas import Arc, RegionProblem
from inspection.rules.policy import Policy
from solver.spread import level_shares, spread

Binding = Literal[
    "exempt", "everyone", "least", "most", "coverage_more", "coverage_less", "tasks_more", "tasks_less", "fair"
]

NEAR = Fraction(1, 200)
"""Chances nearer than this, relative, are told as the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """A region's chances beside what they would be otherwise; all in expected visits of a pool, millionths.

    Attributes:
        flow: as committed.
        even: by the tiers' weights, leasts and mosts alone, as if every visit could go to any firm of the region.
        free: of the same merged visits without the coverage floor.
    """

    policy: Policy
    flow: Mapping[str, int]
    even: Mapping[str, int]
    free: Mapping[str, int]

    def chance(self, pool: Pool) -> Fraction:
        """Chance of a firm of the pool."""
        return Fraction(self.flow.get(pool.pool, 0), pool.size * MILLION)

    def even_chance(self, pool: Pool) -> Fraction:
        """What it would be by weight alone."""
        return Fraction(self.even.get(pool.pool, 0), pool.size * MILLION)

    def free_chance(self, pool: Pool) -> Fraction:
        """What it would be without the coverage floor."""
        return Fraction(self.free.get(pool.pool, 0), pool.size * MILLION)

    def binding(self, pool: Pool) -> Binding:
        """What settles the pool's chance; bounds of the tier before coverage, coverage before tasks."""
        rules, flow, whole = self.policy.tiers[pool.tier], self.flow.get(pool.pool, 0), pool.size * MILLION
        if pool.exemption:
            return "exempt"
        if flow >= whole:
            return "everyone"
        if rules.minimum and flow <= math.ceil(rules.minimum * whole):
            return "least"
        if rules.maximum < 1 and flow >= math.floor(rules.maximum * whole):
            return "most"
        if not _is_near(self.chance(pool), self.free_chance(pool)):
            return "coverage_more" if self.chance(pool) > self.free_chance(pool) else "coverage_less"
        if not _is_near(self.chance(pool), self.even_chance(pool)):
            return "tasks_more" if self.chance(pool) > self.even_chance(pool) else "tasks_less"
        return "fair"


def grounds_of(
    problem: RegionProblem, combinations: Sequence[Combination], flow: Sequence[Arc], policy: Policy
) -> Grounds:
    """What one region's chances rest on.

    Args:
        problem: the region in numbers.
        combinations: of the whole plan.
        flow: rows of flow.csv.
        policy: the rules the flow was made under.
    """
    row = {f"pool:{pool.pool}": p for p, pool in enumerate(problem.pools)}
    own: dict[str, int] = {}
    expected = np.zeros(len(problem.pools), dtype=np.int64)
    for tail, head, amount in flow:
        if tail in row:
            own.setdefault(head.removeprefix("task:"), len(own))
            expected[row[tail]] += amount
    here = [each for each in combinations if each.combination in own]
    visits = np.array([sum(each.visits.values()) for each in here], dtype=np.int64)
    eligible = np.array([[set(each.tasks) <= set(pool.tasks) for each in here] for pool in problem.pools], dtype=bool)
    weight = np.array(problem.weight, dtype=float)
    bounds = np.array(problem.lower, dtype=np.int64), np.array(problem.upper, dtype=np.int64)
    even = level_shares(weight, *bounds, int(expected.sum()))
    free = spread(visits, eligible, weight, *bounds).sum(axis=1)
    return Grounds(
        policy=policy, flow=_named(problem, expected), even=_named(problem, even), free=_named(problem, free)
    )


def _named(problem: RegionProblem, values: Any) -> dict[str, int]:
    return {pool.pool: round(value) for pool, value in zip(problem.pools, values.tolist(), strict=True)}


def _is_near(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) <= NEAR * max(one, other)
