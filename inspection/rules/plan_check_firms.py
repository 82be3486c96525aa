"""Rules of the firm draw, each a plain loop: records, frame, task totals, windows, merging, exemptions."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from inspection.model import Combination, Task
from inspection.rules.drawn_plan import MOST_EXAMPLES, Facts, RuleResult, none_of


def records_known(facts: Facts) -> RuleResult:
    """Every visit, seat, need and day refers to records of the plan."""
    return none_of("records.known", facts.unknown)


def records_unique(facts: Facts) -> RuleResult:
    """No two visits share a name, and no firm is drawn twice for a combination."""
    names = Counter(visit.visit for visit in facts.plan.visits)
    pairs = Counter((visit.firm, visit.combination) for visit in facts.plan.visits)
    repeated = [f"{name}: {count}" for name, count in names.items() if count > 1]
    repeated += [f"{firm} {combination}: {count}" for (firm, combination), count in pairs.items() if count > 1]
    return none_of("records.unique", repeated)


def frame_agrees(facts: Facts) -> RuleResult:
    """Tier and kind of every drawn firm are those of its pool."""
    breaches = []
    for firm in facts.visits_of_firm:
        name, tier, kind = facts.plan.firms[firm]
        pool = facts.pools[name]
        if (pool.tier, pool.kind) != (tier, kind):
            breaches.append(f"{firm}: {tier} {kind} / {pool.tier} {pool.kind}")
    return none_of("frame.agrees", breaches)


def tasks_total(facts: Facts) -> RuleResult:
    """Every task visits exactly as many distinct firms as it must."""
    drawn: dict[str, set[str]] = defaultdict(set)
    for visit in facts.visits.values():
        for name in facts.combination_of(visit).tasks:
            drawn[name].add(visit.firm)
    drawable = _drawable(facts)
    breaches = []
    for task in facts.plan.tasks:
        required = facts.plan.totals.get(task.task, _total_of(task, drawable[task.task]))
        if len(drawn[task.task]) != required:
            breaches.append(f"{task.task}: {len(drawn[task.task])} / {required}")
    return none_of("tasks.total", breaches)


def _drawable(facts: Facts) -> dict[str, Counter[str]]:
    """Firms that may be drawn for each task, by region."""
    firms: dict[str, Counter[str]] = defaultdict(Counter)
    for pool in facts.plan.pools:
        if not pool.exemption:
            for task in pool.tasks:
                firms[task][pool.region] += pool.size
    return firms


def _total_of(task: Task, firms: Counter[str]) -> int:
    """Firms a task visits: its count, or its ratio of those that may be drawn for it, rounded up; in each region.

    A task that names no region is done in every region that has firms for it.
    """
    if task.count is not None:
        return task.count if task.selection.region else task.count * len(firms)
    return sum(math.ceil((task.ratio or 0) * size) for size in firms.values())


def tasks_months(facts: Facts) -> RuleResult:
    """Each combination has as many visits in each month as were committed to."""
    drawn = Counter((visit.combination, visit.month) for visit in facts.visits.values())
    planned = {
        (name, month): count
        for name, combination in facts.combinations.items()
        for month, count in combination.visits.items()
    }
    return none_of(
        "tasks.months",
        (
            f"{name} {month}: {drawn[name, month]} / {planned.get((name, month), 0)}"
            for name, month in sorted(drawn.keys() | planned.keys())
            if drawn[name, month] != planned.get((name, month), 0)
        ),
    )


def tasks_window(facts: Facts) -> RuleResult:
    """A visit's month lies in the window of each of its tasks."""
    return none_of(
        "tasks.window",
        (
            f"{visit.visit}: {task} {visit.month}"
            for visit in facts.visits.values()
            for task in facts.combination_of(visit).tasks
            if visit.month not in facts.tasks[task].months
        ),
    )


def tasks_subject(facts: Facts) -> RuleResult:
    """A firm is subject to every task it is visited for."""
    subject = {name: frozenset(pool.tasks) for name, pool in facts.pools.items()}
    return none_of(
        "tasks.subject",
        (
            f"{visit.visit}: {visit.firm} {task}"
            for visit in facts.visits.values()
            for task in facts.combination_of(visit).tasks
            if task not in subject[facts.plan.firms[visit.firm][0]]
        ),
    )


def tasks_combined(facts: Facts) -> RuleResult:
    """A combination has the agencies and items of its tasks, no more and no fewer."""
    breaches = []
    for name, combination in facts.combinations.items():
        members = [facts.tasks[task] for task in combination.tasks]
        agencies = {agency for task in members for agency in task.agencies}
        items = {item for task in members for item in task.items}
        if agencies != set(combination.agencies) or items != set(combination.items):
            breaches.append(name)
    return none_of("tasks.combined", breaches)


def merge_enabled(facts: Facts) -> RuleResult:
    """Tasks are merged only where the policy merges."""
    merged = (c.combination for c in _used(facts) if len(c.tasks) > 1 and not facts.policy.merge.enabled)
    return none_of("merge.enabled", merged)


def merge_agencies(facts: Facts) -> RuleResult:
    """No visit brings more agencies than the policy allows."""
    return _at_most("merge.agencies", facts, facts.policy.merge.most_agencies, "agencies")


def merge_items(facts: Facts) -> RuleResult:
    """No visit checks more items than the policy allows."""
    return _at_most("merge.items", facts, facts.policy.merge.most_items, "items")


def _used(facts: Facts) -> list[Combination]:
    used = {visit.combination for visit in facts.visits.values()}
    return [combination for name, combination in facts.combinations.items() if name in used]


def _at_most(rule: str, facts: Facts, most: int, column: str) -> RuleResult:
    sizes = {combination.combination: len(set(getattr(combination, column))) for combination in _used(facts)}
    return RuleResult(
        rule=rule,
        ok=all(size <= most for size in sizes.values()),
        measured=str(max(sizes.values(), default=0)),
        required=str(most),
        examples=tuple(f"{name}: {size}" for name, size in sizes.items() if size > most)[:MOST_EXAMPLES],
    )


def exemptions_kept(facts: Facts) -> RuleResult:
    """No firm of an exempt pool is drawn."""
    drawn = ((firm, facts.pool_of(firm).exemption) for firm in facts.visits_of_firm)
    return none_of("exemptions.kept", (f"{firm}: {reason}" for firm, reason in drawn if reason))
