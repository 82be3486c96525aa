"""One agency's seats as a network: class → (unqualified branch) → duty of a type in a month → type → year.

Only upper bounds are needed for qualifications: officers who do not hold it share a branch of capacity
officers − qualified. Lower bounds are shifted away, so every question is one maximum flow or one minimum cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.seat_classes import MILLION, Bools, Classes, Ints

_SOURCE, _SINK, _EXTRA, _FIRST = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A bottleneck: the seats that cannot be filled, and which nodes lie on the side of the demand."""

    short: int  # millionths of a seat; 0 when everything fits
    classes: Bools  # (n_classes,)
    branches: Bools  # (n_classes,) false where a class has no branch
    duties: Bools  # (n_duties,)
    types: Bools  # (n_types,)
    flow: Ints  # (n_cells,) millionths, of the largest flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a flow has to keep, in millionths of a seat; ``None`` for loads without bound."""

    low: Ints  # (n_cells,)
    high: Ints  # (n_cells,)
    duty: Ints  # (n_duties,)
    load_low: Ints | None = None  # (n_types,)
    load_high: Ints | None = None  # (n_types,)


class SeatNetwork:
    """The arcs of one agency's problem; cells are the usable (class, type) pairs, by class then type."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self.cell_class, self.cell_type = (axis.astype(np.int64) for axis in np.nonzero(classes.usable))
        month = classes.month[self.cell_class]
        key = month * classes.members.size + self.cell_type
        codes, self.cell_duty = np.unique(key, return_inverse=True)
        self.cell_duty = self.cell_duty.reshape(-1).astype(np.int64)
        self.duty_month, self.duty_type = codes // classes.members.size, codes % classes.members.size
        self.cell_unit: Ints = classes.size[self.cell_class] * classes.members[self.cell_type]
        self.demand: Ints = classes.officers * classes.size * MILLION
        branched = classes.qualified > 0
        self.branch_class: Ints = np.flatnonzero(branched)
        self.branch_high: Ints = ((classes.officers - classes.qualified) * classes.size * MILLION)[self.branch_class]
        self.cell_branched: Bools = branched[self.cell_class] & ~classes.holder[self.cell_class, self.cell_type]
        self._lay_arcs()

    def _lay_arcs(self) -> None:
        n_classes, n_types = self.classes.size.size, self.classes.members.size
        n_branches, n_duties = self.branch_class.size, self.duty_type.size
        branch_node = np.full(n_classes, -1)
        branch_node[self.branch_class] = _FIRST + n_classes + np.arange(n_branches)
        duty_node = _FIRST + n_classes + n_branches + np.arange(n_duties)
        type_node = _FIRST + n_classes + n_branches + n_duties + np.arange(n_types)
        class_node = _FIRST + np.arange(n_classes)
        cell_tail = np.where(self.cell_branched, branch_node[self.cell_class], class_node[self.cell_class])
        parts = (
            (np.full(n_classes, _SOURCE), class_node),
            (class_node[self.branch_class], branch_node[self.branch_class]),
            (cell_tail, duty_node[self.cell_duty]),
            (duty_node, type_node[self.duty_type]),
            (type_node, np.full(n_types, _SINK)),
            (type_node, np.full(n_types, _EXTRA)),
            (np.array([_EXTRA]), np.array([_SINK])),
        )
        self._tail = np.concatenate([tail for tail, _ in parts]).astype(np.int32)
        self._head = np.concatenate([head for _, head in parts]).astype(np.int32)
        self._n_nodes = _FIRST + n_classes + n_branches + n_duties + n_types

    def default_bounds(self) -> Bounds:
        """Return the hard rules alone: at most one seat a need and inspector, capacity of a month, any load."""
        capacity = self.classes.capacity[self.duty_type, self.duty_month] * self.classes.members[self.duty_type]
        return Bounds(low=np.zeros_like(self.cell_unit), high=self.cell_unit * MILLION, duty=capacity * MILLION)

    def by_class(self, values: Ints) -> Ints:
        """Return sums over the cells of each class, (n_classes,)."""
        return _sums(self.cell_class, values, self.classes.size.size)

    def by_type(self, values: Ints) -> Ints:
        """Return sums over the cells of each type, (n_types,)."""
        return _sums(self.cell_type, values, self.classes.members.size)

    def by_duty(self, values: Ints) -> Ints:
        """Return sums over the cells of each duty, (n_duties,)."""
        return _sums(self.cell_duty, values, self.duty_type.size)

    def fill(self, bounds: Bounds) -> Cut:
        """Return a largest flow within the bounds and the bottleneck nearest to the demand.

        The cut speaks of the flow above the lower bounds; ``short`` counts what is missing to fill every seat and to
        give every type its least load.
        """
        from ortools.graph.python.max_flow import SimpleMaxFlow  # type: ignore[import-untyped] # no stubs shipped

        capacities, lost = self._capacities(bounds)
        if lost:
            none, off = np.zeros(0, np.bool_), np.zeros_like(self.cell_unit)
            return Cut(short=lost, classes=none, branches=none, duties=none, types=none, flow=off)
        network = SimpleMaxFlow()
        arcs = network.add_arcs_with_capacity(self._tail, self._head, capacities)
        status = network.solve(_SOURCE, _SINK)
        if status != network.OPTIMAL:
            raise ArithmeticError(f"maximum flow ended with {status}")
        n_classes, n_branches = self.classes.size.size, self.branch_class.size
        side = np.zeros(self._n_nodes, np.bool_)
        side[network.get_source_side_min_cut()] = True
        branches = np.zeros(n_classes, np.bool_)
        branches[self.branch_class] = side[_FIRST + n_classes :][:n_branches]
        rest = side[_FIRST + n_classes + n_branches :]
        first = n_classes + n_branches
        flow = network.flows(arcs)[first : first + self.cell_unit.size].astype(np.int64)
        return Cut(
            short=int(capacities[:n_classes].sum()) - network.optimal_flow(),
            classes=side[_FIRST : _FIRST + n_classes],
            branches=branches,
            duties=rest[: self.duty_type.size],
            types=rest[self.duty_type.size :],
            flow=flow + bounds.low,
        )

    def _capacities(self, bounds: Bounds) -> tuple[Ints, int]:
        """Return the capacities above the lower bounds, and by how much the lower bounds alone are too high."""
        low = bounds.low
        demand = self.demand - self.by_class(low)
        held = self.by_type(low)
        load_low = np.zeros_like(held) if bounds.load_low is None else np.maximum(bounds.load_low - held, 0)
        total = int(demand.sum())
        load_high = np.full_like(held, max(total, 0)) if bounds.load_high is None else bounds.load_high - held
        parts = (
            demand,
            self.branch_high - self.by_class(np.where(self.cell_branched, low, 0))[self.branch_class],
            bounds.high - low,
            bounds.duty - self.by_duty(low),
            load_low,
            load_high - load_low,
            np.array([total - int(load_low.sum())]),
        )
        capacities = np.concatenate(parts)
        return capacities, -int(np.minimum(capacities, 0).sum())


def _sums(index: Ints, values: Ints, length: int) -> Ints:
    sums = np.zeros(length, np.int64)
    np.add.at(sums, index, values)
    return sums
