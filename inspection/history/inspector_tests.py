"""Inspectors: their load, the towns and firms they come to, whom they sit with, against the chances of each draw.

A bundle publishes the chance of each inspector for each visit. Its seats are not independent: the rounding lets one
inspector's seats exclude each other, so a sum scatters less than independent seats of the same chances would, and a
tail computed as if they were independent errs to the quiet side. What two inspectors have together is not published;
the draw is replayed under fresh seeds for it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inspection.history.multiple import Basis, Deviation, Family, side_of
from inspection.history.records import Floats, Ints, PastSeats
from inspection.history.replays import pairs, replayed, replays_for
from inspection.history.tails import calibrated, convolved, either, predictive_upper, trials, upper


def replays_of(seats: Sequence[PastSeats]) -> int:
    """Replays of each draw that are worth their time; those of a list are cheap."""
    return replays_for(sum(len(past.flow.flows) if past.flow else len(past.way_need) // 40 for past in seats))


def inspector_families(seats: Sequence[PastSeats], random: np.random.Generator, replays: int) -> list[Family]:
    """All families about inspectors, each draw replayed so many times."""
    if not seats:
        return []
    again = Again.of(seats, random, replays)
    basis: Basis = "bound" if all(past.flow for past in seats) else "assumed"
    return [
        loads(seats),
        agency_mix(seats, again),
        meetings("inspector_town", seats, [past.visit_town for past in seats], basis),
        meetings("inspector_firm", seats, [past.visit_firm for past in seats], basis),
        together(seats, again),
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Again:
    """What replays of all draws gave.

    Attributes:
        replays: of each draw.
        pairs: seats shared by two inspectors, summed over replays and draws.
        squares: by agency, the chi-square of its inspectors' loads in each replay, shape (replays,).
    """

    replays: int
    pairs: Mapping[tuple[str, str], float]
    squares: Mapping[str, Floats]

    @classmethod
    def of(cls, seats: Sequence[PastSeats], random: np.random.Generator, replays: int) -> Again:
        """Each draw replayed so many times; replay r of all draws together is one history."""
        shared: dict[tuple[str, str], float] = defaultdict(float)
        people = _people(seats)
        counts = np.zeros((replays, len(people)))
        for past in seats:
            keys = []
            index = np.array([people[name] for name in past.inspectors], dtype=np.int64)
            for row, taken in zip(counts, replayed(past, random, replays), strict=True):
                row += np.bincount(index[past.way_inspector[taken]], minlength=len(people))
                keys.append(pairs(past, taken))
            for pair, count in _named(past, np.concatenate(keys)).items():
                shared[pair] += count
        squares = {
            agency: _squares(counts[:, members], means) for agency, (members, means) in _agencies(seats, people).items()
        }
        return cls(replays=replays, pairs=shared, squares=squares)


def _people(seats: Sequence[PastSeats]) -> dict[str, int]:
    names = sorted({name for past in seats for name in past.inspectors})
    return {name: place for place, name in enumerate(names)}


def _named(past: PastSeats, keys: Ints) -> dict[tuple[str, str], int]:
    n = len(past.inspectors)
    found, counts = np.unique(keys, return_counts=True)
    named: dict[tuple[str, str], int] = defaultdict(int)
    for key, count in zip(found.tolist(), counts.tolist(), strict=True):
        first, second = sorted((past.inspectors[key // n], past.inspectors[key % n]))
        named[first, second] += count
    return named


def _agencies(seats: Sequence[PastSeats], people: Mapping[str, int]) -> dict[str, tuple[list[int], Floats]]:
    """Places of each agency's inspectors among all people, and their mean loads over all draws."""
    means = np.zeros(len(people))
    homes: dict[str, dict[int, None]] = defaultdict(dict)
    for past in seats:
        index = np.array([people[name] for name in past.inspectors], dtype=np.int64)
        means += np.bincount(index[past.way_inspector], weights=past.chance, minlength=len(people))
        for name, home in zip(past.inspectors, past.home.tolist(), strict=True):
            homes[past.agencies[home]][people[name]] = None
    kept = {agency: [place for place in members if means[place] > 0] for agency, members in homes.items()}
    return {agency: (members, means[members]) for agency, members in sorted(kept.items()) if len(members) > 1}


def _squares(counts: Floats, means: Floats) -> Floats:
    squares: Floats = ((counts - means) ** 2 / means).sum(axis=-1)
    return squares


def loads(seats: Sequence[PastSeats]) -> Family:
    """Seats of each inspector over all draws.

    A committed flow ends at its floor or ceiling in each draw: exact, both sides. In a list only too many seats
    count, for an older system that deals evenly does no wrong.
    """
    parts: dict[str, list[Floats]] = defaultdict(list)
    offset: dict[str, int] = defaultdict(int)
    seen: dict[str, int] = defaultdict(int)
    means: dict[str, float] = defaultdict(float)
    for past in seats:
        n = len(past.inspectors)
        counts = np.bincount(past.way_inspector[past.taken], minlength=n).tolist()
        expected = np.bincount(past.way_inspector, weights=past.chance, minlength=n).tolist()
        chances = _by_inspector(past)
        for place, name in enumerate(past.inspectors):
            seen[name] += counts[place]
            means[name] += expected[place]
            if past.flow is None:
                parts[name].append(trials(chances[place].tolist()))
                continue
            floor = math.floor(expected[place] + 1e-6)
            offset[name] += floor
            parts[name].append(trials([max(0.0, expected[place] - floor)]))
    two = all(past.flow for past in seats)
    found = []
    for name in sorted(seen):
        distribution, count = convolved(parts[name]), seen[name] - offset[name]
        chance = either(distribution, count) if two else upper(distribution, count)
        way = side_of(seen[name], means[name])
        found.append(Deviation(subject=(name,), seen=seen[name], expected=means[name], chance=chance, side=way))
    return Family(name="load", basis="exact" if two else "assumed", tests=len(found), deviations=tuple(found))


