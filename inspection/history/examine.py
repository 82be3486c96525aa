"""A history examined: all families of tests, judged together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from inspection.history.change_tests import Allowed, change_families
from inspection.history.firm_tests import firm_families
from inspection.history.inspector_tests import inspector_families, replays_of
from inspection.history.multiple import Family, Judgement, judge
from inspection.history.place_tests import place_families
from inspection.history.records import History

LEVEL = 0.01
"""At most this share of honest histories raises an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a history is examined.

    Attributes:
        level: share of honest histories that may raise a false alarm, 0 < level < 1.
        replays: of each inspector draw; None for as many as take some half a minute.
        allowed: shares of changes that are ordinary.
        seed: of the replays; the same seed gives the same figures.
    """

    level: float = LEVEL
    replays: int | None = None
    allowed: Allowed = field(default_factory=Allowed)
    seed: int = 20270101


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audit:
    """What came of it; judgements with the gravest first; ``replays`` of each inspector draw were made."""

    history: History
    asked: Asked
    replays: int
    families: tuple[Family, ...]
    judgements: tuple[Judgement, ...]

    @property
    def alarms(self) -> list[Judgement]:
        """What chance does not explain."""
        return [one for one in self.judgements if one.is_alarm]

    @property
    def notable(self) -> list[Judgement]:
        """What is worth a look; a few of them are chance."""
        return [one for one in self.judgements if one.is_notable]


def examine(history: History, asked: Asked) -> Audit:
    """Every test that the history allows, judged at the level asked for."""
    random = np.random.default_rng(asked.seed)
    replays = asked.replays or replays_of(history.seats)
    families: Sequence[Family] = [
        *firm_families(history.draws, random),
        *place_families(history.draws, random),
        *inspector_families(history.seats, random, replays),
        *change_families(history, asked.allowed),
    ]
    return Audit(
        history=history,
        asked=asked,
        replays=replays,
        families=tuple(families),
        judgements=tuple(judge(families, asked.level)),
    )
