"""Many tests at once: Holm's steps for alarms, Benjamini and Hochberg's for what is worth a look.

Every family of tests (towns, pairs …) gets an equal part of the level, so that all families together raise a false
alarm in at most ``level`` of honest histories, however the tests depend on each other.

Source: Holm, Scand. J. Statist. 6, 1979; Benjamini & Hochberg, J. R. Statist. Soc. B 57, 1995.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

NOTABLE = 0.05
"""Share of chance findings accepted among those listed as worth a look, families taken together like the alarms."""

Basis = Literal["exact", "replay", "bound", "assumed"]
"""How a chance was found: exactly; by replaying draws; by a bound that errs to the quiet side; under an assumption."""

Side = Literal["more", "less", "odd"]


def side_of(seen: float, expected: float) -> Side:
    """Whether more or less was seen than expected."""
    return "more" if seen > expected else "less"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One test: what was seen, what chance makes of it.

    Attributes:
        subject: whom or what it is about, as parts (a town; two inspectors; an inspector and a firm).
        seen, expected: the count or the statistic, and its mean.
        chance: of something as far out; before anything is said about how many were tested.
    """

    subject: tuple[str, ...]
    seen: float
    expected: float
    chance: float
    side: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Tests of one kind. ``tests`` counts all; those not listed are no nearer to an alarm than a chance of 1."""

    name: str
    basis: Basis
    tests: int
    deviations: tuple[Deviation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A deviation judged among all others.

    Attributes:
        adjusted: its chance after Holm's steps in the family and over all families.
        is_alarm: adjusted is at most the level.
        is_notable: no alarm, but in its family's Benjamini–Hochberg list at an equal part of 5 %.
    """

    family: str
    basis: Basis
    deviation: Deviation
    adjusted: float
    is_alarm: bool
    is_notable: bool


def holm(chances: Sequence[float], tests: int) -> list[float]:
    """Adjusted chances in the given order: largest so far of (tests − rank) · chance, at most 1.

    >>> holm([0.01, 0.04, 0.03], 3)
    [0.03, 0.06, 0.06]
    """
    adjusted, highest = [1.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        highest = max(highest, min(1.0, (tests - rank) * chances[place]))
        adjusted[place] = highest
    return adjusted


def benjamini_hochberg(chances: Sequence[float], tests: int, share: float) -> list[bool]:
    """Which are listed so that on average at most ``share`` of the list are chance.

    >>> benjamini_hochberg([0.01, 0.6, 0.03], 3, 0.05)
    [True, False, True]
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    within = [rank for rank, place in enumerate(order, start=1) if chances[place] <= share * rank / tests]
    listed = set(order[: max(within, default=0)])
    return [place in listed for place in range(len(chances))]


def judge(families: Sequence[Family], level: float) -> list[Judgement]:
    """All deviations judged, the gravest first."""
    tested = [family for family in families if family.tests]
    judged = []
    for family in tested:
        chances = [deviation.chance for deviation in family.deviations]
        listed = benjamini_hochberg(chances, family.tests, NOTABLE / len(tested))
        adjusted = [min(1.0, len(tested) * each) for each in holm(chances, family.tests)]
        judged += [
            Judgement(
                family=family.name,
                basis=family.basis,
                deviation=deviation,
                adjusted=each,
                is_alarm=each <= level,
                is_notable=is_listed and each > level,
            )
            for deviation, each, is_listed in zip(family.deviations, adjusted, listed, strict=True)
        ]
    return sorted(judged, key=lambda one: (one.adjusted, one.deviation.chance, one.family, one.deviation.subject))
