"""Why seats cannot be filled, read from a minimum cut (SOLVER.md 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.seat_classes import Bools, Ints
from solver.seat_flow import Cut, SeatNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortGroup:
    """Needs that together ask for more officers than can serve them.

    ``demand`` counts the seats that only ``inspectors`` can fill: all seats of a need, or its qualified ones when the
    others are not what is scarce (``qualified``). ``capacity`` is what these inspectors can give; ``short`` the rest.
    """

    needs: tuple[int, ...]
    months: tuple[int, ...]
    inspectors: tuple[int, ...]
    demand: int
    capacity: int
    short: int
    qualified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatShortage:
    """Seats that nobody can fill, by group; ``short`` in all is the least number of officer-visits missing."""

    groups: tuple[ShortGroup, ...]

    @property
    def short(self) -> int:
        """Return the seats missing in all."""
        return sum(group.short for group in self.groups)


def name_shortage(network: SeatNetwork, cut: Cut) -> SeatShortage:
    """Split a minimum cut of the hard rules into groups of needs and inspectors, neighbouring months together.

    Months do not share capacity, so a cut falls apart into months, and in a month into classes linked by officers.
    Groups of neighbouring months with an inspector in common are then told as one.
    """
    parts = [_part(network, cut, members) for members in _linked_classes(network, cut)]
    merged: list[ShortGroup] = []
    for part in sorted((part for part in parts if part.short > 0), key=lambda part: (part.months, part.needs)):
        match = next((index for index, group in enumerate(merged) if _belongs(group, part)), None)
        if match is None:
            merged.append(part)
        else:
            merged[match] = _together(merged[match], part)
    return SeatShortage(groups=tuple(merged))


def _linked_classes(network: SeatNetwork, cut: Cut) -> list[Bools]:
    """Return sets of classes on the demand's side of the cut, linked by duties on that side."""
    inside = cut.classes[network.cell_class] & cut.duties[network.cell_duty]
    label = np.arange(network.classes.size.size)
    cells, duties = network.cell_class[inside], network.cell_duty[inside]
    while True:
        lowest = np.full(network.duty_type.size, label.size)
        np.minimum.at(lowest, duties, label[cells])
        renewed = label.copy()
        np.minimum.at(renewed, cells, lowest[duties])
        if np.array_equal(renewed, label):
            return [cut.classes & (label == one) for one in np.unique(label[cut.classes])]
        label = renewed


def _part(network: SeatNetwork, cut: Cut, members: Bools) -> ShortGroup:
    classes = network.classes
    scarce = members & (classes.qualified > 0) & ~cut.branches
    seats = np.where(scarce, classes.qualified, classes.officers) * classes.size
    cells = members[network.cell_class] & ~(scarce[network.cell_class] & network.cell_branched)
    behind = cut.duties[network.cell_duty]
    used = np.unique(network.cell_duty[cells & behind])
    types = network.duty_type[used]
    capacity = int((classes.capacity[types, network.duty_month[used]] * classes.members[types]).sum())
    capacity += int(network.cell_unit[cells & ~behind].sum())
    demand = int(seats[members].sum())
    return ShortGroup(
        needs=_indices(members[classes.class_of]),
        months=tuple(np.unique(classes.month[members]).tolist()),
        inspectors=_indices(np.isin(classes.type_of, network.cell_type[cells])),
        demand=demand,
        capacity=capacity,
        short=demand - capacity,
        qualified=bool(scarce.any()),
    )


def _indices(mask: Bools | Ints) -> tuple[int, ...]:
    return tuple(np.flatnonzero(mask).tolist())


def _belongs(group: ShortGroup, part: ShortGroup) -> bool:
    near = part.months[0] - group.months[-1] <= 1
    return near and group.qualified == part.qualified and not set(group.inspectors).isdisjoint(part.inspectors)


def _together(one: ShortGroup, other: ShortGroup) -> ShortGroup:
    return ShortGroup(
        needs=tuple(sorted({*one.needs, *other.needs})),
        months=tuple(sorted({*one.months, *other.months})),
        inspectors=tuple(sorted({*one.inspectors, *other.inspectors})),
        demand=one.demand + other.demand,
        capacity=one.capacity + other.capacity,
        short=one.short + other.short,
        qualified=one.qualified,
    )


