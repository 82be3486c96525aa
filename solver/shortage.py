"""When no plan keeps all rules: which rule is short, by how much, and which change would make a plan possible.

First inequalities that need no search; else a linear program in which every rule may be broken at a price. Changes are
then sought one kind of rule at a time, the others kept, and each proposal is tried before it is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from solver.master import Master
from solver.merge_problem import MILLION, Ints, MergeProblem, Relaxation, Relief, RuleKind, Shortage, ShortRule
from solver.relaxed import Column, Relaxed

RELAXED, HARD = 10.0, 2_000.0
"""Price, in visits, of breaking a rule of the kind being relaxed, and of one that is to be kept."""

BASIS = 10_000
"""A joint share is proposed in hundredths of a per cent."""

KINDS: tuple[RuleKind, ...] = ("seats", "coverage", "joint", "task_total", "lower", "upper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Where the search for a plan ended: resources kept month by month, visits found, and what stayed broken."""

    tight: tuple[int, ...] = ()
    seeds: tuple[Column, ...] = ()
    broken: tuple[tuple[tuple[RuleKind, int, int], float], ...] = ()


Search = Callable[[MergeProblem], object]
"""Looks for a merge: anything but a ``Stuck`` means that one was found."""


def shortfalls(problem: MergeProblem) -> tuple[ShortRule, ...]:
    """Return rules that plain inequalities show to be short; none means that only a search can tell."""
    return (
        *_impossible_tasks(problem),
        *_too_few_firms(problem),
        *_too_little_coverage(problem),
        *_owed_too_much(problem),
        *_too_few_seats(problem),
    )


def _impossible_tasks(problem: MergeProblem) -> Iterable[ShortRule]:
    for k in np.flatnonzero(problem.totals > 0):
        used = problem.resources[k]
        agencies = int(used[: problem.n_agencies].sum())
        if not problem.windows[k].any():
            yield ShortRule(kind="window", index=int(k), required=1, attainable=0)
        if agencies > problem.most_agencies:
            yield ShortRule(kind="limits", index=int(k), required=agencies, attainable=problem.most_agencies)
        if problem.items[k] > problem.most_items:
            yield ShortRule(kind="limits", index=int(k), required=int(problem.items[k]), attainable=problem.most_items)
        clashes = int(problem.conflicts[np.ix_(used, used)].sum()) // 2
        if clashes:
            yield ShortRule(kind="limits", index=int(k), required=clashes, attainable=0)


def _too_few_firms(problem: MergeProblem) -> Iterable[ShortRule]:
    """A task visits each firm at most once, so at most the upper bounds of the firms subject to it."""
    most = problem.signatures.T.astype(np.int64) @ problem.upper // MILLION
    for k in np.flatnonzero(problem.totals > most):
        yield ShortRule(kind="task_total", index=int(k), required=int(problem.totals[k]), attainable=int(most[k]))