def _by_inspector(past: PastSeats) -> list[Floats]:
    """Chances of each inspector's ways."""
    order = np.argsort(past.way_inspector, kind="stable")
    ends = np.searchsorted(past.way_inspector[order], np.arange(1, len(past.inspectors)))
    return np.split(past.chance[order], ends)


def agency_mix(seats: Sequence[PastSeats], again: Again) -> Family:
    """Loads within each agency together: chi-square, judged by the replays.

    Against its textbook tail it would almost never alarm: balanced rounding keeps it far below its degrees of freedom.
    """
    people = _people(seats)
    counts = np.zeros(len(people))
    for past in seats:
        index = np.array([people[name] for name in past.inspectors], dtype=np.int64)
        counts += np.bincount(index[past.way_inspector[past.taken]], minlength=len(people))
    found = []
    for agency, (members, means) in _agencies(seats, people).items():
        seen, anew = float(_squares(counts[members], means)), again.squares[agency]
        found.append(
            Deviation(
                subject=(agency,), seen=seen, expected=float(anew.mean()), chance=calibrated(seen, anew), side="odd"
            )
        )
    return Family(name="agency_mix", basis="replay", tests=len(found), deviations=tuple(found))


def meetings(name: str, seats: Sequence[PastSeats], wheres: Sequence[Sequence[str]], basis: Basis) -> Family:
    """How often an inspector came to a place (a town, a firm), where that is twice at least and more than expected.

    ``wheres``: of each draw, the place of each visit; '' where unknown.
    """
    keys, chances, taken, labels = _stacked(seats, wheres)
    if not len(keys):
        return Family(name=name, basis=basis, tests=0, deviations=())
    n = int(keys.max()) + 1
    counts = np.bincount(keys, weights=taken, minlength=n)
    means = np.bincount(keys, weights=chances, minlength=n)
    candidates = np.flatnonzero((counts >= 2) & (counts > means))
    order = np.argsort(keys, kind="stable")
    starts = np.searchsorted(keys[order], candidates, side="left").tolist()
    ends = np.searchsorted(keys[order], candidates, side="right").tolist()
    found = []
    for key, start, end in zip(candidates.tolist(), starts, ends, strict=True):
        chance = upper(trials(chances[order[start:end]].tolist()), int(counts[key]))
        found.append(
            Deviation(subject=labels(key), seen=counts[key], expected=float(means[key]), chance=chance, side="more")
        )
    ways = np.bincount(keys, minlength=n)
    return Family(name=name, basis=basis, tests=int((ways >= 2).sum()), deviations=tuple(found))


def _stacked(seats: Sequence[PastSeats], wheres: Sequence[Sequence[str]]):  # type: ignore[no-untyped-def]
    """By way over all draws: the key of (inspector, place), its chance, whether it was taken; and a key's names."""
    people, places = _people(seats), sorted({where for all_ in wheres for where in all_ if where})
    place_of = {where: place for place, where in enumerate(places)}
    names, keys, chances, taken = list(people), [], [], []
    for past, where in zip(seats, wheres, strict=True):
        at = np.array([place_of.get(each, -1) for each in where], dtype=np.int64)[past.need_visit[past.way_need]]
        who = np.array([people[name] for name in past.inspectors], dtype=np.int64)[past.way_inspector]
        known = at >= 0
        keys.append(who[known] * len(places) + at[known])
        chances.append(past.chance[known])
        taken.append(past.taken[known])

    def labels(place: int) -> tuple[str, str]:
        key = int(present[place])
        return names[key // len(places)], places[key % len(places)]

    present, dense = np.unique(np.concatenate(keys), return_inverse=True)
    return dense.astype(np.int64), np.concatenate(chances), np.concatenate(taken), labels


def together(seats: Sequence[PastSeats], again: Again) -> Family:
    """How often two inspectors sat together, where that is twice at least.

    The mean comes from replays; the tail allows for their small number (``predictive_upper``).
    """
    seen: dict[tuple[str, str], int] = defaultdict(int)
    home: dict[str, str] = {}
    for past in seats:
        home |= {name: past.agencies[place] for name, place in zip(past.inspectors, past.home.tolist(), strict=True)}
        for pair, count in _named(past, pairs(past, past.taken)).items():
            seen[pair] += count
    members: dict[str, int] = defaultdict(int)
    for agency in home.values():
        members[agency] += 1
    possible = {agency: n * (n - 1) // 2 for agency, n in members.items()}
    totals: dict[str, float] = defaultdict(float)
    for (first, _), total in again.pairs.items():
        totals[home[first]] += total / again.replays
    found = []
    for pair, count in sorted(seen.items()):
        total, agency = again.pairs.get(pair, 0.0), home[pair[0]]
        mean, prior = total / again.replays, totals[agency] / max(1, possible[agency])
        if count >= 2 and count > mean:
            chance = predictive_upper(count, total, again.replays, prior)
            found.append(Deviation(subject=pair, seen=count, expected=mean, chance=chance, side="more"))
    return Family(name="pair", basis="replay", tests=sum(possible.values()), deviations=tuple(found))
