"""The linear program of the merge over the visits found so far, widened by pricing until no visit improves it.

A column is (tasks done, signature visited, month or none): its value is the expected number of such visits. Rows are
the totals of tasks, the bounds of signatures, coverage, the joint share, and, where seats are scarce, the seats of
each resource in each month. Every rule can be broken at a price, so the program always has an answer; what is broken
at the end is short.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from solver.columns import Costs, Menu, best_offers, menus
from solver.merge_problem import MILLION, Bools, Floats, MergeProblem, RuleKind
from solver.price_board import PriceBoard
from solver.relaxed import Column, Prices, Relaxed, levels

FORBIDDEN = 50.0
"""Price, in visits, of breaking a rule by one."""

TAIL = 1e-3
"""A round that raises the least chance by a smaller part than this is the last of its level: columns trickle on."""

INSISTED = 5_000.0
"""The same once an answer at the lower price has broken a rule."""


@dataclass(slots=True)
class Master:
    """The program of one problem; rows stand from the start, columns come by pricing.

    Args:
        problem: what is to be merged.
        tight: resources whose seats are kept month by month; columns that use one carry a month.
        penalties: price of breaking a kind of rule by one unit, ``FORBIDDEN`` where absent.
    """

    problem: MergeProblem
    tight: tuple[int, ...] = ()
    penalties: Mapping[RuleKind, float] = field(default_factory=dict)
    columns: dict[Column, Any] = field(default_factory=dict)
    _lp: Any = None
    _rows: dict[tuple[RuleKind, int, int], Any] = field(default_factory=dict)
    _breaks: dict[tuple[RuleKind, int, int], list[tuple[int, Any]]] = field(default_factory=dict)
    _menus: tuple[Menu, ...] = ()
    _board: Any = None
    _total: Any = None
    _fair: list[Any] = field(default_factory=list)
    _is_counting: bool = True

    def __post_init__(self) -> None:
        from ortools.linear_solver import pywraplp  # type: ignore[import-untyped] # no stubs shipped

        self._lp = pywraplp.Solver.CreateSolver("GLOP")
        # Preprocessing off: the solver then starts from the basis of the round before.
        self._lp.SetSolverSpecificParametersAsString("use_preprocessing: false")
        self._menus = menus(self.problem, self.tight)
        self._board = PriceBoard.of(self.problem, self._menus)
        self._add_rows()

    def _add_rows(self) -> None:
        p, infinity = self.problem, self._lp.infinity()
        for k, total in enumerate(p.totals):
            signs = (1, -1) if "task_total" in self.penalties else (1,)
            self._row("task_total", k, -1, float(total), float(total), signs=signs)
        for s in range(len(p.signatures)):
            self._row("lower", s, -1, p.lower[s] / MILLION, infinity, signs=(1,))
            self._row("upper", s, -1, -infinity, p.upper[s] / MILLION, signs=(-1,))
        self._row("coverage", -1, -1, float(p.coverage), infinity, signs=(1,))
        # A share of combinations is no row of visits; it is checked where visits are whole.
        least_joint = -1e9 if p.joint_counted_by == "tasks" else 0.0
        self._row("joint", -1, -1, least_joint, infinity, signs=(1,))
        for r in self.tight:
            for m in range(p.windows.shape[1]):
                self._row("seats", r, m, -infinity, float(p.seats[r, m]), signs=(-1,))
        self._total = self._lp.Constraint(-infinity, infinity)

    def _row(self, kind: RuleKind, index: int, month: int, low: float, high: float, signs: tuple[int, ...]) -> None:
        key = (kind, index, month)
        row = self._lp.Constraint(low, high)
        self._rows[key] = row
        self._breaks[key] = []
        for sign in signs:
            breach = self._lp.NumVar(0.0, self._lp.infinity(), "")
            row.SetCoefficient(breach, float(sign))
            self._lp.Objective().SetCoefficient(breach, self.penalties.get(kind, FORBIDDEN))
            self._breaks[key].append((sign, breach))

    def add(self, columns: Iterable[Column]) -> int:
        """Add the columns not there yet, in the order given; return how many."""
        added = 0
        for column in columns:
            if column in self.columns:
                continue
            self.columns[column] = self._variable(column)
            added += 1
        return added

    def _variable(self, column: Column) -> Any:
        p, variable = self.problem, self._lp.NumVar(0.0, self._lp.infinity(), "")
        for k in column.tasks:
            self._rows[("task_total", k, -1)].SetCoefficient(variable, 1.0)
        self._rows[("lower", column.signature, -1)].SetCoefficient(variable, 1.0)
        self._rows[("upper", column.signature, -1)].SetCoefficient(variable, 1.0)
        if p.covers[column.signature]:
            self._rows[("coverage", -1, -1)].SetCoefficient(variable, 1.0)
        used: Bools = np.any(p.resources[list(column.tasks)], axis=0)
        is_joint = int(used[: p.n_agencies].sum()) > 1
        self._rows[("joint", -1, -1)].SetCoefficient(variable, float(is_joint) - p.joint[0] / p.joint[1])
        for r in self.tight:
            if used[r]:
                self._rows[("seats", r, column.month)].SetCoefficient(variable, float(p.seats_per_visit[r]))
        self._total.SetCoefficient(variable, 1.0)
        if self._fair:
            self._fair[column.signature].SetCoefficient(variable, 1.0)
        if self._is_counting:
            self._lp.Objective().SetCoefficient(variable, 1.0)
        return variable

    def start(self, seeds: Iterable[Column] = ()) -> None:
        """Add a first set of columns: seeds in every open month, every signature's fullest visits, every task alone."""
        p = self.problem
        for seed in seeds:
            self.add(self.in_months(seed.tasks, seed.signature))
        if not self.columns:
            ones = Prices(task=np.ones(len(p.totals)), signature=np.zeros(len(p.signatures)), visit=-1.0)
            self.add(self._offers(ones)[0])
        order = np.argsort(-p.upper, kind="stable")
        for k in np.flatnonzero((p.totals > 0) & p.windows.any(axis=1)):
            for s in [int(s) for s in order if p.signatures[s, k]][:3]:
                self.add(self.in_months((int(k),), s))

    def in_months(self, tasks: tuple[int, ...], signature: int) -> list[Column]:
        """The columns of a visit: one per open month if it uses a tight resource, else one without a month."""
        if not self._is_tight(tasks):
            return [Column(tasks, signature, -1)]
        months = np.flatnonzero(self.problem.windows[list(tasks)].all(axis=0))
        return [Column(tasks, signature, int(m)) for m in months]

    def _is_tight(self, tasks: tuple[int, ...]) -> bool:
        return bool(self.problem.resources[np.ix_(list(tasks), list(self.tight))].any())

    def near_best(self, most_reduced_cost: float) -> list[Column]:
        """Columns that are used or nearly worth using in the answer just found, in order."""
        return sorted(c for c, x in self.columns.items() if float(x.reduced_cost()) <= most_reduced_cost)

    def _offers(self, prices: Prices) -> tuple[list[Column], float]:
        """Columns worth adding at these prices, best first per signature, and the greatest value of any column."""
        p, share = self.problem, self.problem.joint[0] / self.problem.joint[1]
        cost = None if prices.seat is None else p.seats_per_visit[:, None] * prices.seat
        base = prices.signature - prices.joint * share
        least = -prices.visit - base
        offers, most = self._board.best(p, prices.task, cost, prices.joint, least)
        for s, menu in enumerate(self._menus):
            if most[s] == -np.inf and len(menu.tasks):
                more, most[s] = best_offers(
                    p, menu, prices.task, Costs(seat=cost, joint_bonus=prices.joint, least=float(least[s]))
                )
                offers += [(s, offer) for offer in more]
        found = [
            Column(offer.tasks, s, offer.month if self._is_tight(offer.tasks) else -1)
            for s, offer in offers
            if offer.value - least[s] > 1e-7
        ]
        return found, float(np.max(most + base, initial=-np.inf))

    def solve(self, *, rounds: int = 60) -> Relaxed | None:
        """Solve, price and add columns, until none improves the answer or the bound proves it best in whole visits.

        Returns None where the program has no optimum (numerical trouble; every rule can be broken at a price).
        """
        best_bound, objective, before = 0.0, float("inf"), float("inf")
        for round_number in range(rounds):
            if not self._optimize():
                break
            objective = float(self._lp.Objective().Value())
            columns, greatest = self._offers(self._prices())
            if self._is_counting:
                # Farley: prices divided by the greatest value of a visit are a feasible dual answer.
                best_bound = max(best_bound, objective / max(greatest, 1.0))
            fresh = [c for c in dict.fromkeys(columns) if c not in self.columns]
            is_proven = self._is_counting and np.ceil(objective - 1e-6) <= np.ceil(best_bound - 1e-6)
            is_proven = is_proven and not self._broken()
            is_slow = not self._is_counting and before - objective <= TAIL * abs(objective)
            if is_proven or is_slow or not fresh or round_number == rounds - 1:
                return self._answer(objective, best_bound)
            before = objective
            self.add(fresh)
        return None

    def _optimize(self) -> bool:
        """Solve from the last basis; from scratch where that ends abnormally. Whether an optimum was found."""
        from ortools.linear_solver import pywraplp

        if self._lp.Solve() == pywraplp.Solver.OPTIMAL:
            return True
        scratch = pywraplp.MPSolverParameters()
        scratch.SetIntegerParam(scratch.INCREMENTALITY, scratch.INCREMENTALITY_OFF)
        return bool(self._lp.Solve(scratch) == pywraplp.Solver.OPTIMAL)

    def make_fair(self, most_visits: float, *, levels: int = 3, rounds: int = 10) -> Relaxed | None:
        """Among answers of at most so many visits, raise the least visits/weight, then the next least, and so on.

        Each level fixes the signatures that cannot rise further (their row has a price), and raises the others.
        """
        p, infinity = self.problem, self._lp.infinity()
        weight = p.weight / max(float(p.weight.sum()), 1e-12) * most_visits
        self._forbid_breaks(most_visits)
        level = self._lp.NumVar(0.0, infinity, "")
        self._fair = [self._lp.Constraint(0.0, infinity) for _ in weight]
        for column, variable in self.columns.items():
            self._fair[column.signature].SetCoefficient(variable, 1.0)
        rising = [s for s in range(len(weight)) if weight[s] > 0 and p.signatures[s].any() and p.upper[s] > 0]
        for s in rising:
            self._fair[s].SetCoefficient(level, -float(weight[s]))
        self._lp.Objective().SetCoefficient(level, -1.0)
        answer = self.solve(rounds=rounds)
        for _ in range(levels - 1):
            if answer is None:
                break
            reached = float(level.solution_value())
            fixed = [s for s in rising if self._fair[s].dual_value() > 1e-9]
            rising = [s for s in rising if s not in fixed]
            if not fixed or not rising:
                break
            for s in fixed:
                self._fair[s].SetCoefficient(level, 0.0)
                self._fair[s].SetBounds(reached * float(weight[s]) * (1 - 1e-6), infinity)
            better = self.solve(rounds=rounds)
            if better is None:
                break
            answer = better
        return answer

    def _broken(self) -> dict[tuple[RuleKind, int, int], float]:
        """By how much each broken rule is broken in the answer just found."""
        return {key: net for key, parts in self._breaks.items() if abs(net := _net(key, parts)) > 1e-6}

    def insist(self) -> None:
        """Make breaking rules so dear that only what no visits can mend stays broken."""
        for parts in self._breaks.values():
            for _, breach in parts:
                self._lp.Objective().SetCoefficient(breach, INSISTED)

    def _forbid_breaks(self, most_visits: float) -> None:
        """From here on visits are limited, not counted, and no rule may be broken more than it is."""
        self._is_counting = False
        breaches = [breach for parts in self._breaks.values() for _, breach in parts]
        amounts = [float(breach.solution_value()) for breach in breaches]
        for breach, amount in zip(breaches, amounts, strict=True):
            breach.SetUb(amount if amount > 1e-7 else 1e-7)
        self._lp.Objective().Clear()
        self._lp.Objective().SetMinimization()
        self._total.SetBounds(-self._lp.infinity(), most_visits + 1e-6)

    def _prices(self) -> Prices:
        p, row = self.problem, self._rows
        n_signatures = len(p.signatures)
        signature = np.array(
            [row[("lower", s, -1)].dual_value() + row[("upper", s, -1)].dual_value() for s in range(n_signatures)]
        )
        signature += np.where(p.covers, row[("coverage", -1, -1)].dual_value(), 0.0)
        if self._fair:
            signature += np.array([fair.dual_value() for fair in self._fair])
        seat = None
        if self.tight:
            seat = np.zeros(p.seats.shape)
            for (kind, r, m), constraint in row.items():
                if kind == "seats":
                    seat[r, m] = -constraint.dual_value()
        return Prices(
            task=_on_grid(np.array([row[("task_total", k, -1)].dual_value() for k in range(len(p.totals))])),
            signature=signature,
            joint=row[("joint", -1, -1)].dual_value(),
            seat=seat,
            visit=self._total.dual_value() - (1.0 if self._is_counting else 0.0),
        )

    def _answer(self, objective: float, bound: float) -> Relaxed:
        visits = {c: v for c, x in sorted(self.columns.items()) if (v := float(x.solution_value())) > 1e-9}
        broken = self._broken()
        prices = range(len(self.problem.signatures))
        owed = np.array([self._rows[("lower", s, -1)].dual_value() for s in prices])
        owed += np.where(self.problem.covers, self._rows[("coverage", -1, -1)].dual_value(), 0.0)
        full = np.array([-self._rows[("upper", s, -1)].dual_value() for s in prices])
        return Relaxed(
            visits=visits, broken=broken, objective=objective, bound=bound, poor=levels(owed), full=levels(full)
        )


def _on_grid(prices: Floats) -> Floats:
    """Prices rounded to 2**-36, so that sums of them are exact: no order of summation, on any machine, differs."""
    return np.round(prices * 2.0**36) / 2.0**36


def _net(key: tuple[RuleKind, int, int], parts: list[tuple[int, Any]]) -> float:
    """By how much a rule is broken; negative where a task is done more often than its total."""
    if key[0] == "task_total":
        return sum(sign * float(breach.solution_value()) for sign, breach in parts)
    return sum(float(breach.solution_value()) for _, breach in parts)
