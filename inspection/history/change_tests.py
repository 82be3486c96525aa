"""What happened beside the draws: draws given up, firms replaced, inspectors substituted, by whom and at whose gain.

How often people fall ill or firms vanish is no matter of chance tables, so rates are held against what is allowed
(the thresholds of a policy); whom a change hits is held against the visits and seats there were.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from inspection.history.multiple import Deviation, Family, side_of
from inspection.history.records import Happening, History, PastSeats
from inspection.history.tails import binomial_upper, hypergeometric, trials, upper


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Shares taken for ordinary: of draws given up, of visits replaced, of seats substituted."""

    voids: Fraction = Fraction(10, 100)
    replacements: Fraction = Fraction(5, 100)
    substitutions: Fraction = Fraction(10, 100)


def change_families(history: History, allowed: Allowed) -> list[Family]:
    """All families about changes."""
    replaced = [each for each in history.happenings if each.type == "replace"]
    substituted = absences(each for each in history.happenings if each.type == "substitute")
    voids = [each for each in history.happenings if each.type == "void"]
    visits = sum(len(past.drawn) for past in history.draws)
    seats = sum(int(past.taken.sum()) for past in history.seats)
    rates = [
        ("void", len(voids), history.commits, allowed.voids),
        ("replace", len(replaced), visits, allowed.replacements),
        ("substitute", len(substituted), seats, allowed.substitutions),
    ]
    return [
        _rates(rates if history.commits else []),
        _by_person(history.happenings, {kind: (n, share) for kind, _, n, share in rates}),
        _replaced_towns(history, replaced),
        _sent_away(history, substituted),
        _stepped_in(history, substituted),
    ]


def absences(happenings: Iterable[Happening]) -> list[Happening]:
    """Substitutions with those of one person, reason and day counted once: one illness is one happening."""
    first = {(each.replaces, each.reason, each.time[:10]): each for each in happenings}
    return list(first.values())


def _rates(rates: Sequence[tuple[str, int, int, Fraction]]) -> Family:
    found = [_rate((kind,), seen, n, share) for kind, seen, n, share in rates if n]
    return Family(name="rate", basis="assumed", tests=len(found), deviations=tuple(found))


def _rate(subject: tuple[str, ...], seen: int, n: int, share: Fraction) -> Deviation:
    chance = binomial_upper(max(n, seen), float(share), seen)
    mean = float(n * share)
    return Deviation(subject=subject, seen=seen, expected=mean, chance=chance, side=side_of(seen, mean))


def _by_person(happenings: Sequence[Happening], exposures: dict[str, tuple[int, Fraction]]) -> Family:
    """Each person who asked for changes, as if all draws, visits and seats had been theirs to change."""
    single = [each for each in happenings if each.type != "substitute"]
    single += absences(each for each in happenings if each.type == "substitute")
    asked = Counter((each.actor, each.type) for each in single if each.type in exposures and each.actor)
    found = [_rate((actor, kind), seen, *exposures[kind]) for (actor, kind), seen in sorted(asked.items())]
    return Family(name="person", basis="assumed", tests=len(found), deviations=tuple(found))


def _replaced_towns(history: History, replaced: Sequence[Happening]) -> Family:
    """Towns whose drawn firms were replaced oftener than their visits would have it: exact, given how many were."""
    visits: Counter[str] = Counter()
    for past in history.draws:
        counts = np.bincount(past.town[past.drawn] + 1, minlength=len(past.towns) + 1)[1:].tolist()
        visits.update(dict(zip(past.towns, counts, strict=True)))
    hit = Counter(each.town for each in replaced if each.town in visits)
    return _struck("replaced_town", hit, visits)


def _sent_away(history: History, substituted: Sequence[Happening]) -> Family:
    """Inspectors replaced oftener than their seats would have it: exact, given how many absences there were."""
    seats: Counter[str] = Counter()
    for past in history.seats:
        counts = np.bincount(past.way_inspector[past.taken], minlength=len(past.inspectors)).tolist()
        seats.update(dict(zip(past.inspectors, counts, strict=True)))
    return _struck("sent_away", Counter(each.replaces for each in substituted if each.replaces in seats), seats)


def _struck(name: str, hit: Mapping[str, int], exposed: Mapping[str, int]) -> Family:
    """Who was hit, where ``exposed`` says how many chances to be hit each had."""
    size, taken = sum(exposed.values()), sum(hit.values())
    found = [
        Deviation(
            subject=(subject,),
            seen=seen,
            expected=taken * exposed[subject] / size,
            chance=upper(hypergeometric(size, exposed[subject], min(taken, size)), seen),
            side="more",
        )
        for subject, seen in sorted(hit.items())
    ]
    return Family(name=name, basis="exact", tests=len(exposed) if taken else 0, deviations=tuple(found))


def _stepped_in(history: History, substituted: Sequence[Happening]) -> Family:
    """Inspectors who stepped in oftener than the lowest ticket would call them, all of the agency taken for able."""
    rosters = {past.name: _rosters(past) for past in history.seats}
    by_year = {past.year: rosters[past.name] for past in history.seats}
    chances: dict[str, list[float]] = defaultdict(list)
    means: dict[str, float] = defaultdict(float)
    seen: Counter[str] = Counter()
    for each in substituted:
        people = rosters.get(each.draw, by_year.get(each.year, {})).get(each.agency, ())
        able = max(1, len(people) - 2)  # those of the visit itself cannot step in; two officers are the rule
        seen[each.inspector] += 1
        for name in people:
            chances[name].append(1 / able)
            means[name] += 1 / able
    found = [
        Deviation(
            subject=(name,), seen=count, expected=means[name], chance=upper(trials(chances[name]), count), side="more"
        )
        for name, count in sorted(seen.items())
        if count >= 2 and name in chances
    ]
    return Family(name="stepped_in", basis="assumed", tests=len(chances), deviations=tuple(found))


def _rosters(past: PastSeats) -> dict[str, list[str]]:
    people: dict[str, list[str]] = defaultdict(list)
    for name, home in zip(past.inspectors, past.home.tolist(), strict=True):
        people[past.agencies[home]].append(name)
    return people
