"""Pricing of all signatures at once: one row per signature, month and set of resources, and one knapsack over all rows.

The tasks of a signature need few distinct sets of resources, so a county has a few thousand rows of at most some
twenty tasks; taken one signature at a time they cost ten times as much, nearly all of it in calls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.columns import Menu, Offer, fill
from solver.merge_problem import Bools, Floats, Ints, MergeProblem

MOST_ROWS = 512
"""Sets times months from which a signature is priced by itself: there a search by falling hope looks at few of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBoard:
    """The rows of every small menu, by signature, month and set.

    Attributes:
        menus: all menus of the problem, by signature.
        begins: first row of each (signature, month) group, (n_groups,).
        group_menu, group_month: signature of a group, and place of its month in the menu, (n_groups,).
        row_group: group of a row, (n_rows,).
        row_set: set of resources of a row, its place in the menu, (n_rows,).
        tasks: tasks of the row's signature, padded with task 0, (n_rows, most_tasks).
        fits: whether the row's set and month admit the task, (n_rows, most_tasks).
        turns: for the knapsack, by place and size of task, the rows it concerns.
        is_joint: whether the row's set has several agencies, (n_rows,).
    """

    menus: tuple[Menu, ...]
    begins: Ints
    group_menu: Ints
    group_month: Ints
    row_group: Ints
    row_set: Ints
    tasks: Ints
    fits: Bools
    turns: tuple[tuple[int, int, Ints], ...]
    is_joint: Bools

    @classmethod
    def of(cls, problem: MergeProblem, menus: tuple[Menu, ...]) -> PriceBoard:
        """The board of the menus that are small enough."""
        small = [s for s, menu in enumerate(menus) if _is_small(menu)]
        width = max((len(menus[s].tasks) for s in small), default=1)
        sizes = [len(menus[s].uses) for s in small for _ in menus[s].months]
        n_rows = sum(sizes)
        tasks, fits = np.zeros((n_rows, width), np.int64), np.zeros((n_rows, width), bool)
        is_joint, row = np.zeros(n_rows, bool), 0
        for s in small:
            menu = menus[s]
            joint = menu.uses[:, : problem.n_agencies].sum(axis=1) > 1
            for month in range(len(menu.months)):
                rows = slice(row, row + len(menu.uses))
                tasks[rows, : len(menu.tasks)] = menu.tasks
                fits[rows, : len(menu.tasks)] = (menu.admits > 0) & (menu.is_open[:, month] > 0)
                is_joint[rows] = joint
                row = rows.stop
        return cls(
            menus=menus,
            begins=np.cumsum([0, *sizes[:-1]]) if sizes else np.zeros(0, np.int64),
            group_menu=np.array([s for s in small for _ in menus[s].months], np.int64),
            group_month=np.array([m for s in small for m in range(len(menus[s].months))], np.int64),
            row_group=np.repeat(np.arange(len(sizes)), sizes),
            row_set=np.concatenate([np.arange(size) for size in sizes]) if sizes else np.zeros(0, np.int64),
            tasks=tasks,
            fits=fits,
            turns=_turns(problem.items[tasks], fits),
            is_joint=is_joint,
        )

    def best(
        self, problem: MergeProblem, price: Floats, seat: Floats | None, joint_bonus: float, least: Floats
    ) -> tuple[list[tuple[int, Offer]], Floats]:
        """The most valuable visit of each small signature and month, where it is worth more than the least.

        Args:
            problem: limits and items.
            price: value of doing a task, (n_tasks,).
            seat: cost of using a resource in a month, (n_resources, n_months), or None for free.
            joint_bonus: value of a visit of more than one agency.
            least: by signature, offers worth no more are not wanted, (n_signatures,).

        Returns:
            Offers with their signature, in order of signature and month; and by signature an upper bound on the value
            of any visit, minus infinity where a signature is not on the board.
        """
        bounds = np.full(len(self.menus), -np.inf)
        if not len(self.begins):
            return [], bounds
        values = np.where(self.fits, price[self.tasks], -np.inf)
        extra = self._extra(seat, joint_bonus)
        load = self._knapsack(values, problem.most_items)
        worth = np.where(load > 0, load, values.max(axis=1)) + extra
        top = np.maximum.reduceat(worth, self.begins)
        np.maximum.at(bounds, self.group_menu, np.maximum(top, least[self.group_menu]))
        offers = []
        for group in np.flatnonzero(top > least[self.group_menu] + 1e-7).tolist():
            s, begin = int(self.group_menu[group]), int(self.begins[group])
            end = int(self.begins[group + 1]) if group + 1 < len(self.begins) else len(worth)
            row = begin + int(worth[begin:end].argmax())
            menu, month = self.menus[s], int(self.group_month[group])
            offer = fill(problem, menu, price[menu.tasks], int(self.row_set[row]), month, extra=float(extra[row]))
            offers += [] if offer is None else [(s, offer)]
        return offers, bounds

    def _extra(self, seat: Floats | None, joint_bonus: float) -> Floats:
        """What a row costs or earns besides its tasks, (n_rows,)."""
        extra = self.is_joint * np.float64(max(joint_bonus, 0.0))
        if seat is None:
            return np.asarray(extra)
        parts = [
            self.menus[s].uses @ seat[:, self.menus[s].months[m]]
            for s, m in zip(self.group_menu.tolist(), self.group_month.tolist(), strict=True)
        ]
        return np.asarray(extra - np.concatenate(parts))

    def _knapsack(self, values: Floats, most_items: int) -> Floats:
        """By dynamic programming over items, the value of each row's best tasks, (n_rows,); 0 where none has value."""
        gains = np.maximum(values, 0.0)
        best = np.zeros((len(values), most_items + 1))
        for place, size, rows in self.turns:
            if size <= most_items:
                held = best[rows]
                with_it = held[:, : most_items + 1 - size] + gains[rows, place, None]
                held[:, size:] = np.maximum(held[:, size:], with_it)
                best[rows] = held
        return np.asarray(best[:, -1])


def _is_small(menu: Menu) -> bool:
    return menu.is_complete and 0 < len(menu.uses) * len(menu.months) <= MOST_ROWS


def _turns(sizes: Ints, fits: Bools) -> tuple[tuple[int, int, Ints], ...]:
    """(place, size, rows) of the knapsack: rows whose task at that place has that many items."""
    return tuple(
        (place, int(size), rows)
        for place in range(sizes.shape[1])
        for size in np.unique(sizes[fits[:, place], place])
        if len(rows := np.flatnonzero(fits[:, place] & (sizes[:, place] == size)))
    )
