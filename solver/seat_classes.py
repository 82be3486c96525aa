"""Needs that are alike become one class and inspectors that are alike one type, and back again (SOLVER.md 3).

Loads, caps and chances are then solved on a matrix of classes by types. Splitting a class evenly over its needs and
a type evenly over its members loses nothing: every rule is symmetric in them and the entropy is concave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from solver.chances import ChanceProblem

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MILLION = 1_000_000
"""Flows are whole millionths of a seat (PROTOCOL 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Classes of needs (c), ordered by month, against types of inspectors (t).

    ``usable[c, t]`` says that members of the type may serve the class and have any capacity in its month; where a
    class takes qualified officers only, others are not usable. ``capacity`` is visits of one member in a month.
    """

    class_of: Ints  # (n_needs,)
    place: Ints  # (n_needs,) position of the need inside its class, from 0
    month: Ints  # (n_classes,)
    officers: Ints  # (n_classes,) of one need
    qualified: Ints  # (n_classes,) of one need
    size: Ints  # (n_classes,) needs
    type_of: Ints  # (n_inspectors,)
    seat_of: Ints  # (n_inspectors,) position of the inspector inside its type, from 0
    members: Ints  # (n_types,) inspectors
    capacity: Ints  # (n_types, n_months)
    usable: Bools  # (n_classes, n_types)
    holder: Bools  # (n_classes, n_types)

    def floor(self) -> Ints:
        """Return the least possible largest chance of each class taken alone, in millionths rounded up, (n_classes,).

        With k officers, e eligible, q of them to be among h holders, that is max(k / e, q / h).
        """
        eligible = np.maximum(self.usable @ self.members, 1)
        holders = np.maximum((self.usable & self.holder) @ self.members, 1)
        share: Ints = -(-self.officers * MILLION // eligible)
        return np.minimum(np.maximum(share, -(-self.qualified * MILLION // holders)), MILLION)


def _ranks(labels: Ints) -> Ints:
    """Return the position of each entry among the entries with its label, in order of appearance, from 0."""
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if labels.size else np.zeros(0, np.int64)
    lengths = np.diff(np.r_[starts, labels.size])
    ranks = np.empty(labels.size, np.int64)
    ranks[order] = np.arange(labels.size) - np.repeat(starts, lengths)
    return ranks


def _alike(rows: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Return the first index of each distinct row, in order of appearance, and the label of every row."""
    if not rows.shape[1]:
        rows = np.zeros((rows.shape[0], 1), np.uint8)
    keys = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, first, label = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    renumber = np.empty(order.size, np.int64)
    renumber[order] = np.arange(order.size)
    return first[order].astype(np.int64), renumber[label.reshape(-1)]


def reduce_to_classes(problem: ChanceProblem) -> Classes:
    """Group the needs and the inspectors of a problem that are alike.

    Two needs are alike when month, officers, qualified and the rows of their groups agree; two inspectors when every
    group and every month treats them the same.
    """
    eligible, holder = problem.eligible, problem.eligible & problem.holder
    people, type_of = _alike(
        np.concatenate(
            (
                np.packbits(eligible.T, axis=1),
                np.packbits(holder.T, axis=1),
                np.ascontiguousarray(problem.capacity, dtype=np.int64).view(np.uint8).reshape(eligible.shape[1], -1),
            ),
            axis=1,
        )
    )
    _, row_of = _alike(np.concatenate((np.packbits(eligible, axis=1), np.packbits(holder, axis=1)), axis=1))
    base = 1 + int(problem.officers.max(initial=0))
    key = ((problem.month * (1 + problem.group.size) + row_of[problem.group]) * base + problem.officers) * base
    _, first, class_of = np.unique(key + problem.qualified, return_index=True, return_inverse=True)
    class_of = class_of.reshape(-1).astype(np.int64)
    month, officers, qualified = problem.month[first], problem.officers[first], problem.qualified[first]
    rows = problem.group[first]
    classes_holder = holder[rows][:, people] & (qualified > 0)[:, None]
    usable = eligible[rows][:, people] & (problem.capacity[people][:, month].T > 0)
    usable &= classes_holder | (qualified < officers)[:, None]
    return Classes(
        class_of=class_of,
        place=_ranks(class_of),
        month=month,
        officers=officers,
        qualified=qualified,
        size=np.bincount(class_of, minlength=first.size),
        type_of=type_of,
        seat_of=_ranks(type_of),
        members=np.bincount(type_of, minlength=people.size),
        capacity=problem.capacity[people],
        usable=usable,
        holder=classes_holder,
    )


def expand_types(classes: Classes, flow: Ints) -> Ints:
    """Split the flow of each type evenly over its members, exactly.

    Every member gets the whole part of an equal share; the rests are dealt in one round that continues from class to
    class, so that any run of classes (a month, the year) gives every member the floor or the ceiling of its share.

    Args:
        flow: millionths, (n_classes, n_types).

    Returns:
        Millionths, (n_classes, n_inspectors).

    Example: 7 millionths of one class and 8 of the next over three members: 3, 2, 2 and then 3, 3, 2 from the second
    member on, which is 2, 3, 3: together 5, 5, 5.
    """
    share, rest = flow // classes.members, flow % classes.members
    start = np.cumsum(rest, axis=0) - rest
    turn = (classes.seat_of - start[:, classes.type_of]) % classes.members[classes.type_of]
    expanded: Ints = share[:, classes.type_of] + (turn < rest[:, classes.type_of])
    return expanded


def expand_classes(classes: Classes, flow: Ints) -> Ints:
    """Split the flow of each class evenly over its needs, exactly.

    McNaughton's wrap-around: the rests of the inspectors are laid end to end around the needs of the class, holders
    first, so every need gets its whole number of officers and no fewer than its qualified ones.

    Args:
        flow: millionths, (n_classes, n_inspectors), each row a multiple of the size of its class.

    Returns:
        Millionths, (n_needs, n_inspectors).
    """
    size = classes.size[:, None]
    share, rest = flow // size, flow % size
    is_holder = classes.holder[:, classes.type_of]
    held = np.where(is_holder, rest, 0)
    start = np.where(is_holder, np.cumsum(held, axis=1) - held, 0)
    other = rest - held
    start += np.where(is_holder, 0, held.sum(axis=1)[:, None] + np.cumsum(other, axis=1) - other)
    of = classes.class_of
    turn = (classes.place[:, None] - start[of]) % classes.size[of][:, None]
    expanded: Ints = share[of] + (turn < rest[of])
    return expanded
