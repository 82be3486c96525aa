"""Whole visits from the fractions of the linear program: floors kept, the small rest solved exactly.

The rest is a covering program over the fractional visits (0.02-0.05 s at county size with SCIP, and it met the linear
bound in every county tried). A task covered once too often is left out of one of its visits, which never hurts:
fewer tasks in a visit mean more firms eligible for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from solver.bounds_flow import Bottleneck, bottleneck
from solver.cover import Known, cover, eligible_for, is_joint, joint_is_met, overfull, rest_of
from solver.merge_problem import Bools, MergeProblem
from solver.relaxed import Kind

MOST_ROUNDS = 12
MOST_REPAIRS = 100


def whole_visits(
    problem: MergeProblem, wanted: Mapping[Kind, float], found: Sequence[Kind], known: Known
) -> dict[Kind, int] | None:
    """Round expected visits to whole ones that meet every rule, as few as possible.

    Args:
        problem: totals, bounds, coverage, joint share; seats too when kinds carry months.
        wanted: expected visits by kind, from the linear program.
        found: every kind priced so far, tried when the fractional ones do not suffice.
        known: what the linear program proved.

    Returns:
        Whole visits by kind, in order; None when no rounding was found.
    """
    for slack, pool in ((0, ()), (1, ()), (1, found)):
        base = {kind: max(0, int(value + 1e-6) - slack) for kind, value in wanted.items()}
        kinds = [k for k, v in wanted.items() if slack or v - int(v + 1e-6) > 1e-6]
        answer = _within_bounds(
            problem, base, _candidates(problem, base, kinds, pool, known.tight), known.watched, known
        )
        if answer is not None:
            return answer
    return _by_repair(problem, wanted, known)


def _by_repair(problem: MergeProblem, wanted: Mapping[Kind, float], known: Known) -> dict[Kind, int] | None:
    """Round without regard to signatures' bounds, then split visits, one more each time, where too few can reach."""
    base = {kind: int(value + 1e-6) for kind, value in wanted.items()}
    kinds = _candidates(problem, base, [k for k, v in wanted.items() if v - int(v + 1e-6) > 1e-6], (), known.tight)
    extra = cover(problem, base, kinds, frozenset(), known)
    if extra is None:
        return None
    visits = _trim(problem, {k: base.get(k, 0) + extra.get(k, 0) for k in sorted({*base, *extra})})
    for _ in range(MOST_REPAIRS):
        narrow = neck(problem, visits)
        if narrow is None:
            return visits if joint_is_met(problem, visits) and not overfull(problem, visits, known.tight) else None
        if not narrow.is_lower or not _split_one(problem, visits, narrow):
            return None
    return None


def _split_one(problem: MergeProblem, visits: dict[Kind, int], narrow: Bottleneck) -> bool:
    """Take one task out of the fullest visit that cannot reach the poor signatures, into a visit that can."""
    inside = np.zeros(len(problem.signatures), bool)
    inside[list(narrow.signatures)] = True
    if narrow.is_coverage:
        inside |= problem.covers
    offered: Bools = np.any(problem.signatures[inside], axis=0)
    kinds = [k for k, n in visits.items() if n and len(k[0]) > 1]
    reach: Bools = np.any(eligible_for(problem, kinds)[inside], axis=0)
    choices = [(len(k[0]), k) for k, r in zip(kinds, reach, strict=True) if not r and any(offered[t] for t in k[0])]
    if not choices:
        return False
    _, (tasks, month) = max(choices)
    moved = next(t for t in tasks if offered[t])
    visits[tasks, month] -= 1
    for part in (tuple(t for t in tasks if t != moved), (moved,)):
        visits[part, month] = visits.get((part, month), 0) + 1
    return True


def _candidates(
    problem: MergeProblem, base: Mapping[Kind, int], kinds: Sequence[Kind], found: Sequence[Kind], tight: Sequence[int]
) -> list[Kind]:
    """Kinds for the rest: the given ones, every task alone, and those found whose tasks all still lack visits."""
    rest = rest_of(problem, base)
    chosen = set(kinds)
    for k in np.flatnonzero(rest > 0):
        months = np.flatnonzero(problem.windows[k]) if problem.resources[k, list(tight)].any() else [-1]
        chosen.update(((int(k),), int(m)) for m in months)
    chosen.update(kind for kind in found if all(rest[k] > 0 for k in kind[0]))
    return sorted(chosen)


def _within_bounds(
    problem: MergeProblem, base: Mapping[Kind, int], kinds: list[Kind], watched: frozenset[int], known: Known
) -> dict[Kind, int] | None:
    """Solve, check by a flow that signatures' bounds can be met, watch the bottleneck too, again."""
    for _ in range(MOST_ROUNDS):
        extra = cover(problem, base, kinds, watched, known)
        if extra is None:
            return None
        visits = _trim(problem, {k: base.get(k, 0) + extra.get(k, 0) for k in sorted({*base, *extra})})
        narrow = neck(problem, visits)
        if narrow is None:
            return visits if joint_is_met(problem, visits) and not overfull(problem, visits, known.tight) else None
        if watched.issuperset(narrow.signatures):
            return None
        watched = watched.union(narrow.signatures)
    return None


def neck(problem: MergeProblem, visits: Mapping[Kind, int]) -> Bottleneck | None:
    """Return what keeps these visits from being spread within the signatures' bounds, None when nothing does."""
    kinds = [k for k, n in visits.items() if n]
    counts = np.array([visits[k] for k in kinds], dtype=np.int64)
    return bottleneck(
        counts, eligible_for(problem, kinds), problem.lower, problem.upper, problem.covers, problem.coverage
    )


def _trim(problem: MergeProblem, visits: dict[Kind, int]) -> dict[Kind, int]:
    """Leave tasks out of visits until every total is exact, from full visits first, keeping visits joint."""
    over = -rest_of(problem, visits)
    for k in np.flatnonzero(over > 0):
        left = int(over[k])
        while left:
            holders = [kind for kind, n in visits.items() if n and int(k) in kind[0]]
            kind = min(holders, key=lambda kind: _loss(problem, kind, int(k)))
            n = min(left, visits[kind])
            visits[kind] -= n
            tasks = tuple(t for t in kind[0] if t != k)
            if tasks:
                visits[tasks, kind[1]] = visits.get((tasks, kind[1]), 0) + n
            left -= n
    return {kind: visits[kind] for kind in sorted(visits) if visits[kind]}


def _loss(problem: MergeProblem, kind: Kind, k: int) -> tuple[bool, bool, int, Kind]:
    """What leaving a task out of a visit costs: the visit itself, its being joint, its fullness; then the order."""
    rest = tuple(t for t in kind[0] if t != k)
    return not rest, bool(rest) and is_joint(problem, kind[0]) and not is_joint(problem, rest), -len(kind[0]), kind
