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
class TierBounds:
    """How the tiers' rules make up the bounds of signatures, all (n_tiers, n_signatures), millionths of a visit.

    Attributes:
        lower: what a tier's minimum adds to a signature's least visits.
        upper: what a tier's maximum leaves to its firms of a signature.
        firms: the same if every firm may be visited.
    """

    lower: Ints
    upper: Ints
    firms: Ints


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
        tiers: how tiers' rules make up ``lower`` and ``upper``; None where each signature has rules of its own.
        seats_per_officer: seats one more officer would give, (n_resources, n_months), or None where nobody knows.
        n_lone: resources at the end that stand for a task's right to a visit of its own (the policy does not merge).
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
    tiers: TierBounds | None = None
    seats_per_officer: Ints | None = None
    n_lone: int = 0


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


RuleKind = Literal[
    "task_total",
    "coverage",
    "joint",
    "seats",
    "lower",
    "upper",
    "window",
    "merge",
    "most_agencies",
    "most_items",
    "limits",
    "officers",
]
"""Kinds of rules; ``limits`` (two qualifications at once) is no policy's to change, ``officers`` is a remedy only."""


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One rule: of a task, a resource, a tier (a signature where tiers are not known); -1 where of the region."""

    kind: RuleKind
    index: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortRule:
    """One side of a conflict: a rule, or like rules of several tasks, that cannot be kept beside the others.

    Attributes:
        kind: which rule.
        indices: the tasks, resource or tier it is about; empty when it is about the region.
        months: months concerned (seats only).
        required: what the rule asks: visits, seats, millionths of a visit (lower, upper), hundredths of a per cent
            (joint); None where it has no amount.
        attainable: the most (upper, seats: the least) that the other sides leave, same unit.
    """

    kind: RuleKind
    indices: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    required: int | None = None
    attainable: int | None = None

    @property
    def short(self) -> int:
        """By how much the rule is missed, in its own unit; 0 where it has no amount."""
        return 0 if self.required is None or self.attainable is None else abs(self.required - self.attainable)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that stand on this side."""
        return tuple(Rule(self.kind, index) for index in self.indices) or (Rule(self.kind),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Rules no plan keeps together; without any one side the others can be kept.

    ``is_proven`` is False where a search found no plan but nothing proves that there is none.
    """

    sides: tuple[ShortRule, ...]
    is_proven: bool = True

    @property
    def rules(self) -> frozenset[Rule]:
        """All rules of all sides."""
        return frozenset(rule for side in self.sides for rule in side.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """One change of one rule: ``kind`` of ``index`` moved from ``current`` to ``proposed`` (months for a window).

    Tier bounds are in millionths of the tier's firms, joint shares in hundredths of a per cent, officers in officers.
    """

    kind: RuleKind
    index: int
    months: tuple[int, ...] = ()
    current: int
    proposed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """Changes that, made together, make the plan possible: one was found under them."""

    changes: tuple[Relief, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Why no plan keeps all rules: the conflicts among them, and changes that would help, cheapest first."""

    conflicts: tuple[Conflict, ...]
    relaxations: tuple[Relaxation, ...]
