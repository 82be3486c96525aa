"""Tails of distributions, by NumPy and the standard library: what chance gives as much as what was seen, or more.

Source: Press et al., Numerical Recipes 3rd ed., 6.2 (incomplete gamma); Johnson, Kemp, Kotz, Univariate Discrete
Distributions 3rd ed. (hypergeometric as a sum of independent trials; negative binomial as a mixed Poisson).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from inspection.history.records import Floats, Ints

_EXACT = 1e-14
_STEPS = 10_000
_ENOUGH = 10
"""Replays beyond the observed value from which their share alone is taken."""


def gamma_tail(shape: float, x: float) -> float:
    """Q(shape, x) = Γ(shape, x) / Γ(shape), the upper tail of a gamma variable of unit scale.

    >>> round(gamma_tail(0.5, 3.841459 / 2), 6)  # chi-square of one degree of freedom at its 5 % point
    0.05
    """
    if x <= 0:
        return 1.0
    scale = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        return max(0.0, 1.0 - scale * _series(shape, x))
    return scale * _continued_fraction(shape, x)


def _series(shape: float, x: float) -> float:
    term = total = 1 / shape
    for step in range(1, _STEPS):
        term *= x / (shape + step)
        total += term
        if term < total * _EXACT:
            break
    return total


def _continued_fraction(shape: float, x: float) -> float:
    """Lentz's method."""
    tiny = 1e-300
    b = x + 1 - shape
    c, d = 1 / tiny, 1 / b
    value = d
    for step in range(1, _STEPS):
        a = step * (shape - step)
        b += 2
        d = 1 / (a * d + b or tiny)
        c = b + a / c or tiny
        value *= c * d
        if abs(c * d - 1) < _EXACT:
            break
    return value


def chi_square_tail(x: float, freedom: float) -> float:
    """Chance of a chi-square variable to reach x."""
    return gamma_tail(freedom / 2, x / 2)


def normal_tail(z: float) -> float:
    """Chance of a standard normal variable to reach z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def trials(chances: Iterable[float]) -> Floats:
    """Chances of 0 … n successes in independent trials of unequal chance (Poisson binomial), shape (n + 1,).

    >>> trials([0.5, 0.5]).tolist()
    [0.25, 0.5, 0.25]
    """
    parts = [np.array([1 - chance, chance]) for chance in chances]
    return convolved(parts)


def convolved(parts: Sequence[Floats]) -> Floats:
    """The distribution of the sum of independent counts, each given from 0 on; halves first, so that it stays fast."""
    if not parts:
        return np.ones(1)
    level = list(parts)
    while len(level) > 1:
        pairs = [np.convolve(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def hypergeometric(size: int, marked: int, taken: int) -> Floats:
    """Chances of 0 … taken marked ones among ``taken`` of ``size`` drawn without replacement, shape (taken + 1,)."""
    places = np.zeros(taken + 1)
    low, high = max(0, taken - (size - marked)), min(taken, marked)
    k = np.arange(low, high + 1, dtype=np.int64)
    logs = _log_choose(marked, k) + _log_choose(size - marked, taken - k)
    weights = np.exp(logs - logs.max())
    places[low : high + 1] = weights / weights.sum()
    return places


def _log_choose(n: int, k: Ints) -> Floats:
    return np.array([math.lgamma(n + 1) - math.lgamma(each + 1) - math.lgamma(n - each + 1) for each in k.tolist()])


def upper(distribution: Floats, seen: int) -> float:
    """Chance of ``seen`` or more."""
    if seen <= 0:
        return 1.0
    return float(min(1.0, distribution[seen:].sum())) if seen < len(distribution) else 0.0


def either(distribution: Floats, seen: int) -> float:
    """Twice the smaller tail, at most 1."""
    below = float(distribution[: seen + 1].sum()) if seen >= 0 else 0.0
    return min(1.0, 2 * min(upper(distribution, seen), below))


def binomial_upper(n: int, chance: float, seen: int) -> float:
    """Chance of ``seen`` or more successes in n trials."""
    if seen <= 0 or (chance >= 1 and seen <= n):
        return 1.0
    if chance <= 0 or seen > n:
        return 0.0
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        + k * math.log(chance) + (n - k) * math.log1p(-chance)
        for k in range(seen, n + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(math.exp(log) for log in logs))


def predictive_upper(seen: int, total: float, replays: int, prior: float) -> float:
    """Chance of ``seen`` or more where replays of the same count came to ``total``: negative binomial.

    A count that is at most as scattered as Poisson's, its mean known only from ``replays`` values and from a guess
    ``prior`` that weighs like one more.
    """
    if seen <= 0:
        return 1.0
    shape, odds = total + prior + 0.5, 1 / (2 + replays)
    chance = 0.0
    log = shape * math.log1p(-odds)
    for k in range(seen):
        chance += math.exp(log)
        log += math.log(odds) + math.log(shape + k) - math.log(k + 1)
    if chance < 0.999_999:
        return max(0.0, 1 - chance)
    tail = 0.0
    for k in range(seen, seen + _STEPS):  # 1 − chance would be lost to rounding: add the tail itself
        term = math.exp(log)
        tail += term
        log += math.log(odds) + math.log(shape + k) - math.log(k + 1)
        if term < tail * _EXACT:
            break
    return tail


def calibrated(seen: float, replays: Floats) -> float:
    """Chance of a statistic to reach ``seen``, judged by replays of it.

    While ten or more replays reach it, it is their share. Further out it is the tail of a Pearson III (shifted gamma)
    of the replays' mean, variance and skewness. Few replays tell these badly, so the distance shrinks as Student's t
    does, and the skewness is taken two standard errors larger.

    Source: Wallace, Ann. Math. Statist. 30, 1959 (t to normal).
    """
    n, beyond = len(replays), int((replays >= seen - 1e-9).sum())
    share = (beyond + 1) / (n + 1)
    spread = float(replays.std(ddof=1)) if n > 1 else 0.0
    if beyond >= _ENOUGH or spread < 1e-12 * max(1.0, abs(seen)):
        return share
    mean = float(replays.mean())
    skewness = float((((replays - mean) / spread) ** 3).mean()) + 2 * math.sqrt(6 / n)
    z, freedom = (seen - mean) / spread / math.sqrt(1 + 1 / n), n - 1
    z = math.copysign(math.sqrt(freedom * math.log1p(z * z / freedom)), z) * (8 * freedom + 1) / (8 * freedom + 3)
    if skewness < 0.05:
        return min(1.0, (_ENOUGH + 1) / (n + 1), normal_tail(z))
    shape = 4 / skewness**2
    return min(1.0, (_ENOUGH + 1) / (n + 1), gamma_tail(shape, shape + z * math.sqrt(shape)))
