"""The chance of every inspector for every need of one agency, fixed before a seed exists (SOLVER.md 3).

Loads of the year and of the months as even as eligibility allows, then the largest chance as small as possible, then
greatest entropy, then exact millionths. The draw rounds the result (PROTOCOL 5 and 7).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from solver.chance_caps import bound_chances, bound_exclusion
from solver.entropy import even_flow
from solver.exact_flow import exact_flow
from solver.loads import bound_months, bound_year
from solver.seat_classes import MILLION, Bools, Classes, Ints, expand_classes, expand_types, reduce_to_classes
from solver.seat_flow import Bounds, SeatNetwork
from solver.seat_shortage import SeatShortage, name_shortage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceProblem:
    """Needs and inspectors of one agency of one county.

    Needs of one group share a row of ``eligible`` (who may serve) and ``holder`` (who of them holds the qualification
    asked for; read only where ``qualified`` > 0). ``capacity`` is the most visits of an inspector in a month.
    """

    month: Ints  # (n_needs,) index of a month
    officers: Ints  # (n_needs,) seats, at least 1
    qualified: Ints  # (n_needs,) least seats for holders, 0 if none
    group: Ints  # (n_needs,) row of eligible and holder
    eligible: Bools  # (n_groups, n_inspectors)
    holder: Bools  # (n_groups, n_inspectors)
    capacity: Ints  # (n_inspectors, n_months)

    def __post_init__(self) -> None:
        needs = self.month.shape
        if not self.officers.shape == self.qualified.shape == self.group.shape == needs:
            raise ValueError(f"month, officers, qualified and group differ in length: {needs[0]} needs expected")
        if self.eligible.shape != self.holder.shape or self.eligible.shape[1] != self.capacity.shape[0]:
            shapes = self.eligible.shape, self.holder.shape, self.capacity.shape
            raise ValueError(f"eligible, holder and capacity disagree: {shapes}")
        if needs[0] and (self.officers.min() < 1 or self.qualified.min() < 0 or (self.qualified > self.officers).any()):
            raise ValueError("a need asks for at least one officer and for no more qualified officers than officers")
        if needs[0] and not (self.month.min() >= 0 and self.month.max() < self.capacity.shape[1]):
            raise ValueError(f"a need lies outside the {self.capacity.shape[1]} months")
        if needs[0] and not (self.group.min() >= 0 and self.group.max() < self.eligible.shape[0]):
            raise ValueError(f"a need names none of the {self.eligible.shape[0]} groups")
        if self.capacity.size and self.capacity.min() < 0:
            raise ValueError("a capacity is negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """One entry for each need and inspector with a chance, by need, then inspector; flows in 1 … 1 000 000.

    The flows of a need add up to its officers exactly, those of its holders to at least ``qualified``; those of an
    inspector to a load between ``load_least`` and ``load_most`` seats, in a month to at most its capacity.
    """

    need: Ints  # (n_entries,)
    inspector: Ints  # (n_entries,)
    flow: Ints  # (n_entries,) millionths
    load_least: Ints  # (n_inspectors,) seats in the year, the floor the draw keeps
    load_most: Ints  # (n_inspectors,) seats in the year, the ceiling the draw keeps
    largest: int  # millionths: the largest chance among needs that are not forced
    bound: int  # millionths: no plan can do better than this, the largest officers / eligible among them
    forced: tuple[int, ...]  # needs at which somebody has chance 1 whatever is done
    left_out: int  # eligible pairs that the rules keep at chance 0: no capacity in that month, or every seat qualified


def chances(problem: ChanceProblem) -> Chances | SeatShortage:
    """Return the fairest chances, or the groups of needs that cannot be staffed.

    The order of aims is: every seat filled within capacity; every eligible pair possible; loads of the year as even
    as possible; loads of a month; nobody's chance far below the even share; the largest chance least; entropy greatest.
    """
    classes = reduce_to_classes(problem)
    network = SeatNetwork(classes)
    cut = network.fill(network.default_bounds())
    if cut.short:
        return name_shortage(network, cut)
    bounds = _leave_nobody_out(network, network.default_bounds())
    bounds = bound_year(network, bounds)
    bounds = bound_months(network, bounds)
    bounds = bound_chances(network, bound_exclusion(network, bounds))
    flow = exact_flow(network, bounds, even_flow(network, bounds))
    return _tell(problem, classes, _spread(network, flow))


def _leave_nobody_out(network: SeatNetwork, bounds: Bounds) -> Bounds:
    """Return the bounds with at least one millionth for every pair, but for pairs a full capacity keeps at zero."""
    low = network.cell_unit.copy()
    high = bounds.high.copy()
    while True:
        cut = network.fill(replace(bounds, low=low, high=high))
        if not cut.short:
            return replace(bounds, low=low, high=high)
        if not cut.classes.size:
            return bounds
        tail = np.where(network.cell_branched, cut.branches[network.cell_class], cut.classes[network.cell_class])
        closed = ~tail & cut.duties[network.cell_duty] & (low > 0)
        if not closed.any():
            return bounds
        low[closed] = high[closed] = 0


def _spread(network: SeatNetwork, flow: Ints) -> Ints:
    """Return the millionths of every need and inspector, (n_needs, n_inspectors)."""
    dense = np.zeros(network.classes.usable.shape, np.int64)
    dense[network.cell_class, network.cell_type] = flow
    return expand_classes(network.classes, expand_types(network.classes, dense))


def _tell(problem: ChanceProblem, classes: Classes, flow: Ints) -> Chances:
    need, inspector = np.nonzero(flow)
    loads = flow.sum(axis=0)
    floor = classes.floor()[classes.class_of]
    is_free = floor < MILLION
    largest = flow[is_free].max(initial=0)
    return Chances(
        need=need.astype(np.int64),
        inspector=inspector.astype(np.int64),
        flow=flow[need, inspector],
        load_least=loads // MILLION,
        load_most=-(-loads // MILLION),
        largest=int(largest),
        bound=int(floor[is_free].max(initial=0)),
        forced=tuple(np.flatnonzero(~is_free).tolist()),
        left_out=int(problem.eligible.sum(axis=1)[problem.group].sum()) - need.size,
    )
