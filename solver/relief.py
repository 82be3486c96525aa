"""Changes of rules that make an impossible problem possible, as small as one kind of rule allows, each one tried.

A linear program says by how much rules of one kind must bend while all others hold; the amounts are rounded to what a
planner can write down (whole firms and officers, hundredths of a per cent), and a plan is sought under them. Where none
is found at once the change is made a little larger, and given up when that does not help either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

import numpy as np

from solver.cover import is_joint
from solver.elastic import Elastic
from solver.exact_search import MOST_VISITS
from solver.merge_problem import MILLION, MergeProblem, Relaxation, Relief, Rule, RuleKind
from solver.relaxed import Column, Kind
from solver.rule_drop import BASIS, applied, rules_of, tier_bounds, without

Try = Callable[[MergeProblem, Sequence[Column]], Mapping[Kind, int] | None]
"""The visits of a plan found for a changed problem, given visits to begin with; None where none was found."""

STEP = MILLION // BASIS
"""Tiers' shares are proposed in hundredths of a per cent."""

LOOSER = (0, 1, 4, 16)
"""Units by which a change is made larger when no whole plan is found at the least of it."""

MOST_TASKS = 16
"""Tasks in conflict beyond which changing their numbers is proposed only where nothing else helps."""

SHY = (25, 150, 400)
"""Hundredths of a per cent by which a joint share stays below what expected visits reach: whole ones rarely do."""

BENDING: tuple[RuleKind, ...] = ("coverage", "upper", "lower", "seats", "task_total")


def relaxations(program: Elastic, kinds: Iterable[RuleKind], tried: Try, blamed: Set[Rule]) -> Iterator[Relaxation]:
    """Yield changes of one kind each that make a plan possible; one of several kinds where no single kind does.

    Args:
        program: the elastic program of the problem, all resources that may be short in it.
        kinds: of the rules in conflict.
        tried: tells whether a changed problem has a plan.
        blamed: the rules in conflict.
    """
    wanted = set(kinds)
    found = False
    for proposals in _proposals(program, wanted, blamed, tried):
        for changes, visits in proposals:
            if changes and tried(applied(program.problem, changes), visits) is not None:
                found = True
                yield Relaxation(changes=changes)
                break
    if not found:
        kinds_bent = [kind for kind in BENDING if kind in wanted]
        for changes, visits in _bent(program, kinds_bent):
            if changes and tried(applied(program.problem, changes), visits) is not None:
                yield Relaxation(changes=changes)
                break


Proposals = Iterator[tuple[tuple[Relief, ...], tuple[Column, ...]]]


def _proposals(program: Elastic, wanted: Set[RuleKind], blamed: Set[Rule], tried: Try) -> Iterator[Proposals]:
    """For each kind of rule, changes from small to large."""
    if "merge" in wanted:
        yield iter([((Relief(kind="merge", index=-1, current=0, proposed=1),), ())])
    for kind in ("most_agencies", "most_items"):
        if kind in wanted:
            yield _limits(program.problem, kind)
    if "joint" in wanted:
        by_tasks = program.problem.joint_counted_by == "tasks"
        yield _joint_by_tasks(program, tried) if by_tasks else _joint(program)
    tasks = [rule for rule in blamed if rule.kind == "task_total"]
    for kind in BENDING:
        # Nobody changes the numbers of a hundred tasks.
        if kind in wanted and (kind != "task_total" or len(tasks) <= MOST_TASKS):
            yield _bent(program, [kind])
    if "window" in wanted:
        yield _windows(program, [rule.index for rule in sorted(blamed) if rule.kind == "window"])


def _limits(problem: MergeProblem, kind: RuleKind) -> Proposals:
    current = int(getattr(problem, str(kind)))
    for more in (1, 2, 4):
        yield (Relief(kind=kind, index=-1, current=current, proposed=current + more),), ()


