"""A linear program in which rules can be dropped, or bent by an amount: does any expected plan keep the rest?

Columns are those of the merge's own program (solver/master.py) and come by the same pricing, but visits cost nothing:
what is minimised is by how much rules are broken. A positive optimum proves that no plan keeps the rules, and the
rules with a price there are such a set already (Farkas), mostly a small one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from solver.columns import Costs, Menu, best_offers, menus
from solver.exact_pricing import best_freely, is_free, made_joint, real_offers
from solver.merge_problem import MILLION, Bools, Floats, MergeProblem, Rule, RuleKind
from solver.relaxed import Column
from solver.rule_drop import rules_against, signature_bounds, structure, tier_bounds

BROKEN = 1e-5
"""Visits by which rules must be broken together before that counts as proof; the program is exact to about 1e-7."""

HARD = 1_000.0
"""Price, in visits, of breaking a rule while another is bent."""

ROUNDS = 80

STRUCTURAL: frozenset[RuleKind] = frozenset({"window", "merge", "most_agencies", "most_items"})
"""Rules that decide which visits there may be; the others are rows of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bent:
    """An answer with rules bent: by how much (in units of ``Elastic.bend``), the visits, and what stayed broken."""

    amounts: dict[tuple[Rule, int], float]
    visits: dict[Column, float]
    broken: float


