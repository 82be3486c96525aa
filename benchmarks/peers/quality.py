"""How good an assignment of inspectors is: plain counting, the same for every peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from exchange import Agency

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Quality:
    """Figures of one method on one instance.

    Attributes:
        largest: largest chance of a pair, among needs at which nobody is sure to go whatever is done.
        bound: no method that keeps the rules can do better: the largest officers / eligible, or qualified / holders.
        excess: largest chance of a pair ÷ the bound of its own need, at the worst.
        entropy: of the chances, against even shares without any rule, %.
        never: eligible pairs without a chance, %.
        load_gap: most less fewest seats of an inspector of one agency in the year.
        open_seats: seats nobody fills.
        barred: seats filled by somebody recused, without certificate, or twice.
        unqualified: needs without the holders they ask for.
        overloaded: inspector-months beyond capacity.
    """

    largest: float
    bound: float
    excess: float
    entropy: float
    never: float
    load_gap: int
    open_seats: int
    barred: int
    unqualified: int
    overloaded: int

    @property
    def broken(self) -> str:
        parts = {
            "seats open": self.open_seats,
            "barred": self.barred,
            "unqualified": self.unqualified,
            "overloaded": self.overloaded,
        }
        return ", ".join(f"{count} {name}" for name, count in parts.items() if count) or "none"


def least_largest(agency: Agency) -> Array:
    """The least that the largest chance at each need can be, (n_needs,)."""
    staff = agency.officers / np.maximum(agency.may_go.sum(axis=1), 1)
    holders = agency.qualified / np.maximum(agency.qualifies.sum(axis=1), 1)
    return np.maximum(staff, holders)


SAMPLED_ALIKE = 5
"""Counted chances are looked at where so many needs are alike, as their mean: a lone need's count is mostly noise."""


def by_class(agency: Agency, counted: Array) -> tuple[Array, Array]:
    """Counted chances as means over needs alike, and which needs have enough others alike to be looked at."""
    alike = np.column_stack([agency.month, agency.group, agency.officers, agency.qualified])
    _, class_of, size = np.unique(alike, axis=0, return_inverse=True, return_counts=True)
    total = np.zeros((len(size), counted.shape[1]))
    np.add.at(total, class_of.reshape(-1), counted)
    return (total / size[:, None])[class_of.reshape(-1)], size[class_of.reshape(-1)] >= SAMPLED_ALIKE


def judge(agencies: list[Agency], chance: list[Array], one: list[Array], *, is_counted: bool) -> Quality:
    """Figures of stated or counted chances, and of one draw, by agency (n_needs, n_inspectors)."""
    largest = bound = excess = spread = even = 0.0
    never = pairs = gap = open_seats = barred = unqualified = overloaded = 0
    for agency, table, seats in zip(agencies, chance, one, strict=True):
        floor, may = least_largest(agency), agency.may_go
        free = floor < 1 - 1e-9
        if is_counted:
            table, enough = by_class(agency, table)
            free &= enough
        largest = max(largest, float(table[free].max(initial=0)))
        bound = max(bound, float(floor[free].max(initial=0)))
        excess = max(excess, float((table[free] / floor[free, None]).max(initial=0)))
        share = np.broadcast_to((agency.officers / np.maximum(may.sum(axis=1), 1))[:, None], may.shape)[may]
        spread += entropy(table[may])
        even += entropy(share)
        never += int((table[may] <= 0).sum())
        pairs += int(may.sum())
        load = seats.sum(axis=0)
        gap = max(gap, int(load.max() - load.min()))
        open_seats += int(np.maximum(agency.officers - seats.sum(axis=1), 0).sum())
        barred += int(seats[~may].sum() + np.maximum(seats - 1, 0).sum())
        unqualified += int(((seats * agency.qualifies).sum(axis=1) < agency.qualified).sum())
        by_month = np.zeros_like(agency.capacity)
        np.add.at(by_month.T, agency.month, seats.astype(by_month.dtype))
        overloaded += int((by_month > agency.capacity).sum())
    return Quality(
        largest=largest,
        bound=bound,
        excess=excess,
        entropy=100 * spread / even,
        never=100 * never / pairs,
        load_gap=gap,
        open_seats=open_seats,
        barred=barred,
        unqualified=unqualified,
        overloaded=overloaded,
    )


def entropy(chances: Array) -> float:
    inside = chances[chances > 0]
    return float(-(inside * np.log(inside)).sum())
