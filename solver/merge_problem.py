"""What the merge of one region is given and what it answers: arrays and indices only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

MILLION = 1_000_000
"""Flows and bounds are whole numbers of millionths of a visit (PROTOCOL 2)."""

JointCount = Literal["visits", "firms", "tasks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeProblem:
    """The tasks of one region and the firms subject to them, firms alike in their tasks taken together (a signature).

    Attributes:
        totals: firms each task visits, (n_tasks,).
        windows: months a task may be done in, (n_tasks, n_months).
        resources: what a task takes, (n_tasks, n_resources); the first ``n_agencies`` columns are agencies taking
            part, the others pairs of agency and qualification it needs.
        n_agencies: how many resources are agencies.
        seats_per_visit: officers of a resource one visit takes, (n_resources,).
        seats: officers' seats there are, (n_resources, n_months).
        conflicts: resources that may not meet in one visit, symmetric (n_resources, n_resources).
        items: items checked by a task, (n_tasks,); items of merged tasks add up.
        signatures: tasks the firms of a signature are subject to, (n_signatures, n_tasks).
        lower: least expected visits of all firms of a signature, millionths, (n_signatures,).
        upper: most expected visits of the same, millionths, (n_signatures,); a firm has at most one visit.
        weight: fair share of a signature, relative, (n_signatures,).
        covers: whether visits to the signature count as coverage, (n_signatures,).
        coverage: whole visits that must fall on ``covers``.
        joint: least share of joint visits, (numerator, denominator).
        joint_counted_by: visits and firms are the same here (one visit per firm and draw); tasks counts combinations.
        most_agencies: most agencies in one visit.
        most_items: most items in one visit.
    """

    totals: Ints
    windows: Bools
    resources: Bools
    n_agencies: int
    seats_per_visit: Ints
    seats: Ints
    conflicts: Bools
    items: Ints
    signatures: Bools
    lower: Ints
    upper: Ints
    weight: Floats
    covers: Bools
    coverage: int
    joint: tuple[int, int]
    joint_counted_by: JointCount
    most_agencies: int
    most_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Which tasks are done together, how often, and in which months.

    Attributes:
        combinations: tasks of a combination, (n_combinations, n_tasks), in lexical order of their task indices.
        visits: whole visits by month, (n_combinations, n_months), only in months all tasks of it are open.
        eligible: signatures whose firms are subject to all tasks of it, (n_signatures, n_combinations).
        bound: no plan has fewer visits (lower bound by linear programming, rounded up).
    """

    combinations: Bools
    visits: Ints
    eligible: Bools
    bound: int


RuleKind = Literal["task_total", "coverage", "joint", "seats", "lower", "upper", "window", "limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortRule:
    """A rule that cannot be met, and by how much.

    Attributes:
        kind: which rule.
        index: the task, signature or resource it is about; -1 when it is about the region.
        months: months concerned (seats only).
        required: what the rule asks: visits, seats, or millionths of a visit (lower, upper).
        attainable: the most (upper: the least) that can be had, same unit.
    """

    kind: RuleKind
    index: int
    months: tuple[int, ...] = ()
    required: int
    attainable: int

    @property
    def short(self) -> int:
        """By how much the rule is missed, in its own unit."""
        return abs(self.required - self.attainable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """One change of one rule: ``kind`` of ``index`` moved from ``current`` to ``proposed`` (months for a window)."""

    kind: RuleKind
    index: int
    months: tuple[int, ...] = ()
    current: int
    proposed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """Changes that, made together, make the plan possible; ``is_checked`` when a plan was found under them."""

    changes: tuple[Relief, ...]
    is_checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Why no plan keeps all rules: the rules in conflict, and changes that would help, cheapest first."""

    rules: tuple[ShortRule, ...]
    relaxations: tuple[Relaxation, ...]