def _joint(program: Elastic) -> Proposals:
    """The greatest share that the other rules leave, in hundredths of a per cent, then a little less."""
    problem = program.problem
    every = frozenset(rules_of(problem))
    best = program.greatest_joint(every - {Rule("joint")})
    if best is None:
        return
    share, seeds = best
    current = -(-problem.joint[0] * BASIS // problem.joint[1])
    most = min(int(share * BASIS + 1e-3), current - 1)
    # Where visits are few, the greatest share is often that of whole visits, and a trial costs nothing.
    steps = SHY if int(problem.totals.sum()) > MOST_VISITS else (0, 5, *SHY)
    for proposed in dict.fromkeys(max(0, most - less) for less in steps):
        yield (Relief(kind="joint", index=-1, current=current, proposed=proposed),), seeds


def _joint_by_tasks(program: Elastic, tried: Try) -> Proposals:
    """The share of joint combinations in the plan found without that rule."""
    problem = program.problem
    seeds = tuple(program.columns)
    found = tried(without(problem, Rule("joint")), seeds)
    used = {tasks for (tasks, _), n in (found or {}).items() if n}
    if used:
        share = sum(is_joint(problem, tasks) for tasks in used) * BASIS // len(used)
        current = -(-problem.joint[0] * BASIS // problem.joint[1])
        yield (Relief(kind="joint", index=-1, current=current, proposed=min(share, current - 1)),), seeds


def _bent(program: Elastic, kinds: Sequence[RuleKind]) -> Proposals:
    """Rules of these kinds bent as little as possible, in visits; then a little further."""
    problem = program.problem
    rules = rules_of(problem)
    answer = program.bend(frozenset(rules), {rule: _price(problem, rule) for rule in rules if rule.kind in kinds})
    if answer is None or answer.broken > 1e-4:
        return
    # Nothing has to bend where only whole visits cannot keep the rules: the least change is then tried.
    bent = answer.amounts or {(Rule("coverage"), -1): 0.0} if "coverage" in kinds else answer.amounts
    for looser in LOOSER:
        changes = tuple(_change(problem, rule, place, amount, looser) for (rule, place), amount in sorted(bent.items()))
        yield tuple(dict.fromkeys(changes)), program.known()


def _price(problem: MergeProblem, rule: Rule) -> float:
    """What bending a rule by one costs, in visits."""
    tiers = tier_bounds(problem)
    if rule.kind == "lower":
        return 1.0 + float(tiers.lower[rule.index].sum()) / MILLION
    if rule.kind == "upper":
        return 1.0 + float((tiers.firms - tiers.upper)[rule.index].sum()) / MILLION
    return 1.0


def _change(problem: MergeProblem, rule: Rule, place: int, amount: float, looser: int) -> Relief:
    """An amount of the program as a change somebody can write down, ``looser`` units larger."""
    index = rule.index
    if rule.kind in ("lower", "upper"):
        return _tier_change(problem, rule, amount, looser)
    size = int(np.ceil(amount - 1e-5)) + looser
    if rule.kind == "coverage":
        current = problem.coverage
        return Relief(kind="coverage", index=-1, current=current, proposed=max(0, current - size))
    if rule.kind == "task_total":
        current = int(problem.totals[index])
        proposed = current + size if place == 1 else max(0, current - size)
        return Relief(kind="task_total", index=index, current=current, proposed=proposed)
    if place < 0:
        return Relief(kind="officers", index=index, current=0, proposed=size)
    per = int(problem.seats_per_visit[index])
    current = int(problem.seats[index, place])
    return Relief(kind="seats", index=index, months=(place,), current=current, proposed=current + -(-size // per) * per)


def _tier_change(problem: MergeProblem, rule: Rule, amount: float, looser: int) -> Relief:
    """A tier's share moved: without known tiers, the visits of a signature in millionths."""
    tiers, index = tier_bounds(problem), rule.index
    firms = int(tiers.firms[index].sum())
    bound = int((tiers.lower if rule.kind == "lower" else tiers.upper)[index].sum())
    if problem.tiers is None:
        room = bound if rule.kind == "lower" else firms - bound
        moved = int(np.ceil(amount * room)) + 1 + looser * MILLION // 10
        proposed = max(0, bound - moved) if rule.kind == "lower" else bound + moved
        return Relief(kind=rule.kind, index=index, current=bound, proposed=proposed)
    share = bound / firms
    if rule.kind == "lower":
        proposed = max(0, int(share * (1 - amount) * BASIS + 1e-6) - looser) * STEP
    else:
        proposed = min(BASIS, int(np.ceil((share + (1 - share) * amount) * BASIS - 1e-6)) + looser) * STEP
    return Relief(kind=rule.kind, index=index, current=round(share * MILLION), proposed=proposed)


def _windows(program: Elastic, tasks: Sequence[int]) -> Proposals:
    """Longer windows for these tasks, only in months where visits would use them."""
    problem = program.problem
    free = frozenset(Rule("window", k) for k in tasks)
    answer = program.bend(frozenset(rules_of(problem)) - free, {})
    if answer is None or answer.broken > 1e-4:
        return
    used: dict[int, set[int]] = {}
    for column in answer.visits:
        for k in column.tasks if column.month >= 0 else ():
            if not problem.windows[k, column.month]:
                used.setdefault(k, set()).add(column.month)
    months = [int(m) for m in np.flatnonzero(problem.windows.any(axis=0))]
    for chosen in (used, {k: set(months) for k in used or tasks}):
        changes = tuple(_widened(problem, k, chosen[k]) for k in sorted(chosen))
        yield tuple(change for change in changes if change.months), program.known()


def _widened(problem: MergeProblem, k: int, months: Iterable[int]) -> Relief:
    added = tuple(m for m in sorted(months) if not problem.windows[k, m])
    current = int(problem.windows[k].sum())
    return Relief(kind="window", index=k, months=added, current=current, proposed=current + len(added))


def cost(problem: MergeProblem, relaxation: Relaxation) -> tuple[int, float]:
    """How much a relaxation asks for: changes, then visits, seats and firms' shares moved, relative to the rule."""
    moved = 0.0
    for change in relaxation.changes:
        moved += abs(change.proposed - change.current) / max(change.current, 1)
    return len(relaxation.changes), moved