def _too_little_coverage(problem: MergeProblem) -> Iterable[ShortRule]:
    """Visits to covering firms are at most the checks that can be made there, and at most those firms' bounds."""
    checks = int(problem.totals[problem.signatures[problem.covers].any(axis=0)].sum())
    reachable = problem.covers & (problem.signatures & (problem.totals > 0)).any(axis=1)
    most = min(checks, int(problem.upper[reachable].sum()) // MILLION)
    if problem.coverage > most:
        yield ShortRule(kind="coverage", index=-1, required=problem.coverage, attainable=most)


def _owed_too_much(problem: MergeProblem) -> Iterable[ShortRule]:
    most = np.minimum(problem.signatures.astype(np.int64) @ problem.totals * MILLION, problem.upper)
    for s in np.flatnonzero(problem.lower > most):
        yield ShortRule(kind="lower", index=int(s), required=int(problem.lower[s]), attainable=int(most[s]))


def _too_few_seats(problem: MergeProblem) -> Iterable[ShortRule]:
    """Visits of a resource confined to a run of months are at least its largest task there, and its items' share."""
    n_months = problem.windows.shape[1]
    first = np.where(problem.windows.any(axis=1), problem.windows.argmax(axis=1), n_months)
    last = n_months - 1 - problem.windows[:, ::-1].argmax(axis=1)
    for r in np.flatnonzero(problem.resources.any(axis=0)):
        for start, end in sorted({(int(first[k]), int(last[k])) for k in np.flatnonzero(problem.resources[:, r])}):
            inside = problem.resources[:, r] & (first >= start) & (last <= end) & (problem.totals > 0)
            if start == n_months or not inside.any():
                continue
            open_months = np.flatnonzero(problem.windows[inside].any(axis=0))
            by_items = -(-int((problem.totals * problem.items)[inside].sum()) // problem.most_items)
            need = max(int(problem.totals[inside].max()), by_items) * int(problem.seats_per_visit[r])
            have = int(problem.seats[r, open_months].sum())
            if need > have:
                months = tuple(int(m) for m in open_months)
                yield ShortRule(kind="seats", index=int(r), months=months, required=need, attainable=have)


def explain(problem: MergeProblem, plain: tuple[ShortRule, ...], stuck: Stuck, search: Search) -> Shortage:
    """Say what is short and which changes would help.

    Args:
        problem: has no plan.
        plain: what inequalities have shown already.
        stuck: where the search ended.
        search: tries a changed problem.
    """
    rules = plain or tuple(_rule(problem, key, amount) for key, amount in stuck.broken)
    found: list[Relaxation] = []
    for kind in KINDS:
        relaxation = _relax(problem, kind, stuck, search)
        if relaxation is not None:
            found.append(relaxation)
    widened = _widen(problem, rules, stuck, search)
    if widened is not None:
        found.append(widened)
    # What was not shown to work is reported only where nothing else was found.
    kept = [r for r in found if r.is_checked] or found
    return Shortage(rules=rules, relaxations=tuple(sorted(kept, key=lambda r: len(r.changes))))


def _rule(problem: MergeProblem, key: tuple[RuleKind, int, int], amount: float) -> ShortRule:
    """A broken row as a short rule, in the rule's own unit."""
    kind, index, month = key
    months = (month,) if month >= 0 else ()
    size = _amount(kind, amount)
    required = _current(problem, kind, index, months)
    sign = -1 if kind in ("upper", "seats") else 1
    if kind == "seats":
        return ShortRule(kind=kind, index=index, months=months, required=required + size, attainable=required)
    return ShortRule(kind=kind, index=index, months=months, required=required, attainable=required - sign * size)


def _amount(kind: RuleKind, amount: float) -> int:
    unit = MILLION if kind in ("lower", "upper") else 1
    return max(1, int(np.ceil(amount * unit - 1e-4 * unit)))


def _current(problem: MergeProblem, kind: RuleKind, index: int, months: tuple[int, ...]) -> int:
    if kind == "task_total":
        return int(problem.totals[index])
    if kind == "coverage":
        return problem.coverage
    if kind == "joint":
        return problem.joint[0] * BASIS // problem.joint[1]
    if kind == "seats":
        return int(problem.seats[index, list(months)].sum())
    return int((problem.lower if kind == "lower" else problem.upper)[index])


def _relax(problem: MergeProblem, kind: RuleKind, stuck: Stuck, search: Search) -> Relaxation | None:
    """The least change of rules of one kind, the others kept; None when that kind alone cannot help."""
    tight = tuple(int(r) for r in np.flatnonzero(problem.resources.any(axis=0))) if kind == "seats" else stuck.tight
    master = Master(problem, tight=tight, penalties=dict.fromkeys(KINDS, HARD) | {kind: RELAXED})
    master.start(stuck.seeds)
    answer = master.solve()
    if answer is None or not answer.broken or any(key[0] != kind for key in answer.broken):
        return None
    for extra in (0, 1, 4, 16):
        changes = _changes(problem, answer, kind, extra)
        if not isinstance(search(applied(problem, changes)), Stuck):
            return Relaxation(changes=changes, is_checked=True)
    return Relaxation(changes=_changes(problem, answer, kind, 0), is_checked=False)


def _changes(problem: MergeProblem, answer: Relaxed, kind: RuleKind, extra: int) -> tuple[Relief, ...]:
    """What was broken as proposals, ``extra`` units looser."""
    changes = []
    visits = sum(answer.visits.values())
    for (_, index, month), amount in sorted(answer.broken.items()):
        months = (month,) if month >= 0 else ()
        current = _current(problem, kind, index, months)
        unit = MILLION if kind in ("lower", "upper") else 1
        size = _amount(kind, abs(amount)) + extra * unit
        if kind == "joint":
            size = int(np.ceil(abs(amount) * BASIS / max(visits, 1.0))) + 1 + extra * 10
        if kind == "seats":
            per = int(problem.seats_per_visit[index])
            size = -(-size // per) * per
        rises = kind in ("seats", "upper") or (kind == "task_total" and amount < 0)
        proposed = current + size if rises else max(0, current - size)
        changes.append(Relief(kind=kind, index=index, months=months, current=current, proposed=proposed))
    return tuple(changes)


def applied(problem: MergeProblem, changes: Iterable[Relief]) -> MergeProblem:
    """Return the problem with the changes made."""
    totals, seats = problem.totals.copy(), problem.seats.copy()
    lower, upper, windows = problem.lower.copy(), problem.upper.copy(), problem.windows.copy()
    coverage, joint = problem.coverage, problem.joint
    for change in changes:
        if change.kind == "task_total":
            totals[change.index] = change.proposed
        elif change.kind == "seats":
            seats[change.index, change.months[0]] += change.proposed - change.current
        elif change.kind == "lower":
            lower[change.index] = change.proposed
        elif change.kind == "upper":
            upper[change.index] = change.proposed
        elif change.kind == "window":
            windows[change.index, list(change.months)] = True
        elif change.kind == "coverage":
            coverage = change.proposed
        elif change.kind == "joint":
            joint = (change.proposed, BASIS)
    return replace(
        problem, totals=totals, seats=seats, lower=lower, upper=upper, windows=windows, coverage=coverage, joint=joint
    )


def _widen(problem: MergeProblem, rules: Iterable[ShortRule], stuck: Stuck, search: Search) -> Relaxation | None:
    """Longer windows for the tasks of resources short of seats, only where visits would use them."""
    short = sorted({rule.index for rule in rules if rule.kind == "seats"})
    tasks = np.flatnonzero(problem.resources[:, short].any(axis=1) & (problem.totals > 0))
    months = np.flatnonzero(problem.windows.any(axis=0))
    everywhere = _windows_changes(problem, tasks, months)
    if not everywhere:
        return None
    wide = applied(problem, everywhere)
    master = Master(wide, tight=tuple(sorted({*stuck.tight, *short})), penalties=dict.fromkeys(KINDS, HARD))
    master.start(stuck.seeds)
    answer = master.solve()
    if answer is None or answer.broken:
        return None
    used: dict[int, set[int]] = {}
    for column in answer.visits:
        for k in column.tasks if column.month >= 0 else ():
            if not problem.windows[k, column.month]:
                used.setdefault(k, set()).add(column.month)
    for changes in (_only(everywhere, used), everywhere):
        if changes and not isinstance(search(applied(problem, changes)), Stuck):
            return Relaxation(changes=changes, is_checked=True)
    return None


def _windows_changes(problem: MergeProblem, tasks: Ints, months: Ints) -> tuple[Relief, ...]:
    changes = []
    for k in tasks:
        added = tuple(int(m) for m in months if not problem.windows[k, m])
        if added:
            current = int(problem.windows[k].sum())
            changes.append(
                Relief(kind="window", index=int(k), months=added, current=current, proposed=current + len(added))
            )
    return tuple(changes)


def _only(changes: tuple[Relief, ...], used: dict[int, set[int]]) -> tuple[Relief, ...]:
    """The window changes cut down to the months that visits use."""
    kept = []
    for change in changes:
        months = tuple(m for m in change.months if m in used.get(change.index, set()))
        if months:
            kept.append(replace(change, months=months, proposed=change.current + len(months)))
    return tuple(kept)
