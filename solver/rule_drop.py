"""What a merge problem is without some of its rules, and with some of them changed."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

import numpy as np

from solver.merge_problem import MILLION, Bools, Ints, MergeProblem, Relief, Rule, TierBounds
from solver.relaxed import Column

BASIS = 10_000
"""A joint share is proposed in hundredths of a per cent."""

ANY = 1 << 40
"""Millionths of a visit that stand for no bound."""

MANY = 1_000_000
"""Agencies, items or seats that stand for no bound."""


def rules_of(problem: MergeProblem) -> tuple[Rule, ...]:
    """Every rule of the problem that somebody could change, in a fixed order; those that ask for nothing left out."""
    tiers = tier_bounds(problem)
    asked = np.flatnonzero(problem.totals > 0)
    rules = [Rule("most_agencies"), Rule("most_items")]
    rules += [Rule("merge")] if problem.n_lone else []
    rules += [Rule("window", int(k)) for k in asked if not problem.windows[k].all()]
    rules += [Rule("seats", int(r)) for r in _limited(problem, asked)]
    rules += [Rule("lower", int(t)) for t in np.flatnonzero(tiers.lower.any(axis=1))]
    rules += [Rule("upper", int(t)) for t in np.flatnonzero((tiers.upper < tiers.firms).any(axis=1))]
    rules += [Rule("coverage")] if problem.coverage > 0 else []
    rules += [Rule("joint")] if problem.joint[0] > 0 else []
    return (*rules, *(Rule("task_total", int(k)) for k in asked))


def _limited(problem: MergeProblem, asked: Ints) -> Ints:
    used: Bools = np.any(problem.resources[asked], axis=0)
    used[problem.resources.shape[1] - problem.n_lone :] = False
    return np.flatnonzero(used)


def tier_bounds(problem: MergeProblem) -> TierBounds:
    """The bounds by tier; where tiers are not known each signature is one of its own, whose firms nothing counts."""
    if problem.tiers is not None:
        return problem.tiers
    n = len(problem.signatures)
    firms = np.zeros((n, n), np.int64)
    np.fill_diagonal(firms, np.maximum(problem.upper, ANY))
    return TierBounds(lower=np.diag(problem.lower), upper=np.diag(problem.upper), firms=firms)


def signature_bounds(problem: MergeProblem, dropped: Set[Rule]) -> tuple[Ints, Ints]:
    """Least and most visits of signatures without some tiers' rules, millionths, each (n_signatures,)."""
    tiers = tier_bounds(problem)
    n = len(tiers.lower)
    owed = np.array([Rule("lower", t) not in dropped for t in range(n)], bool)
    capped = np.array([Rule("upper", t) not in dropped for t in range(n)], bool)
    lower: Ints = tiers.lower[owed].sum(axis=0)
    upper: Ints = tiers.upper[capped].sum(axis=0) + tiers.firms[~capped].sum(axis=0)
    return lower, upper


def structure(problem: MergeProblem, dropped: Set[Rule]) -> MergeProblem:
    """The problem with what decides which visits there may be (windows, limits, merging) freed of rules dropped."""
    windows = problem.windows.copy()
    windows[[rule.index for rule in dropped if rule.kind == "window"]] = True
    return replace(
        problem,
        windows=windows,
        most_agencies=MANY if Rule("most_agencies") in dropped else problem.most_agencies,
        most_items=most_items_without(problem, dropped),
        conflicts=merging(problem) if Rule("merge") in dropped else problem.conflicts,
    )


def without(problem: MergeProblem, rule: Rule) -> MergeProblem:
    """The problem without its coverage, its joint share, or the rule of a tier."""
    lower, upper = signature_bounds(problem, {rule})
    return replace(
        problem,
        lower=lower,
        upper=upper,
        coverage=0 if rule.kind == "coverage" else problem.coverage,
        joint=(0, 1) if rule.kind == "joint" else problem.joint,
    )


def rules_against(problem: MergeProblem, column: Column) -> tuple[frozenset[Rule], ...]:
    """Sets of rules without which the visit may be made: one for its month, or for each month where it has none."""
    tasks = list(column.tasks)
    used: Bools = np.any(problem.resources[tasks], axis=0)
    against: set[Rule] = set()
    if int(used[: problem.n_agencies].sum()) > problem.most_agencies:
        against.add(Rule("most_agencies"))
    if int(problem.items[tasks].sum()) > problem.most_items:
        against.add(Rule("most_items"))
    if problem.conflicts[np.ix_(used, used)].any():
        if merging(problem)[np.ix_(used, used)].any():
            return ()
        against.add(Rule("merge"))
    months = [column.month] if column.month >= 0 else range(problem.windows.shape[1])
    return tuple(
        frozenset(against | {Rule("window", k) for k in column.tasks if not problem.windows[k, m]}) for m in months
    )


def most_items_without(problem: MergeProblem, dropped: Set[Rule]) -> int:
    """The most items of a visit; all there are where that rule is dropped."""
    every = max(int(problem.items.sum()), problem.most_items)
    return every if Rule("most_items") in dropped else problem.most_items


def merging(problem: MergeProblem) -> Bools:
    """The conflicts of resources if tasks may be merged."""
    conflicts = problem.conflicts.copy()
    first = problem.resources.shape[1] - problem.n_lone
    conflicts[first:, first:] = False
    return conflicts


def applied(problem: MergeProblem, changes: Iterable[Relief]) -> MergeProblem:
    """Return the problem with the changes made."""
    totals, seats, windows = problem.totals.copy(), problem.seats.copy(), problem.windows.copy()
    tiers = tier_bounds(problem)
    lower, upper = tiers.lower.copy(), tiers.upper.copy()
    fields: dict[str, object] = {}
    for change in changes:
        index, months = change.index, list(change.months)
        if change.kind == "task_total":
            totals[index] = change.proposed
        elif change.kind == "seats":
            seats[index, months] += change.proposed - change.current
        elif change.kind == "officers" and problem.seats_per_officer is not None:
            seats[index] += (change.proposed - change.current) * problem.seats_per_officer[index]
        elif change.kind == "window":
            windows[index, months] = True
        elif change.kind in ("lower", "upper"):
            bound, is_lower = (lower, True) if change.kind == "lower" else (upper, False)
            if problem.tiers is None:
                bound[index, index] = change.proposed
            else:
                bound[index] = share_of(tiers.firms[index], change.proposed, up=is_lower)
        elif change.kind == "coverage":
            fields["coverage"] = change.proposed
        elif change.kind == "joint":
            fields["joint"] = (change.proposed, BASIS)
        elif change.kind in ("most_agencies", "most_items"):
            fields[change.kind] = change.proposed
        elif change.kind == "merge":
            fields["conflicts"] = merging(problem)
    changed = TierBounds(lower=lower, upper=upper, firms=tiers.firms)
    known = None if problem.tiers is None else changed
    return replace(
        problem,
        totals=totals,
        seats=seats,
        windows=windows,
        lower=lower.sum(axis=0),
        upper=upper.sum(axis=0),
        tiers=known,
        **fields,  # type: ignore[arg-type]
    )


def share_of(firms: Ints, share: int, *, up: bool) -> Ints:
    """So many millionths of these firms (given in millionths), exactly, whole millionths rounded up or down."""
    exact = [int(each) * share for each in firms]
    return np.array([-(-each // MILLION) if up else each // MILLION for each in exact], dtype=np.int64)
