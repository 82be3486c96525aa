"""Firms drawn, by tier, pool, town and firm, against their published chances.

Within a pool every set of firms is as likely as any other, so counts by town are sums of hypergeometric counts:
exact. Counts by pool are a floor or a ceiling; taken as independent they scatter no less than in truth (dependent
rounding), so tests on them err to the quiet side.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from inspection.history.multiple import Deviation, Family, side_of
from inspection.history.records import Floats, Ints, PastDraw
from inspection.history.tails import calibrated, convolved, either, hypergeometric, normal_tail, trials, upper

REPLAYS = 999
FEWEST = 1.0
"""Categories expected less often are counted together in a chi-square."""


def firm_families(draws: Sequence[PastDraw], random: np.random.Generator) -> list[Family]:
    """All families about which firms were drawn."""
    published = [past for past in draws if past.is_published]
    located = [past for past in draws if (past.town >= 0).any()]
    return [
        tiers(published),
        pools(published),
        towns(located),
        town_mix(located, random),
        never_drawn(draws),
        single_firms(draws),
    ]


def two_sided(subject: tuple[str, ...], seen: int, expected: float, distribution: Floats, offset: int) -> Deviation:
    """The deviation of a count whose distribution begins at ``offset``."""
    return Deviation(
        subject=subject,
        seen=seen,
        expected=expected,
        chance=either(distribution, seen - offset),
        side=side_of(seen, expected),
    )


def tiers(draws: Sequence[PastDraw]) -> Family:
    """Firms of each tier over all years; bound: pools rounded independently."""
    seen: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for past in draws:
        for tier, count, mean in zip(past.tiers, past.counts.tolist(), past.expected.tolist(), strict=True):
            if tier:
                seen[tier].append((count, mean))
    found = [rounded((tier,), parts) for tier, parts in sorted(seen.items())]
    return Family(name="tier", basis="bound", tests=len(found), deviations=tuple(found))


def pools(draws: Sequence[PastDraw]) -> Family:
    """Firms of each pool of each draw: a floor or a ceiling of the published flow, else a rule was broken."""
    found = [
        rounded((past.name, f"{place + 1}"), [(count, mean)])
        for past in draws
        for place, (count, mean) in enumerate(zip(past.counts.tolist(), past.expected.tolist(), strict=True))
        if not math.floor(mean + 1e-9) <= count <= math.ceil(mean - 1e-9)
    ]
    return Family(name="pool", basis="exact", tests=sum(len(past.tiers) for past in draws), deviations=tuple(found))


def rounded(subject: tuple[str, ...], parts: Sequence[tuple[int, float]]) -> Deviation:
    """Counts that are each a floor or a ceiling of their mean, added up."""
    floors = [math.floor(mean + 1e-9) for _, mean in parts]
    rests = [max(0.0, mean - floor) for (_, mean), floor in zip(parts, floors, strict=True)]
    seen, mean = sum(count for count, _ in parts), math.fsum(mean for _, mean in parts)
    return two_sided(subject, seen, mean, trials(rest for rest in rests if rest > 1e-9), sum(floors))


def towns(draws: Sequence[PastDraw]) -> Family:
    """Firms of each town over all years, given how many each pool had to give: exact."""
    parts: dict[str, list[Floats]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    means: dict[str, float] = defaultdict(float)
    for past in draws:
        for town, size, marked, taken, drawn in _town_cells(past):
            parts[town].append(hypergeometric(size, marked, taken))
            seen[town] += drawn
            means[town] += taken * marked / size
    found = [two_sided((town,), seen[town], means[town], convolved(parts[town]), 0) for town in sorted(parts)]
    return Family(name="town", basis="exact", tests=len(found), deviations=tuple(found))


def _town_cells(past: PastDraw) -> Iterator[tuple[str, int, int, int, int]]:
    """(town, pool's firms, of them in the town, drawn from the pool, of them in the town), where chance plays."""
    all_firms, drawn = table(past.pool, past.town, past), table(past.pool[past.drawn], past.town[past.drawn], past)
    sizes, counts = past.sizes.tolist(), past.counts.tolist()
    for pool, place in zip(*np.nonzero(all_firms), strict=True):
        if counts[pool]:
            marked, taken = int(all_firms[pool, place]), int(drawn[pool, place])
            yield past.towns[place], sizes[pool], marked, counts[pool], taken


def table(pool: Ints, town: Ints, past: PastDraw) -> Ints:
    """How many by pool and town, shape (n_pools, n_towns); unknown towns left out."""
    width = max(1, len(past.towns))
    known = town >= 0
    flat = np.bincount(pool[known] * width + town[known], minlength=len(past.tiers) * width)
    return flat.reshape(len(past.tiers), width)


def town_mix(draws: Sequence[PastDraw], random: np.random.Generator) -> Family:
    """All towns of a draw together: chi-square, judged by draws made anew within the pools."""
    found = []
    for past in draws:
        width = max(1, len(past.towns))
        deviation = mix((past.name,), past, np.where(past.town < 0, width, past.town), random)
        if deviation:
            found.append(deviation)
    return Family(name="town_mix", basis="replay", tests=len(found), deviations=tuple(found))


def mix(
    subject: tuple[str, ...], past: PastDraw, category: Ints, random: np.random.Generator, replays: int = REPLAYS
) -> Deviation | None:
    """Chi-square of the firms drawn over categories of firms; None where fewer than two categories can be expected."""
    width, sizes, counts = int(category.max()) + 1, past.sizes, past.counts
    cells = np.bincount(past.pool * width + category, minlength=len(sizes) * width).reshape(len(sizes), width)
    means = cells.T @ (counts / np.maximum(sizes, 1))
    groups, expected = _grouped(means)
    if len(expected) < 2:
        return None
    drawn = np.bincount(category[past.drawn], minlength=width)
    replayed = np.zeros((replays, width))
    for row, count in zip(cells, counts.tolist(), strict=True):
        if count:
            replayed += random.multivariate_hypergeometric(row, count, size=replays, method="marginals")
    seen = float(_chi_squares(drawn[None, :].astype(np.float64), groups, expected)[0])
    squares = _chi_squares(replayed, groups, expected)
    chance = calibrated(seen, squares)
    return Deviation(subject=subject, seen=seen, expected=float(squares.mean()), chance=chance, side="odd")


def _grouped(means: Floats) -> tuple[Ints, Floats]:
    """The group of each category, rare ones in one, and the means of the groups."""
    common = np.flatnonzero(means >= FEWEST)
    groups = np.full(len(means), len(common), dtype=np.int64)
    groups[common] = np.arange(len(common))
    expected: Floats = np.bincount(groups, weights=means, minlength=len(common) + 1).astype(np.float64)
    return groups, expected if expected[-1] > 0 else expected[:-1]


def _chi_squares(counts: Floats, groups: Ints, expected: Floats) -> Floats:
    together = np.zeros((len(counts), len(expected)))
    for place, group in enumerate(groups.tolist()):
        if group < len(expected):
            together[:, group] += counts[:, place]
    squares: Floats = ((together - expected) ** 2 / expected).sum(axis=1)
    return squares


def _by_firm(draws: Sequence[PastDraw]) -> tuple[Sequence[str], Ints, Floats, Ints]:
    """Codes, and by entry of a register: its place among the codes, its chance, and 1 where it was drawn."""
    if not draws:
        return (), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
    codes, place = np.unique(np.concatenate([np.asarray(past.firms) for past in draws]), return_inverse=True)
    chances = np.concatenate([past.chances for past in draws])
    drawn = np.concatenate([np.bincount(past.drawn, minlength=len(past.firms)) for past in draws])
    return codes.tolist(), place.astype(np.int64), chances, drawn


def never_drawn(draws: Sequence[PastDraw]) -> Family:
    """How many firms with a chance were never drawn; bound: firms of a pool exclude each other, taken as if not."""
    if len({past.year for past in draws}) < 2:
        return Family(name="never", basis="bound", tests=0, deviations=())
    _, place, chances, drawn = _by_firm(draws)
    with np.errstate(divide="ignore"):
        never = np.exp(np.bincount(place, weights=np.log1p(-chances)))
    had = np.bincount(place, weights=chances) > 0
    seen, mean = int((np.bincount(place, weights=drawn)[had] == 0).sum()), float(never[had].sum())
    spread = math.sqrt(float((never[had] * (1 - never[had])).sum()))
    z = max(0.0, abs(seen - mean) - 0.5) / spread if spread else 0.0
    chance = min(1.0, 2 * normal_tail(z))
    found = Deviation(subject=(), seen=seen, expected=mean, chance=chance, side=side_of(seen, mean))
    return Family(name="never", basis="bound", tests=1, deviations=(found,))


def single_firms(draws: Sequence[PastDraw]) -> Family:
    """Each firm over all draws: drawn too often, or never where that is hard to believe."""
    codes, place, chances, drawn = _by_firm(draws)
    if len(draws) < 2:
        return Family(name="firm", basis="exact", tests=0, deviations=())
    counts, means = np.bincount(place, weights=drawn), np.bincount(place, weights=chances)
    often, seldom = (counts >= 2) & (counts > means), (counts == 0) & (means > 3)
    candidates = np.flatnonzero(often | seldom | ((counts > 0) & (means == 0)))
    own = _entries_of(place, candidates)
    found = []
    for firm, entries in zip(candidates.tolist(), own, strict=True):
        distribution, seen = trials(chances[entries].tolist()), int(counts[firm])
        chance = min(1.0, 2 * (upper(distribution, seen) if seen else float(distribution[0])))
        mean = float(means[firm])
        way = side_of(seen, mean)
        found.append(Deviation(subject=(codes[firm],), seen=seen, expected=mean, chance=chance, side=way))
    return Family(name="firm", basis="exact", tests=int((means > 0).sum()) or 1, deviations=tuple(found))


def _entries_of(place: Ints, wanted: Ints) -> list[Ints]:
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], wanted, side="left")
    ends = np.searchsorted(place[order], wanted, side="right")
    return [order[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
