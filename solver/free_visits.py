"""The most valuable visit where no rule limits what one visit holds, and visits made joint by one task more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solver.columns import Offer
from solver.cover import is_joint
from solver.merge_problem import Bools, Floats, MergeProblem


def is_free(problem: MergeProblem, s: int, tight: Sequence[int]) -> bool:
    """Whether any tasks of the signature may go into one visit, at no cost of seats."""
    tasks = np.flatnonzero(problem.signatures[s] & (problem.totals > 0))
    used = np.flatnonzero(problem.resources[tasks].any(axis=0))
    return (
        bool(problem.windows[tasks].all())
        and int((used < problem.n_agencies).sum()) <= problem.most_agencies
        and int(problem.items[tasks].sum()) <= problem.most_items
        and not bool(problem.conflicts[np.ix_(used, used)].any())
        and not set(used.tolist()) & set(tight)
    )


def best_freely(problem: MergeProblem, s: int, price: Floats, bonus: float) -> tuple[tuple[int, ...], float]:
    """The best visit to a free signature: its tasks and their value, with the bonus if it is joint."""
    tasks = np.flatnonzero(problem.signatures[s] & (problem.totals > 0))
    if not len(tasks):
        return (), -np.inf
    chosen = tuple(int(k) for k in tasks if price[k] > 1e-9) or (int(tasks[np.argmax(price[tasks])]),)
    value = float(price[list(chosen)].sum())
    if is_joint(problem, chosen):
        return chosen, value + bonus
    others = [int(k) for k in tasks if k not in chosen and is_joint(problem, (*chosen, int(k)))]
    best = max(others, key=lambda k: (float(price[k]), -k), default=-1)
    if best < 0 or float(price[best]) + bonus <= 0:
        return chosen, value
    return tuple(sorted((*chosen, best))), value + float(price[best]) + bonus


def made_joint(problem: MergeProblem, s: int, offer: Offer, price: Floats, bonus: float) -> tuple[int, ...]:
    """The offer's tasks, with one of another agency where the bonus is worth more than that task costs.

    Pricing counts the bonus of every set of several agencies; tasks without value are not among those it takes.
    """
    tasks = offer.tasks
    if bonus <= 1e-9 or is_joint(problem, tasks):
        return tasks
    open_tasks = np.flatnonzero(problem.signatures[s] & (problem.totals > 0) & problem.windows[:, offer.month])
    fitting = [int(k) for k in open_tasks if k not in tasks and _fits(problem, (*tasks, int(k)))]
    best = max(fitting, key=lambda k: (float(price[k]), -k), default=-1)
    if best < 0 or float(price[best]) + bonus <= 0:
        return tasks
    return tuple(sorted((*tasks, best)))


def _fits(problem: MergeProblem, tasks: tuple[int, ...]) -> bool:
    used: Bools = np.any(problem.resources[list(tasks)], axis=0)
    agencies = int(used[: problem.n_agencies].sum())
    return (
        1 < agencies <= problem.most_agencies
        and int(problem.items[list(tasks)].sum()) <= problem.most_items
        and not bool(problem.conflicts[np.ix_(used, used)].any())
    )
