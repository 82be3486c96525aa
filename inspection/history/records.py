"""Past draws as the tests see them: arrays of what was possible, with which chance, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PastDraw:
    """One draw of firms.

    Attributes:
        name: the draw's own name, or the file and year of a list.
        firms: all that could be drawn, in the order of the register.
        pool: of each firm, shape (n_firms,).
        town: of each firm as a place in ``towns``, shape (n_firms,); -1 where unknown.
        tiers: of each pool; '' where unknown, shape (n_pools,).
        expected: mean firms drawn of each pool, shape (n_pools,).
        is_published: whether ``expected`` was committed to before the draw; else it is the number that was drawn.
        drawn: places in ``firms``, ascending.
    """

    name: str
    year: int
    firms: Sequence[str]
    pool: Ints
    town: Ints
    towns: Sequence[str]
    tiers: Sequence[str]
    expected: Floats
    is_published: bool
    drawn: Ints

    @property
    def sizes(self) -> Ints:
        """Firms by pool, shape (n_pools,)."""
        return np.bincount(self.pool, minlength=len(self.tiers))

    @property
    def counts(self) -> Ints:
        """Firms drawn by pool, shape (n_pools,)."""
        return np.bincount(self.pool[self.drawn], minlength=len(self.tiers))

    @property
    def chances(self) -> Floats:
        """Chance of each firm, shape (n_firms,)."""
        sizes = np.maximum(self.sizes, 1)
        return np.minimum(self.expected / sizes, 1.0)[self.pool]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """The committed flow of an inspector draw: node numbers and millionths by arc; ``arc`` of each way."""

    tails: Sequence[int]
    heads: Sequence[int]
    flows: Sequence[int]
    arc: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PastSeats:
    """One draw of inspectors: every way in which an inspector could have come to a visit.

    Attributes:
        visit_firm, visit_town: by visit, shape (n_visits,).
        need_visit, need_agency, officers: by need (an agency's seats of a visit), shape (n_needs,).
        inspectors: by code; agencies: by name.
        home: agency of each inspector, shape (n_inspectors,).
        way_need, way_inspector: shape (n_ways,), sorted by need.
        chance: of each way, shape (n_ways,); 0 where somebody sat who could not have.
        taken: whether the way became a seat, shape (n_ways,).
        flow: what the chances were committed to in; None for a list, whose chances are assumed alike.
    """

    name: str
    year: int
    visit_firm: Sequence[str]
    visit_town: Sequence[str]
    need_visit: Ints
    need_agency: Ints
    officers: Ints
    agencies: Sequence[str]
    inspectors: Sequence[str]
    home: Ints
    way_need: Ints
    way_inspector: Ints
    chance: Floats
    taken: Flags
    flow: Flow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What the log says happened beside commitments and results; '' where the entry does not say it.

    ``town`` is that of the visit's firm as drawn; ``replaces`` the firm or inspector that made room.
    """

    type: str
    draw: str
    year: int
    time: str
    actor: str
    approved_by: str = ""
    reason: str = ""
    visit: str = ""
    agency: str = ""
    inspector: str = ""
    firm: str = ""
    replaces: str = ""
    town: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redraw:
    """A draw given up and the one of its kind that came after it.

    ``is_unchanged`` says whether both were committed to the same inputs; None where the bundle does not show both.
    """

    given_up: str
    then: str
    reason: str
    actor: str
    is_unchanged: bool | None


Note = tuple[str, Mapping[str, object]]
"""Code and parameters of a message: what could not be read or tested, and why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """All that is known of the past.

    Attributes:
        sources: files and folders read.
        commits: draws committed to, those given up included.
    """

    sources: tuple[str, ...]
    draws: tuple[PastDraw, ...] = ()
    seats: tuple[PastSeats, ...] = ()
    happenings: tuple[Happening, ...] = ()
    redraws: tuple[Redraw, ...] = ()
    commits: int = 0
    notes: tuple[Note, ...] = field(default=())

    @property
    def years(self) -> list[int]:
        """Calendar years with a draw, in order."""
        return sorted({past.year for past in self.draws} | {past.year for past in self.seats})
