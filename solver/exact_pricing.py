"""Pricing without promises: visits that exist, at their own value, where tasks may be worth less than nothing.

The pricing of the merge (solver/columns.py) counts the bonus of a joint visit for every set of several agencies; here a
visit earns it only when its tasks bring two. Slower, so it is asked only where the other has promised too much.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solver.columns import Menu, Offer, best_load
from solver.cover import is_joint
from solver.merge_problem import Bools, Floats, Ints, MergeProblem


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


def real_offers(
    problem: MergeProblem, menu: Menu, price: Floats, seat: Floats | None, bonus: float, base: float
) -> list[tuple[tuple[int, ...], int]]:
    """Visits of this menu worth more than nothing, tasks and month; none proves that there is none.

    Args:
        problem: limits and items.
        menu: of one signature.
        price: value of doing a task, (n_tasks,).
        seat: cost of a resource in a month, (n_resources, n_months), or None.
        bonus: value of being joint.
        base: value of any visit to the signature.
    """
    values = price[menu.tasks]
    found = []
    for column, month in enumerate(menu.months.tolist()):
        spent = 0.0 if seat is None else menu.uses @ seat[:, month]
        may_be_joint = menu.uses[:, : problem.n_agencies].sum(axis=1) > 1
        hopes = menu.admits @ (np.maximum(values, 0.0) * menu.is_open[:, column]) - spent + bonus * may_be_joint
        for row in np.flatnonzero(hopes + base > 1e-7).tolist():
            cost = 0.0 if seat is None else float(menu.uses[row] @ seat[:, month])
            fits = np.flatnonzero((menu.admits[row] > 0) & (menu.is_open[:, column] > 0))
            best = _best_real(problem, menu.tasks[fits], values[fits], bonus, cost - base)
            if best is not None:
                found.append((best, month))
    return found


def _best_real(
    problem: MergeProblem, tasks: Ints, values: Floats, bonus: float, least: float
) -> tuple[int, ...] | None:
    """The best set of these tasks worth more than ``least``: the best of all, or the best with one task forced in."""
    items = problem.items[tasks]
    good = np.flatnonzero(values > 1e-12)
    value, chosen = best_load(values[good], items[good], problem.most_items)
    picked = tuple(int(i) for i in good[chosen])
    joint = bool(picked) and is_joint(problem, tasks[list(picked)].tolist())
    best = (value + bonus * joint, picked) if picked else (-np.inf, ())
    if not picked or not joint:
        # Where all of value belong to one agency, or nothing has any, some other task must come in.
        for k in np.argsort(-values, kind="stable").tolist():
            if values[k] + value + bonus <= max(least + 1e-7, best[0]) or items[k] > problem.most_items:
                continue
            others = good[good != k]
            more, rest = best_load(values[others], items[others], problem.most_items - int(items[k]))
            with_it = (int(k), *(int(i) for i in others[rest]))
            is_so = is_joint(problem, tasks[list(with_it)].tolist())
            best = max(best, (float(values[k]) + more + bonus * is_so, with_it))
    return tuple(sorted(int(tasks[i]) for i in best[1])) if best[0] > least + 1e-7 else None


def _fits(problem: MergeProblem, tasks: tuple[int, ...]) -> bool:
    used: Bools = np.any(problem.resources[list(tasks)], axis=0)
    agencies = int(used[: problem.n_agencies].sum())
    return (
        1 < agencies <= problem.most_agencies
        and int(problem.items[list(tasks)].sum()) <= problem.most_items
        and not bool(problem.conflicts[np.ix_(used, used)].any())
    )
