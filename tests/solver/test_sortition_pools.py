"""Citizens' panels: the largest least chance of anybody, against published values and against every panel there is.

Our model is by type, not by person: people alike are a pool and share its chance. It contains panels whose quotas are
whole seats with those who may fill them (columns) and least and most members of each type (rows). Two categories of
quotas that cross on more than single types are not contained, save one floor over any set of types (coverage).

Source: Flanigan, Gölz, Gupta, Hennig, Procaccia, *Fair algorithms for selecting citizens' assemblies*, Nature 596
(2021), Methods M8 and SI S6: the pools Alternate(n, k) and, for (200, 20) and (2000, 200), the exact maximin of 10.0 %
that the paper's replication prints. The pools of real panels with published values are not public.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.merge_problem import MILLION
from solver.spread import spread

Whole = np.ndarray


@dataclass(frozen=True)
class Panel:
    """Seats by column; types with their people, the seats they may fill and their least and most members."""

    seats: Whole
    size: Whole
    eligible: Whole
    least: Whole
    most: Whole

    def of_people(self) -> Panel:
        """Nobody sits twice."""
        return replace(self, most=np.minimum(self.most, self.size))

    def chances(self) -> Whole:
        flow = spread(self.seats, self.eligible, self.size.astype(float), self.least * MILLION, self.most * MILLION)
        return flow.sum(axis=1) / MILLION / self.size


def alternate(n: int, k: int) -> Panel:
    """Half are conservative men, the others liberal women but for one conservative woman; k/2 - 1 of each at least.

    At least k/2 - 1 men and as many liberals are bounds of the first two types; the least of women and of
    conservatives follow from them.
    """
    at_least = k // 2 - 1
    return Panel(
        seats=np.array([k]),
        size=np.array([n // 2, n // 2 - 1, 1]),
        eligible=np.ones((3, 1), bool),
        least=np.array([at_least, at_least, 0]),
        most=np.array([k - at_least, k - at_least, 1]),
    )


@pytest.mark.parametrize(("n", "k"), [(200, 20), (2_000, 200)])
def test_published_pool_has_its_published_maximin(n: int, k: int) -> None:
    published = 0.100
    chances = alternate(n, k).chances()
    assert chances.min() == pytest.approx(published, abs=1e-6)
    assert chances.max() == pytest.approx(published, abs=1e-6)


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """Quotas round a panel that is made first, so that there is one."""
    n_types, n_columns = draw(st.integers(1, 4)), draw(st.integers(1, 3))

    def numbers(least: int, most: int, *shape: int) -> Whole:
        count = int(np.prod(shape))
        return np.array(draw(st.lists(st.integers(least, most), min_size=count, max_size=count))).reshape(shape)

    seated = numbers(0, 2, n_types, n_columns)
    seated[0, 0] += 1
    members = seated.sum(axis=1)
    return Panel(
        seats=seated.sum(axis=0),
        size=np.maximum(members + numbers(0, 4, n_types), 1),
        eligible=(seated > 0) | (numbers(0, 1, n_types, n_columns) > 0),
        least=np.maximum(members - numbers(0, 3, n_types), 0),
        most=members + numbers(0, 3, n_types),
    ).of_people()


def every_panel(panel: Panel) -> Whole:
    """Members by type of every panel that keeps the quotas, (n_panels, n_types): Hall's condition by plain loops."""
    ranges = [range(low, high + 1) for low, high in zip(panel.least, panel.most, strict=True)]
    total = int(panel.seats.sum())
    columns = range(len(panel.seats))
    groups = [list(group) for r in range(len(panel.seats) + 1) for group in itertools.combinations(columns, r)]
    may_fill = [panel.eligible[:, group].any(axis=1) for group in groups]
    found = [
        members
        for members in itertools.product(*ranges)
        if sum(members) == total
        and all(
            np.array(members)[may].sum() >= panel.seats[group].sum()
            for group, may in zip(groups, may_fill, strict=True)
        )
    ]
    return np.array(found).reshape(len(found), len(panel.size))


def maximin(panels: Whole, size: Whole) -> float:
    """The largest least chance over all lotteries of the panels, by linear programming."""
    from ortools.linear_solver import pywraplp

    solver = pywraplp.Solver.CreateSolver("GLOP")
    shares = [solver.NumVar(0, 1, "") for _ in panels]
    least = solver.NumVar(0, 1, "")
    solver.Add(solver.Sum(shares) == 1)
    for chances in (panels / size).T.tolist():
        solver.Add(solver.Sum([share * chance for share, chance in zip(shares, chances, strict=True)]) >= least)
    solver.Maximize(least)
    assert solver.Solve() == pywraplp.Solver.OPTIMAL
    return float(least.solution_value())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(panels())
def test_least_chance_is_that_of_the_best_lottery_over_every_panel(panel: Panel) -> None:
    assert panel.chances().min() == pytest.approx(maximin(every_panel(panel), panel.size), abs=2e-5)


def test_type_that_a_crossing_quota_would_shut_out_has_no_chance_here_either() -> None:
    # One seat for each of two columns; the only person of the third type may fill neither.
    panel = Panel(
        seats=np.array([1, 1]),
        size=np.array([2, 3, 1]),
        eligible=np.array([[1, 0], [0, 1], [0, 0]], bool),
        least=np.zeros(3, np.int64),
        most=np.array([2, 3, 1]),
    )
    assert panel.chances().tolist() == pytest.approx([1 / 2, 1 / 3, 0.0], abs=1e-6)
