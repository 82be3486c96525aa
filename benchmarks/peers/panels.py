"""Firm selection as a panel: firms of 4 tiers and 6 trades, seats by trade, tiers rising; and the published pools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

TIER_MIX, TIER_WEIGHT = (0.486, 0.415, 0.064, 0.035), (1.0, 2.0, 5.0, 10.0)
TRADE_MIX, TRADE_SHARE = (0.35, 0.25, 0.15, 0.12, 0.08, 0.05), (0.03, 0.05, 0.05, 0.08, 0.1, 0.2)
"""Trades, and the share of each that its task visits."""


@dataclass(frozen=True)
class Panel:
    """Types of firms alike, and two sets of quotas over them.

    Attributes:
        size, weight: firms of a type and their fair share, (n_types,).
        feature: values of the two features of a type, (n_types, 2).
        quota: rows (feature, value, least, most); ``seats`` in all.
        columns, eligible: whole seats of our model and the types that may fill them, (n_types, n_columns).
        lower, upper: least and most members of a type, (n_types,).
    """

    size: Array
    weight: Array
    feature: Array
    quota: Array
    seats: int
    columns: Array
    eligible: Array
    lower: Array
    upper: Array

    @property
    def type_of(self) -> Array:
        """Type of each firm, (n_firms,)."""
        return np.repeat(np.arange(len(self.size)), self.size)

    def write(self, path: Path) -> None:
        np.savez(path, **{name: getattr(self, name) for name in Panel.__dataclass_fields__})

    @classmethod
    def read(cls, path: Path) -> Panel:
        kept = np.load(path)
        return cls(
            **{name: kept[name] for name in cls.__dataclass_fields__ if name != "seats"}, seats=int(kept["seats"])
        )

    def broken(self, members: Array) -> int:
        """Quotas that members by type miss, and by how many firms in all."""
        missed = 0
        for feature, value, least, most in self.quota.tolist():
            count = int(members[self.feature[:, feature] == value].sum())
            missed += max(0, least - count, count - most)
        return missed


def trades(firms: int) -> Panel:
    """A made-up register of about so many firms; tier totals are the floors and ceilings of our own shares."""
    from solver.spread import spread

    tier, trade = (axis.ravel() for axis in np.meshgrid(np.arange(4), np.arange(6), indexing="ij"))
    size = np.maximum(np.round(firms * np.array(TIER_MIX)[tier] * np.array(TRADE_MIX)[trade]), 1).astype(np.int64)
    columns = np.array([-(-int(size[trade == k].sum() * 100 * share) // 100) for k, share in enumerate(TRADE_SHARE)])
    eligible = trade[:, None] == np.arange(6)[None, :]
    weight = size * np.array(TIER_WEIGHT)[tier]
    lower, upper = np.zeros_like(size), size
    flow = spread(columns, eligible, weight, lower * 1_000_000, upper * 1_000_000).sum(axis=1)
    tiers = np.array([flow[tier == t].sum() for t in range(4)])
    quota = [(0, t, total // 1_000_000, -(-total // 1_000_000)) for t, total in enumerate(tiers.tolist())]
    quota += [(1, k, total, total) for k, total in enumerate(columns.tolist())]
    feature = np.column_stack([tier, trade])
    return Panel(size, weight, feature, np.array(quota), int(columns.sum()), columns, eligible, lower, upper)


def published(n: int, k: int) -> Panel:
    """Alternate(n, k) of Flanigan, Gölz, Gupta, Hennig, Procaccia, Nature 596 (2021), M8: everybody can have k/n."""
    size, least = np.array([n // 2, n // 2 - 1, 1]), k // 2 - 1
    feature = np.array([[0, 0], [1, 1], [1, 0]])
    quota = np.array([(f, v, least, k) for f in (0, 1) for v in (0, 1)])
    upper = np.array([k - least, k - least, 1])
    lower, everybody = np.array([least, least, 0]), np.ones((3, 1), bool)
    return Panel(size, size.astype(float), feature, quota, k, np.array([k]), everybody, lower, upper)
