"""Places of the drawn firms in the register: an old system that takes every so many-th firm shows here.

Four looks at the same places: a period (the largest peak of the spectrum), gaps that repeat, how uneven the gaps are,
and tenths of the register. Under a fair draw all sets of places within a pool are equally likely.

Source: Fisher, Tests of significance in harmonic analysis, Proc. R. Soc. A 125, 1929.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from inspection.history.firm_tests import mix
from inspection.history.multiple import Basis, Deviation, Family, side_of
from inspection.history.records import Floats, Ints, PastDraw
from inspection.history.tails import calibrated

FEWEST = 10
"""Firms drawn below which places say nothing."""

TENTHS = 10
_WORK = 400_000
_LARGEST = 4_000_000
"""Pools drawn anew over all replays of a history; numbers held at once."""


def place_families(draws: Sequence[PastDraw], random: np.random.Generator) -> list[Family]:
    """All families about places in the register."""
    enough = [past for past in draws if FEWEST <= len(past.drawn) < len(past.firms)]
    pools = sum(int(((past.counts > 1) & (past.counts < past.sizes)).sum()) for past in enough)
    replays = int(np.clip(_WORK / max(1, pools), 199, 999))
    gaps = [(past, _gap_test(past, random, replays)) for past in enough]
    return [
        _family("period", "bound", [period(past) for past in enough]),
        _family("gap_repeats", "replay", [found[0] for _, found in gaps if found]),
        _family("gap_spread", "replay", [found[1] for _, found in gaps if found]),
        _family("tenths", "replay", [tenths(past, random) for past in enough]),
    ]


def _family(name: str, basis: Basis, found: Sequence[Deviation | None]) -> Family:
    kept = tuple(each for each in found if each is not None)
    return Family(name=name, basis=basis, tests=len(kept), deviations=kept)


def spectrum(past: PastDraw) -> Floats:
    """Power at each frequency 1 … n/2, of mean at most 1 under a fair draw, shape (n_firms // 2,)."""
    sizes, counts = past.sizes, past.counts
    shares = counts / np.maximum(sizes, 1)
    signal = -shares[past.pool]
    signal[past.drawn] += 1
    variance = float((counts * (1 - shares) * sizes / np.maximum(sizes - 1, 1)).sum())
    power: Floats = np.abs(np.fft.rfft(signal)[1:]) ** 2 / max(variance, 1e-12)
    return power


def period(past: PastDraw) -> Deviation:
    """The largest peak: of n peaks that fall off exponentially, the largest reaches x with chance 1 − (1 − e^−x)^n."""
    power = spectrum(past)
    peak = float(power.max())
    place = int(np.flatnonzero(power > 0.95 * peak)[0]) + 1  # a strict interval peaks as high at its half, third …
    chance = -math.expm1(len(power) * math.log1p(-math.exp(-peak))) if peak < 700 else 0.0
    stride = f"{len(past.firms) / place:.1f}"
    mean = math.log(len(power)) + 0.5772
    return Deviation(subject=(past.name, stride), seen=peak, expected=mean, chance=chance, side="odd")


def pool_gaps(past: PastDraw) -> list[tuple[int, Ints]]:
    """(firms of the pool, gaps between its drawn firms in register order) where at least three were drawn."""
    rank = np.empty(len(past.firms), dtype=np.int64)
    order = np.argsort(past.pool, kind="stable")
    sizes = past.sizes
    starts = np.cumsum(sizes) - sizes
    rank[order] = np.arange(len(order)) - np.repeat(starts, sizes)
    found = []
    for pool in np.flatnonzero((past.counts > 2) & (past.counts < sizes)).tolist():
        places = np.sort(rank[past.drawn[past.pool[past.drawn] == pool]])
        found.append((int(sizes[pool]), np.diff(places)))
    return found


def _gap_test(past: PastDraw, random: np.random.Generator, replays: int) -> tuple[Deviation, Deviation] | None:
    """How many gaps equal the one before, and how uneven gaps are, against places drawn anew."""
    pools = pool_gaps(past)
    if not pools:
        return None
    seen = _added([gap_figures(gaps[None, :]) for _, gaps in pools])[:, 0]
    anew = _added([gap_figures(gaps_anew(size, len(gaps) + 1, replays, random)) for size, gaps in pools])
    means = anew.mean(axis=1).tolist()
    repeats, spread = seen.tolist()
    uneven = min(1.0, 2 * min(calibrated(spread, anew[1]), calibrated(-spread, -anew[1])))
    return (
        _deviation(past, repeats, means[0], calibrated(repeats, anew[0])),
        _deviation(past, spread, means[1], uneven),
    )


def _added(figures: Sequence[Floats]) -> Floats:
    total: Floats = np.sum(figures, axis=0)
    return total


def _deviation(past: PastDraw, seen: float, mean: float, chance: float) -> Deviation:
    return Deviation(subject=(past.name,), seen=seen, expected=mean, chance=chance, side=side_of(seen, mean))


def gaps_anew(size: int, taken: int, replays: int, random: np.random.Generator) -> Ints:
    """Gaps between ``taken`` of ``size`` places, drawn so many times, shape (replays, taken - 1)."""
    if size * replays <= _LARGEST:
        places = np.argpartition(random.random((replays, size)), taken - 1, axis=1)[:, :taken]
    else:
        places = np.array([random.choice(size, taken, replace=False, shuffle=False) for _ in range(replays)])
    ordered: Ints = np.sort(places.astype(np.int64), axis=1)
    return ordered[:, 1:] - ordered[:, :-1]


def gap_figures(gaps: Ints) -> Floats:
    """By row of gaps: how many equal the one before; distances from the mean, in its units; shape (2, n_rows).

    Distances and not their squares (Greenwood): the tail of those is longer than any gamma's.
    """
    repeats = (gaps[:, 1:] == gaps[:, :-1]).sum(axis=1)
    spread = np.abs(gaps / gaps.mean(axis=1, keepdims=True) - 1).sum(axis=1)
    return np.stack([repeats, spread])


def tenths(past: PastDraw, random: np.random.Generator) -> Deviation | None:
    """Firms drawn in each tenth of the register together: chi-square, judged by draws made anew."""
    category = np.arange(len(past.firms), dtype=np.int64) * TENTHS // len(past.firms)
    return mix((past.name,), past, category, random)