@dataclass(slots=True)
class Elastic:
    """The program of one problem.

    Args:
        problem: what is to be merged.
        tight: resources whose seats are kept month by month; the seats of others are not seen.
        seeds: columns to begin with.
    """

    problem: MergeProblem
    tight: tuple[int, ...] = ()
    seeds: Iterable[Column] = ()
    columns: dict[Column, Any] = field(default_factory=dict)
    is_exact: bool = True
    _lp: Any = None
    _rows: dict[tuple[RuleKind, int, int], Any] = field(default_factory=dict)
    _breaks: dict[tuple[RuleKind, int, int], list[Any]] = field(default_factory=dict)
    _bends: dict[tuple[Rule, int], Any] = field(default_factory=dict)
    _menus: dict[frozenset[Rule], tuple[MergeProblem, dict[int, Menu]]] = field(default_factory=dict)
    _needs: dict[Column, tuple[frozenset[Rule], ...]] = field(default_factory=dict)
    _freed: frozenset[Rule] = frozenset()
    _share: float = 0.0

    def __post_init__(self) -> None:
        from ortools.linear_solver import pywraplp  # type: ignore[import-untyped] # no stubs shipped

        self._lp = pywraplp.Solver.CreateSolver("GLOP")
        self._lp.SetSolverSpecificParametersAsString("use_preprocessing: false")
        self._share = self.problem.joint[0] / self.problem.joint[1]
        self._add_rows()
        self._add_bends()
        self._add(self.seeds)
        self._add_alone()

    def impossible(self, kept: Set[Rule]) -> frozenset[Rule] | None:
        """Return rules among those kept that no plan keeps together; None where the program knows a plan of them."""
        self._ask(kept, {}, hard=1.0)
        if not self._solve(enough=BROKEN):
            return None
        if not self.is_exact or float(self._lp.Objective().Value()) <= BROKEN:
            return None
        return self._priced(kept)

    def bend(self, kept: Set[Rule], prices: Mapping[Rule, float]) -> Bent | None:
        """Bend the rules priced as little as possible, so that all rules kept hold; None where that fails.

        Units: visits (coverage, task totals), the share of the way to no bound at all (lower, upper), officers where
        it is known what seats one gives, else seats.
        """
        self._ask(kept, prices, hard=HARD)
        if not self._solve():
            return None
        broken = self._broken()
        amounts = {key: v for key, b in self._bends.items() if abs(v := float(b.solution_value())) > 1e-6}
        return Bent(amounts=amounts, visits=self._visits(), broken=broken)

    def greatest_joint(self, kept: Set[Rule]) -> tuple[float, tuple[Column, ...]] | None:
        """The greatest joint share beside the other rules kept (Dinkelbach 1967), and visits that come near it."""
        share, reached, found = self._share, 0.0, tuple[Column, ...]()
        try:
            for _ in range(8):
                self._ask(kept | {Rule("joint")}, {Rule("joint"): 1.0}, hard=HARD)
                self._bends[Rule("joint"), -1].SetBounds(-self._lp.infinity(), self._lp.infinity())
                if not self._solve():
                    return None
                if self._broken() > BROKEN:
                    return None
                visits, found = self._visits(), self.known()
                total = sum(visits.values())
                reached = sum(v for c, v in visits.items() if self._is_joint(c.tasks)) / total if total else 0.0
                if abs(reached - self._share) < 1e-6:
                    break
                self._set_share(reached)
            return reached, found
        finally:
            self._set_share(share)

    def seats_missing(self, kept: Set[Rule], resource: int) -> tuple[tuple[int, ...], float]:
        """Months in which the resource's seats do not suffice, and how many are missing beside the other rules kept."""
        self._ask(kept, {}, hard=HARD)
        rows: dict[int, tuple[RuleKind, int, int]]
        rows = {m: ("seats", resource, m) for m in range(self.problem.windows.shape[1])}
        for key in rows.values():
            self._lp.Objective().SetCoefficient(self._breaks[key][0], 1.0)
        if not self._solve():
            return (), 0.0
        short = tuple(m for m, key in rows.items() if abs(self._rows[key].dual_value()) > 1e-9)
        return short, sum(float(self._breaks[key][0].solution_value()) for key in rows.values())

    def _broken(self) -> float:
        """By how much rules that are kept are broken, in their units."""
        objective = self._lp.Objective()
        parts = [breach for both in self._breaks.values() for breach in both]
        return sum(float(b.solution_value()) for b in parts if objective.GetCoefficient(b) > 0)

    def known(self, most_reduced_cost: float = 1.0) -> tuple[Column, ...]:
        """Columns that are used or nearly worth using in the answer just found, in order."""
        return tuple(sorted(c for c, x in self.columns.items() if x.ub() > 0 and x.reduced_cost() <= most_reduced_cost))

    def _visits(self) -> dict[Column, float]:
        return {c: v for c, x in sorted(self.columns.items()) if (v := float(x.solution_value())) > 1e-9}

    def _add_rows(self) -> None:
        p = self.problem
        infinity = self._lp.infinity()
        for k, total in enumerate(p.totals.tolist()):
            self._row(("task_total", k, -1), (total, total), signs=(1, -1))
        for s in range(len(p.signatures)):
            self._row(("lower", s, -1), (0.0, infinity), signs=(1,))
            self._row(("upper", s, -1), (-infinity, 0.0), signs=(-1,))
        self._row(("coverage", -1, -1), (p.coverage, infinity), signs=(1,))
        self._row(("joint", -1, -1), (0.0, infinity), signs=(1,))
        for r in self.tight:
            for m, seats in enumerate(p.seats[r].tolist()):
                self._row(("seats", r, m), (-infinity, seats), signs=(-1,))

    def _row(self, key: tuple[RuleKind, int, int], bounds: tuple[float, float], signs: tuple[int, ...]) -> None:
        infinity = self._lp.infinity()
        row = self._lp.Constraint(float(bounds[0]), float(bounds[1]))
        self._rows[key] = row
        self._breaks[key] = []
        for sign in signs:
            breach = self._lp.NumVar(0.0, infinity, "")
            row.SetCoefficient(breach, float(sign))
            self._breaks[key].append(breach)

    def _add_bends(self) -> None:
        """One variable for each rule that bends as a whole: a tier's share, coverage, a resource's officers."""
        p, tiers = self.problem, tier_bounds(self.problem)
        for t in range(len(tiers.lower)):
            less = self._bend(Rule("lower", t))
            for s in np.flatnonzero(tiers.lower[t]).tolist():
                self._rows["lower", s, -1].SetCoefficient(less, float(tiers.lower[t, s]) / MILLION)
            more = self._bend(Rule("upper", t))
            for s in np.flatnonzero(tiers.firms[t] > tiers.upper[t]).tolist():
                self._rows["upper", s, -1].SetCoefficient(more, -float(tiers.firms[t, s] - tiers.upper[t, s]) / MILLION)
        for rule in (Rule("coverage"), Rule("joint")):
            self._rows[rule.kind, -1, -1].SetCoefficient(self._bend(rule), 1.0)
        for k in range(len(p.totals)):
            self._rows["task_total", k, -1].SetCoefficient(self._bend(Rule("task_total", k)), 1.0)
            self._rows["task_total", k, -1].SetCoefficient(self._bend(Rule("task_total", k), 1), -1.0)
        for r in self.tight:
            each = None if p.seats_per_officer is None else p.seats_per_officer[r]
            officer = self._bend(Rule("seats", r))
            for m in range(p.windows.shape[1]):
                row = self._rows["seats", r, m]
                if each is not None and each.any():
                    row.SetCoefficient(officer, -float(each[m]))
                else:
                    row.SetCoefficient(self._bend(Rule("seats", r), m), -1.0)

    def _bend(self, rule: Rule, place: int = -1) -> Any:
        self._bends[rule, place] = self._lp.NumVar(0.0, 0.0, "")
        return self._bends[rule, place]

    def _ask(self, kept: Set[Rule], prices: Mapping[Rule, float], *, hard: float) -> None:
        """Set bounds of rows, columns and bends, and what is minimised."""
        p, infinity = self.problem, self._lp.infinity()
        tiers = range(len(tier_bounds(p).lower))
        every = {Rule("lower", t) for t in tiers} | {Rule("upper", t) for t in tiers}
        lower, upper = signature_bounds(p, every - set(kept))
        objective = self._lp.Objective()
        objective.Clear()
        for (kind, index, month), row in self._rows.items():
            if kind == "lower":
                row.SetBounds(float(lower[index]) / MILLION, infinity)
            elif kind == "upper":
                row.SetBounds(-infinity, float(upper[index]) / MILLION)
            # A rule dropped can be broken for nothing: a row without bounds confuses the solver.
            is_hard = kind in ("lower", "upper") or Rule(kind, index) in kept
            is_hard &= kind != "joint" or p.joint_counted_by != "tasks"
            for breach in self._breaks[kind, index, month]:
                objective.SetCoefficient(breach, hard if is_hard else 0.0)
        for (rule, _), bend in self._bends.items():
            limit = 1.0 if rule.kind in ("lower", "upper") else infinity
            bend.SetBounds(0.0, limit if rule in prices else 0.0)
            if rule in prices:
                objective.SetCoefficient(bend, float(prices[rule]))
        objective.SetMinimization()
        self._free(frozenset(r for r in self._structural() if r not in kept))

    def _structural(self) -> list[Rule]:
        named: list[Rule] = [Rule("most_agencies"), Rule("most_items"), Rule("merge")]
        return named + [Rule("window", k) for k in range(len(self.problem.totals))]

    def _free(self, freed: frozenset[Rule]) -> None:
        """Columns that only freed rules allow are shut unless those are free."""
        if freed == self._freed and self.columns:
            return
        self._freed = freed
        for column, variable in self.columns.items():
            variable.SetUb(self._lp.infinity() if self._is_allowed(column) else 0.0)

    def _is_allowed(self, column: Column) -> bool:
        if column not in self._needs:
            self._needs[column] = rules_against(self.problem, column)
        return any(needed <= self._freed for needed in self._needs[column])

    def _shape(self) -> tuple[MergeProblem, dict[int, Menu]]:
        """The problem without the rules freed, and the menu of each signature that needs one."""
        if self._freed not in self._menus:
            shape = structure(self.problem, self._freed)
            chosen = [s for s in range(len(shape.signatures)) if not is_free(shape, s, self.tight)]
            listed = menus(replace(shape, signatures=shape.signatures[chosen]), self.tight)
            self._menus[self._freed] = shape, dict(zip(chosen, listed, strict=True))
        return self._menus[self._freed]

    def _add(self, columns: Iterable[Column]) -> None:
        for column in columns:
            if column not in self.columns:
                variable = self._variable(column)
                self.columns[column] = variable
                if not self._is_allowed(column):
                    variable.SetUb(0.0)

    def _variable(self, column: Column) -> Any:
        p, variable = self.problem, self._lp.NumVar(0.0, self._lp.infinity(), "")
        for k in column.tasks:
            self._rows["task_total", k, -1].SetCoefficient(variable, 1.0)
        self._rows["lower", column.signature, -1].SetCoefficient(variable, 1.0)
        self._rows["upper", column.signature, -1].SetCoefficient(variable, 1.0)
        if p.covers[column.signature]:
            self._rows["coverage", -1, -1].SetCoefficient(variable, 1.0)
        self._rows["joint", -1, -1].SetCoefficient(variable, float(self._is_joint(column.tasks)) - self._share)
        for r in self.tight:
            if p.resources[list(column.tasks), r].any():
                self._rows["seats", r, column.month].SetCoefficient(variable, float(p.seats_per_visit[r]))
        return variable

    def _is_joint(self, tasks: tuple[int, ...]) -> bool:
        used: Bools = np.any(self.problem.resources[list(tasks), : self.problem.n_agencies], axis=0)
        return int(used.sum()) > 1

    def _set_share(self, share: float) -> None:
        self._share = share
        row = self._rows["joint", -1, -1]
        for column, variable in self.columns.items():
            row.SetCoefficient(variable, float(self._is_joint(column.tasks)) - share)

    def _add_alone(self) -> None:
        """Every task alone at its largest signatures, so that each rule has some visit."""
        p = self.problem
        order = np.argsort(-p.upper, kind="stable")
        for k in np.flatnonzero((p.totals > 0) & p.windows.any(axis=1)):
            months = np.flatnonzero(p.windows[k]) if p.resources[k, list(self.tight)].any() else [-1]
            for s in [int(s) for s in order if p.signatures[s, k]][:3]:
                self._add(Column((int(k),), s, int(m)) for m in months)

    def _solve(self, enough: float | None = None) -> bool:
        """Solve, price and add columns until none helps; whether the answer is an optimum."""
        for _ in range(ROUNDS):
            if not self._optimize():
                return False
            if enough is not None and float(self._lp.Objective().Value()) <= enough:
                return True
            fresh = [column for column in self._offers() if column not in self.columns]
            if not fresh:
                return True
            self._add(fresh)
        return False

    def _optimize(self) -> bool:
        from ortools.linear_solver import pywraplp

        if self._lp.Solve() == pywraplp.Solver.OPTIMAL:
            return True
        scratch = pywraplp.MPSolverParameters()
        scratch.SetIntegerParam(scratch.INCREMENTALITY, scratch.INCREMENTALITY_OFF)
        return bool(self._lp.Solve(scratch) == pywraplp.Solver.OPTIMAL)

    def _offers(self) -> list[Column]:
        """Columns worth adding at the present prices."""
        shape, offered = self._shape()
        self.is_exact = True
        price = self._duals("task_total", len(shape.totals))
        signature = self._duals("lower", len(shape.signatures)) + self._duals("upper", len(shape.signatures))
        signature += np.where(shape.covers, self._rows["coverage", -1, -1].dual_value(), 0.0)
        joint = max(0.0, float(self._rows["joint", -1, -1].dual_value()))
        cost = None
        if self.tight:
            cost = np.zeros(shape.seats.shape)
            for r in self.tight:
                for m in range(shape.seats.shape[1]):
                    cost[r, m] = -self._rows["seats", r, m].dual_value() * shape.seats_per_visit[r]
        base = signature - joint * self._share
        found: list[Column] = []
        for s in range(len(base)):
            menu = offered.get(s)
            if menu is None:
                tasks, value = best_freely(shape, s, price, joint)
                found += [Column(tasks, s, -1)] if value + base[s] > 1e-7 else []
                continue
            costs = Costs(seat=cost, joint_bonus=joint, least=-float(base[s]))
            offers, most = best_offers(shape, menu, price, costs)
            made = [self._column(made_joint(shape, s, o, price, joint), s, o.month) for o in offers]
            found += made
            if most + base[s] > 1e-7 and all(column in self.columns for column in made):
                real = real_offers(shape, menu, price, cost, joint, float(base[s]))
                found += [self._column(tasks, s, month) for tasks, month in real]
                self.is_exact &= menu.is_complete
        return found

    def _duals(self, kind: RuleKind, n: int) -> Floats:
        """Prices on a grid of 2**-36, so that sums of them are exact in any order."""
        prices = np.array([self._rows[kind, i, -1].dual_value() for i in range(n)])
        return np.asarray(np.round(prices * 2.0**36) / 2.0**36)

    def _column(self, tasks: tuple[int, ...], signature: int, month: int) -> Column:
        is_tight = self.problem.resources[np.ix_(list(tasks), list(self.tight))].any()
        return Column(tasks, signature, month if is_tight else -1)

    def _priced(self, kept: Set[Rule]) -> frozenset[Rule]:
        """Rules kept that have a price; structural ones have none and stay."""
        tiers = tier_bounds(self.problem)
        found = {rule for rule in kept if rule.kind in STRUCTURAL}
        for (kind, index, _), row in self._rows.items():
            if abs(row.dual_value()) <= 1e-9:
                continue
            if kind in ("lower", "upper"):
                table = tiers.lower if kind == "lower" else tiers.firms
                found |= {Rule(kind, int(t)) for t in np.flatnonzero(table[:, index])}
            else:
                found.add(Rule(kind, index))
        return frozenset(found & set(kept))
