"""The most valuable set of tasks one visit may hold, for every signature and month (pricing of the merge).

A visit to a firm of a signature in a month may hold tasks the firm is subject to, open in that month, of at most so
many agencies and items, and without two resources in conflict. The tasks of a signature need few distinct sets of
resources, so all sets of resources a visit may use are listed once; a price list then picks the best by one product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solver.merge_problem import Bools, Floats, Ints, MergeProblem
from solver.resource_sets import Sets, as_words, resource_sets


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """What visits to one signature may hold.

    Attributes:
        tasks: tasks the signature is subject to, (n,).
        months: months worth pricing (others open no more tasks), (m,).
        is_open: whether a task is open in such a month, (n, m).
        admits: whether a set of resources suffices for a task, float (n_sets, n).
        uses: resources of the set, (n_sets, n_resources).
        is_complete: whether all sets are listed.
    """

    tasks: Ints
    months: Ints
    is_open: Floats
    admits: Floats
    uses: Bools
    is_complete: bool


def menus(problem: MergeProblem, tight: Sequence[int] = ()) -> tuple[Menu, ...]:
    """Return the menu of every signature, in order.

    A larger set of resources and a month with more open tasks are never worse, so only those that nothing dominates
    are kept; resources whose seats are ``tight`` cost, so sets and months that differ in them are all kept.
    """
    memory: dict[bytes, Sets] = {}
    return tuple(_menu(problem, row, memory, tight) for row in problem.signatures)


def _menu(problem: MergeProblem, row: Bools, memory: dict[bytes, Sets], tight: Sequence[int]) -> Menu:
    tasks = np.flatnonzero(row & (problem.totals > 0) & (problem.items <= problem.most_items))
    needs = problem.resources[tasks]
    profiles = np.unique(needs, axis=0)
    key = np.packbits(profiles, axis=1).tobytes()
    if key not in memory:
        memory[key] = resource_sets(problem, profiles, tight)
    sets = memory[key]
    words = as_words(needs[:, sets.local])
    months = _months_worth_pricing(problem.windows[tasks], bool(profiles[:, list(tight)].any()))
    return Menu(
        tasks=tasks,
        months=months,
        is_open=problem.windows[np.ix_(tasks, months)].astype(np.float64),
        admits=((words[None, :] & ~sets.words[:, None]) == 0).astype(np.float64),
        uses=sets.uses,
        is_complete=sets.is_complete,
    )


def _months_worth_pricing(windows: Bools, all_months: bool) -> Ints:
    """Months in which some task is open and that no other month dominates; the earliest of equals."""
    used = [int(m) for m in np.flatnonzero(windows.any(axis=0))]
    if all_months:
        return np.array(used, dtype=np.int64)
    kept: list[int] = []
    for m in sorted(used, key=lambda m: (-int(windows[:, m].sum()), m)):
        if not any((windows[:, m] <= windows[:, k]).all() for k in kept):
            kept.append(m)
    return np.array(sorted(kept), dtype=np.int64)


def best_load(values: Floats, items: Ints, most: int) -> tuple[float, list[int]]:
    """Choose the tasks of greatest value with at most ``most`` items: value, and positions in order.

    Dynamic programming over items; 20 items and 15 tasks cost about 0.1 ms.
    """
    if int(items.sum()) <= most:
        return float(values.sum()), list(range(len(values)))
    best = np.zeros(most + 1)
    taken = np.zeros((len(values), most + 1), bool)
    for i, (value, size) in enumerate(zip(values, items, strict=True)):
        if size > most:
            continue
        with_it = best[: most + 1 - size] + value
        better = with_it > best[size:] + 1e-12
        taken[i, size:] = better
        best[size:] = np.where(better, with_it, best[size:])
    room, chosen = most, []
    for i in range(len(values) - 1, -1, -1):
        if taken[i, room]:
            chosen.append(i)
            room -= int(items[i])
    return float(best[most]), chosen[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A set of tasks for a visit to a signature, its value, and an upper bound on every such value there."""

    tasks: tuple[int, ...]
    month: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a visit costs or earns besides its tasks.

    Attributes:
        seat: cost of using a resource in a month, (n_resources, n_months), or None for free.
        joint_bonus: value of a visit of more than one agency.
        least: offers worth no more are not wanted.
    """

    seat: Floats | None = None
    joint_bonus: float = 0.0
    least: float = -np.inf


def best_offers(problem: MergeProblem, menu: Menu, price: Floats, costs: Costs) -> tuple[list[Offer], float]:
    """Find the most valuable visit to a signature in each month worth pricing.

    Args:
        problem: limits and items.
        menu: the signature.
        price: value of doing a task, (n_tasks,).
        costs: what a visit costs or earns besides, and the least value of interest.

    Returns:
        At most one offer per month, worth more than ``costs.least``, and an upper bound on the value of any visit.
    """
    if not len(menu.tasks) or not len(menu.uses) or not len(menu.months):
        return [], -np.inf
    values = price[menu.tasks]
    positive = np.maximum(values, 0.0)
    worth = _optimistic(problem, menu, positive)
    if costs.least < 0.0 and float(worth.min()) <= 0.0:
        worth = _with_least(menu, values, worth)
    extra = np.zeros(worth.shape)
    if costs.seat is not None:
        extra = extra - menu.uses @ costs.seat[:, menu.months]
    if costs.joint_bonus > 0:
        extra = extra + costs.joint_bonus * (menu.uses[:, : problem.n_agencies].sum(axis=1) > 1)[:, None]
    hopes = worth + extra
    offers, bound = [], -np.inf
    for column in range(len(menu.months)):
        most = float(hopes[:, column].max())
        if most > costs.least + 1e-7:
            where = (column, costs.least)
            offer, most = _best_in_month(problem, menu, values, hopes[:, column], extra[:, column], where)
            offers += [] if offer is None else [offer]
        bound = max(bound, most)
    if not menu.is_complete:
        bound = max(bound, _knapsack_bound(problem, menu, positive) + max(costs.joint_bonus, 0.0))
    return offers, bound


def _optimistic(problem: MergeProblem, menu: Menu, positive: Floats) -> Floats:
    """Value of each set of resources in each month if the last task may be done in part, (n_sets, m)."""
    items = problem.items[menu.tasks].astype(np.float64)
    if float(items[positive > 0].sum()) <= problem.most_items:
        plain: Floats = menu.admits @ (positive[:, None] * menu.is_open)
        return plain
    density = positive / np.maximum(items, 1e-9)
    order = np.argsort(-density, kind="stable")
    order = order[positive[order] > 0]
    worth = np.zeros((len(menu.uses), len(menu.months)))
    for column in range(len(menu.months)):
        sizes = menu.admits[:, order] * (menu.is_open[order, column] * items[order])
        before = np.cumsum(sizes, axis=1) - sizes
        worth[:, column] = np.clip(problem.most_items - before, 0.0, sizes) @ density[order]
    return worth


def _with_least(menu: Menu, values: Floats, worth: Floats) -> Floats:
    """The worth where nothing has value: that of the least harmful task, for a visit holds one, (n_sets, m)."""
    worth = worth.copy()
    for column in range(len(menu.months)):
        idle = np.flatnonzero(worth[:, column] <= 0.0)
        fits = (menu.admits[idle] > 0) & (menu.is_open[:, column] > 0)
        worth[idle, column] = np.max(np.where(fits, values, -np.inf), axis=1)
    return worth


def _knapsack_bound(problem: MergeProblem, menu: Menu, positive: Floats) -> float:
    """Value of the items alone, whatever the agencies and months."""
    items = np.maximum(problem.items[menu.tasks].astype(np.float64), 1e-9)
    order = np.argsort(-positive / items, kind="stable")
    before = np.cumsum(items[order]) - items[order]
    taken = np.clip(problem.most_items - before, 0.0, items[order])
    return float(taken @ (positive[order] / items[order]))


def _best_in_month(
    problem: MergeProblem, menu: Menu, values: Floats, hopes: Floats, extra: Floats, where: tuple[int, float]
) -> tuple[Offer | None, float]:
    """Best visit in one month above the least of interest, and an upper bound on all.

    Sets are taken by falling hope (value if the last task may be done in part), a few at first, until the best exact
    value found is no less than the next hope.
    """
    column, least = where
    order = np.argsort(-hopes, kind="stable")
    order = order[hopes[order] > least + 1e-7]
    value, row, start = -np.inf, -1, 0
    while start < len(order) and hopes[order[start]] > value + 1e-9:
        rows = order[start : start + max(16, 4 * start)]
        exact = _exact_values(problem, menu, values, hopes, extra, (rows, column))
        if exact.max() > value:
            value, row = float(exact.max()), int(rows[exact.argmax()])
        start += len(rows)
    offer = fill(problem, menu, values, row, column, extra=float(extra[row])) if value > least + 1e-7 else None
    return offer, max(value, least)


def _exact_values(
    problem: MergeProblem, menu: Menu, values: Floats, hopes: Floats, extra: Floats, where: tuple[Ints, int]
) -> Floats:
    """The best value with each of these sets, all at once, by dynamic programming over items, (n_rows,)."""
    rows, column = where
    size = problem.items[menu.tasks]
    good = np.flatnonzero((values > 1e-9) & (menu.is_open[:, column] > 0))
    if int(size[good].sum()) <= problem.most_items:
        return np.asarray(hopes[rows])
    worth = values[good] * menu.admits[np.ix_(rows, good)]
    best = np.zeros((len(rows), problem.most_items + 1))
    for i, items in enumerate(size[good].tolist()):
        with_it = best[:, : problem.most_items + 1 - items] + worth[:, i : i + 1]
        best[:, items:] = np.maximum(best[:, items:], with_it)
    return np.where(best[:, -1] > 0, best[:, -1] + extra[rows], hopes[rows])


def fill(problem: MergeProblem, menu: Menu, values: Floats, row: int, column: int, *, extra: float) -> Offer | None:
    """The best visit with these resources in this month; the least harmful single task where none has value."""
    fits = (menu.admits[row] > 0) & (menu.is_open[:, column] > 0)
    good = np.flatnonzero(fits & (values > 1e-9))
    if not len(good):
        open_tasks = np.flatnonzero(fits)
        if not len(open_tasks):
            return None
        one = open_tasks[np.argmax(values[open_tasks])]
        return Offer(tasks=(int(menu.tasks[one]),), month=int(menu.months[column]), value=extra + float(values[one]))
    value, chosen = best_load(values[good], problem.items[menu.tasks[good]], problem.most_items)
    tasks = tuple(int(menu.tasks[good[i]]) for i in chosen)
    return Offer(tasks=tasks, month=int(menu.months[column]), value=extra + value)
