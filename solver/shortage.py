"""When no plan keeps all rules: which rules conflict, by how much, and which change would make a plan possible.

First inequalities that need no search; then the smallest conflicts (solver/conflict.py), proven by a linear program at
any size and exactly on small problems; then changes of one kind of rule at a time, each tried before it is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from solver.conflict import Impossible, conflicts
from solver.elastic import Elastic
from solver.exact_search import Listed, exact_plan, listed
from solver.merge_problem import MILLION, Conflict, Merge, MergeProblem, Rule, RuleKind, Shortage, ShortRule
from solver.relaxed import Column, Kind
from solver.relief import Try, cost, relaxations
from solver.rule_drop import BASIS, rules_of, tier_bounds, without
from solver.trial import trial_plan

MOST_CONFLICTS = 4
"""Conflicts told at once; when they are mended, more may show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Where the search for a plan ended: resources kept month by month, and visits found."""

    tight: tuple[int, ...] = ()
    seeds: tuple[Column, ...] = ()


Search = Callable[[MergeProblem, Sequence[Column]], object]
"""Looks for a merge, given visits to begin with: anything but a ``Stuck`` means that one was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A rule that an inequality shows to be short: what it asks for, and the most (or least) that can be had."""

    rule: Rule
    required: int
    attainable: int


def shortfalls(problem: MergeProblem) -> tuple[Gap, ...]:
    """Return rules that plain inequalities show to be short; none means that only a search can tell."""
    return (
        *_impossible_tasks(problem),
        *_too_few_firms(problem),
        *_too_little_coverage(problem),
        *_owed_too_much(problem),
        *_too_few_seats(problem),
    )


def _impossible_tasks(problem: MergeProblem) -> Iterable[Gap]:
    for k in np.flatnonzero(problem.totals > 0):
        used = problem.resources[k]
        agencies = int(used[: problem.n_agencies].sum())
        if not problem.windows[k].any():
            yield Gap(rule=Rule("window", int(k)), required=1, attainable=0)
        if agencies > problem.most_agencies:
            yield Gap(rule=Rule("most_agencies"), required=agencies, attainable=problem.most_agencies)
        if problem.items[k] > problem.most_items:
            yield Gap(rule=Rule("most_items"), required=int(problem.items[k]), attainable=problem.most_items)
        clashes = int(problem.conflicts[np.ix_(used, used)].sum()) // 2
        if clashes:
            yield Gap(rule=Rule("limits", int(k)), required=clashes, attainable=0)


def _too_few_firms(problem: MergeProblem) -> Iterable[Gap]:
    """A task visits each firm at most once, so at most the upper bounds of the firms subject to it."""
    most = problem.signatures.T.astype(np.int64) @ problem.upper // MILLION
    for k in np.flatnonzero(problem.totals > most):
        yield Gap(rule=Rule("task_total", int(k)), required=int(problem.totals[k]), attainable=int(most[k]))


def _too_little_coverage(problem: MergeProblem) -> Iterable[Gap]:
    """Visits to covering firms are at most the checks that can be made there, and at most those firms' bounds."""
    checks = int(problem.totals[problem.signatures[problem.covers].any(axis=0)].sum())
    reachable = problem.covers & (problem.signatures & (problem.totals > 0)).any(axis=1)
    most = min(checks, int(problem.upper[reachable].sum()) // MILLION)
    if problem.coverage > most:
        yield Gap(rule=Rule("coverage"), required=problem.coverage, attainable=most)


def _owed_too_much(problem: MergeProblem) -> Iterable[Gap]:
    most = np.minimum(problem.signatures.astype(np.int64) @ problem.totals * MILLION, problem.upper)
    for s in np.flatnonzero(problem.lower > most):
        yield Gap(rule=Rule("lower", int(s)), required=int(problem.lower[s]), attainable=int(most[s]))


def _too_few_seats(problem: MergeProblem) -> Iterable[Gap]:
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
                yield Gap(rule=Rule("seats", int(r)), required=need, attainable=have)


def settle(problem: MergeProblem, stuck: Stuck, search: Search) -> Merge | Shortage:
    """Say which rules conflict and which changes would help; a plan after all where an exact search finds one.

    Args:
        problem: rounding found no plan for it.
        stuck: where the search ended.
        search: tries a changed problem.
    """
    rules = rules_of(problem)
    small = listed(problem)
    if small is not None:
        plan = exact_plan(small, frozenset(rules), fewest=True)
        if isinstance(plan, Merge):
            return plan
    scarce = {gap.rule.index for gap in shortfalls(problem) if gap.rule.kind == "seats"}
    program = Elastic(problem, tuple(sorted({*stuck.tight, *scarce})), stuck.seeds)
    impossible = program.impossible if small is None else _exactly(small)
    found = conflicts(rules, impossible, MOST_CONFLICTS)
    told = tuple(Conflict(sides=tuple(_side(program, side, of) for side in of)) for of in found)

    def tried(changed: MergeProblem, seeds: Sequence[Column]) -> Mapping[Kind, int] | None:
        return None if shortfalls(changed) else trial_plan(changed, seeds, program.tight)

    if not told:
        told = _suspected(program, tried)
    blamed = frozenset(rule for conflict in told for rule in conflict.rules)
    kinds: set[RuleKind] = {rule.kind for rule in blamed}
    helping = sorted(relaxations(program, kinds, tried, blamed), key=lambda one: cost(problem, one))
    return Shortage(conflicts=told, relaxations=tuple(helping))


def _suspected(program: Elastic, tried: Try) -> tuple[Conflict, ...]:
    """Rules without one of which a plan is found, where expected visits keep all rules and no whole ones were found."""
    problem = program.problem
    seeds = tuple(program.columns)
    found = [
        rule
        for rule in rules_of(problem)
        if rule.kind in ("coverage", "joint", "lower", "upper") and tried(without(problem, rule), seeds) is not None
    ]
    if not found:
        found = [rule for rule in rules_of(problem) if rule.kind == "seats" and rule.index in program.tight]
    sides = tuple(_plain(rule) for rule in found)
    return (Conflict(sides=sides, is_proven=False),) if sides else ()


def _plain(rule: Rule) -> ShortRule:
    return ShortRule(kind=rule.kind, indices=(rule.index,) if rule.index >= 0 else ())


def _exactly(small: Listed) -> Impossible:
    """The exact search as a judge of sets of rules."""

    def impossible(kept: Set[Rule]) -> frozenset[Rule] | None:
        return frozenset(kept) if exact_plan(small, kept) is False else None

    return impossible


def _side(program: Elastic, side: tuple[Rule, ...], sides: Sequence[tuple[Rule, ...]]) -> ShortRule:
    """One side of a conflict with its amounts: what the rule asks, and what the other sides leave."""
    problem, rule = program.problem, side[0]
    kept = frozenset(each for of in sides for each in of)
    indices = tuple(each.index for each in side if each.index >= 0)
    plain = ShortRule(kind=rule.kind, indices=indices)
    if len(side) > 1 or rule.kind in ("window", "merge", "most_agencies", "most_items"):
        return plain
    if rule.kind == "joint":
        best = None if problem.joint_counted_by == "tasks" else program.greatest_joint(kept - {rule})
        required = -(-problem.joint[0] * BASIS // problem.joint[1])
        return replace(plain, required=required, attainable=None if best is None else int(best[0] * BASIS + 1e-6))
    if rule.kind == "seats":
        return _seats_side(program, plain, kept)
    answer = program.bend(kept, {rule: 1.0})
    if answer is None or answer.broken > 1e-4:
        return plain
    return _with_amount(problem, plain, rule, answer.amounts)


def _with_amount(
    problem: MergeProblem, plain: ShortRule, rule: Rule, amounts: dict[tuple[Rule, int], float]
) -> ShortRule:
    tiers, amount = tier_bounds(problem), amounts.get((rule, -1), 0.0)
    if rule.kind == "coverage":
        return replace(plain, required=problem.coverage, attainable=problem.coverage - int(np.ceil(amount - 1e-6)))
    if rule.kind == "task_total":
        total = int(problem.totals[rule.index])
        more = amounts.get((rule, 1), 0.0)
        attainable = total - int(np.ceil(amount - 1e-6)) if amount > more else total + int(np.ceil(more - 1e-6))
        return replace(plain, required=total, attainable=attainable)
    bound = int((tiers.lower if rule.kind == "lower" else tiers.upper)[rule.index].sum())
    room = -bound if rule.kind == "lower" else int((tiers.firms - tiers.upper)[rule.index].sum())
    return replace(plain, required=bound, attainable=bound + round(amount * room))


def _seats_side(program: Elastic, plain: ShortRule, kept: Set[Rule]) -> ShortRule:
    resource = plain.indices[0]
    if resource not in program.tight:
        return plain
    months, missing = program.seats_missing(kept, resource)
    per = int(program.problem.seats_per_visit[resource])
    short = -(-int(np.ceil(missing - 1e-6)) // per) * per
    have = int(program.problem.seats[resource, list(months)].sum())
    return replace(plain, months=months, required=have + short, attainable=have)
