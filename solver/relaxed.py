"""What the linear program of the merge answers: expected visits, broken rules, prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.merge_problem import MILLION, Floats, Ints, RuleKind

Kind = tuple[tuple[int, ...], int]
"""Tasks done together, and the month (-1 when months are chosen later)."""


@dataclass(frozen=True, slots=True, order=True)
class Column:
    """Visits to a signature that do these tasks; ``month`` is -1 when months are chosen later."""

    tasks: tuple[int, ...]
    signature: int
    month: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """An answer of the linear program.

    Attributes:
        visits: expected visits by column, in order.
        broken: what each broken rule is broken by.
        objective: visits, and the price of broken rules.
        bound: no answer has a lower objective.
        poor: sets of signatures that together hold just what they are owed, by falling price.
        full: sets of signatures that together can take no more.
    """

    visits: dict[Column, float]
    broken: dict[tuple[RuleKind, int, int], float]
    objective: float
    bound: float
    poor: tuple[tuple[int, ...], ...] = ()
    full: tuple[tuple[int, ...], ...] = ()


@dataclass(slots=True, kw_only=True)
class Prices:
    """Dual values: of tasks, signatures, joint share, resources in months, and of one visit more."""

    task: Floats
    signature: Floats
    visit: float
    joint: float = 0.0
    seat: Floats | None = None


def levels(prices: Floats) -> tuple[tuple[int, ...], ...]:
    """Return sets of signatures priced at least so high, for each price there is (at most 40)."""
    rounded = np.round(prices, 6)
    steps = sorted({float(x) for x in rounded if x > 1e-5}, reverse=True)[:40]
    return tuple(tuple(int(s) for s in np.flatnonzero(rounded >= step)) for step in steps)


def near_bounds(answer: Relaxed, lower: Ints, upper: Ints) -> tuple[int, ...]:
    """Return signatures whose expected visits are within one visit of a bound: rounding may break it."""
    visits = np.zeros(len(lower))
    for column, value in answer.visits.items():
        visits[column.signature] += value
    close = (visits * MILLION < lower + MILLION) | (visits * MILLION > upper - MILLION)
    return tuple(int(s) for s in np.flatnonzero(close))


def by_kind(answer: Relaxed) -> dict[Kind, float]:
    """Expected visits by tasks and month, over all signatures."""
    total: dict[Kind, float] = {}
    for column, value in answer.visits.items():
        kind = (column.tasks, column.month)
        total[kind] = total.get(kind, 0.0) + value
    return total
