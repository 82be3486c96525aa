"""Smallest sets of rules that no plan keeps together: without any one of them the others can be kept.

A deletion filter (Chinneck and Dravnieks 1991) over rules: drop one, and where the rest still conflicts leave it out
for good. Totals of tasks, and their windows, are first dropped all at once, then one by one where they are few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set

from solver.merge_problem import Rule, RuleKind

FEW = 12
"""Rules of one kind that are tried one by one; of more, halves are tried, then the rest is told as one side."""

MOST_TRIES = 16
"""Parts of one side that are left out on trial before all of it is told."""

ORDER: tuple[RuleKind, ...] = (
    "most_items",
    "most_agencies",
    "merge",
    "window",
    "seats",
    "lower",
    "joint",
    "upper",
    "coverage",
    "task_total",
)
"""Kinds of rules in the order they are tried, so that the numbers of tasks are blamed last."""

SHAPING: frozenset[RuleKind] = frozenset({"most_items", "most_agencies", "merge", "window"})
"""Rules that decide what one visit may hold."""

Impossible = Callable[[Set[Rule]], frozenset[Rule] | None]
"""Rules among those given that no plan keeps together; None where a plan keeps all that are given."""


def smallest_conflict(rules: Iterable[Rule], impossible: Impossible) -> tuple[tuple[Rule, ...], ...] | None:
    """Return the sides of one conflict, or None when there is none; each side is one rule or many of tasks."""
    core = impossible(frozenset(rules))
    if core is None:
        return None
    # Most conflicts do not depend on what one visit may hold: those rules are first left out together.
    shaping = frozenset(rule for rule in core if rule.kind in SHAPING)
    core = impossible(core - shaping) or core
    for side in _sides(core):
        present = core.intersection(side)
        if present and present != core:
            core = impossible(core - present) or core
    for kind in ("window", "task_total"):
        core = _fewer(core, [rule for rule in sorted(core) if rule.kind == kind], impossible)
    return _sides(core, apart=FEW)


def _fewer(core: frozenset[Rule], members: list[Rule], impossible: Impossible) -> frozenset[Rule]:
    """Leave out members of one side that the conflict does not need, where few remain; else tell all of them."""
    whole, start, step = core, 0, len(members) // 2
    for _ in range(MOST_TRIES):
        if len(members) <= FEW or not step:
            break
        smaller = impossible(core - frozenset(members[start : start + step]))
        if smaller is None:
            start += step
            if start >= len(members):
                start, step = 0, step // 2
        else:
            core = smaller
            members = [rule for rule in members if rule in core]
            start, step = 0, min(step, len(members) // 2)
    if len(members) > FEW:
        return whole
    for rule in members:
        if rule in core:
            core = impossible(core - {rule}) or core
    return core


def _sides(core: Iterable[Rule], apart: int = 0) -> tuple[tuple[Rule, ...], ...]:
    """Rules by side, in the order they are tried; those of tasks together unless they are few."""
    sides: list[tuple[Rule, ...]] = []
    for kind in ORDER:
        members = sorted(rule for rule in core if rule.kind == kind)
        together = kind in ("window", "task_total") and len(members) > apart
        sides += [tuple(members)] if together else [(rule,) for rule in members]
    return tuple(side for side in sides if side)


def conflicts(rules: Iterable[Rule], impossible: Impossible, most: int) -> list[tuple[tuple[Rule, ...], ...]]:
    """Return conflicts that share no rule but totals and windows of tasks, one after another, at most so many."""
    left = frozenset(rules)
    found: list[tuple[tuple[Rule, ...], ...]] = []
    while len(found) < most:
        sides = smallest_conflict(left, impossible)
        if sides is None:
            break
        found.append(sides)
        blamed = {rule for side in sides for rule in side if rule.kind not in ("window", "task_total")}
        left -= frozenset(blamed or {rule for side in sides for rule in side})
    return found
