"""The one number that makes bounded linear rates add up to a total: exact, by breakpoints, in fractions.

Tiers: rate = min(cap, λ·weight), never below a minimum, with Σ N·rate = total. The same search answers any family of
rates that rise (or fall) linearly in one number between bounds, such as the least greatest regret 1 - θ/value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """``count`` alike whose rate is ``base + rise * x``, kept within [least, most]; ``rise`` is not negative."""

    count: int
    rise: Fraction
    base: Fraction = Fraction(0)
    least: Fraction = Fraction(0)
    most: Fraction = Fraction(1)

    def rate(self, x: Fraction) -> Fraction:
        """The rate at x."""
        return min(self.most, max(self.least, self.base + self.rise * x))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The number found and the rate of each slope, in order."""

    level: Fraction
    rates: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfReach:
    """The total cannot be met: what the rates give at their least and at their most."""

    least: Fraction
    most: Fraction


def rates_for_total(slopes: Sequence[Slope], total: Fraction) -> Rates | OutOfReach:
    """Find the level at which counted rates add up to the total exactly.

    1. Sort the levels at which a rate leaves its least or reaches its most.
    2. Find the two neighbours between which the sum passes the total.
    3. Between them the sum is linear: divide.

    Example: 100 firms of weight 1 and 10 of weight 4 with rates at most 1, total 14: λ = 14 / 140 = 1/10.

    >>> rates_for_total([Slope(count=100, rise=Fraction(1)), Slope(count=10, rise=Fraction(4))], Fraction(14)).rates
    (Fraction(1, 10), Fraction(2, 5))

    Returns:
        The level (the least one, where several do) and rates, or the reach when the total lies outside it.
    """
    least = sum((s.count * (s.least if s.rise else s.rate(Fraction(0))) for s in slopes), Fraction(0))
    most = sum((s.count * (s.most if s.rise else s.rate(Fraction(0))) for s in slopes), Fraction(0))
    if not least <= total <= most:
        return OutOfReach(least=least, most=most)
    breaks = sorted({(bound - s.base) / s.rise for s in slopes if s.rise for bound in (s.least, s.most)})
    level = _level(slopes, total, breaks) if breaks else Fraction(0)
    return Rates(level=level, rates=tuple(s.rate(level) for s in slopes))


def _level(slopes: Sequence[Slope], total: Fraction, breaks: Sequence[Fraction]) -> Fraction:
    sums = _sums_at(slopes, breaks)
    for (left, low), (right, high) in pairwise(zip(breaks, sums, strict=True)):
        if low < total <= high:
            return left + (right - left) * (total - low) / (high - low)
    return breaks[0]


def _sums_at(slopes: Sequence[Slope], breaks: Sequence[Fraction]) -> list[Fraction]:
    """Counted rates added up at each breakpoint, by one sweep over the changes of slope."""
    change: dict[Fraction, Fraction] = {}
    total = Fraction(0)
    for s in slopes:
        total += s.count * (s.least if s.rise else s.rate(Fraction(0)))
        if s.rise:
            for bound, sign in ((s.least, 1), (s.most, -1)):
                at = (bound - s.base) / s.rise
                change[at] = change.get(at, Fraction(0)) + sign * s.count * s.rise
    sums, slope = [total], change[breaks[0]]
    for left, right in pairwise(breaks):
        total += slope * (right - left)
        sums.append(total)
        slope += change[right]
    return sums


def tier_rates(
    sizes: Sequence[int],
    weights: Sequence[Fraction],
    least: Sequence[Fraction],
    most: Sequence[Fraction],
    total: Fraction,
) -> Rates | OutOfReach:
    """Rates by tier, min(most, λ·weight) and at least ``least``, with Σ size·rate = total exactly.

    A tier taken whole has least = most = 1 and leaves the rest to the others.
    """
    return rates_for_total(
        [Slope(count=n, rise=w, least=lo, most=hi) for n, w, lo, hi in zip(sizes, weights, least, most, strict=True)],
        total,
    )
