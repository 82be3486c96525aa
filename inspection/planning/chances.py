"""Chances of inspectors: who may be drawn for which need, and how likely, as the flow of PROTOCOL 7 (SOLVER 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from inspection.model import MILLION, Combination, Inspector, Item, Need, Recusal, Visit
from inspection.planning.resources import is_certified
from inspection.rules.past import NOTHING, Past
from inspection.rules.policy import Policy
from solver.chances import ChanceProblem, Chances, chances
from solver.seat_shortage import SeatShortage

Arc = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyProblem:
    """One agency in numbers, with the needs and inspectors its rows and columns stand for."""

    agency: str
    needs: tuple[Need, ...]
    months: tuple[str, ...]
    inspectors: tuple[Inspector, ...]
    problem: ChanceProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTask:
    """What whoever solves an agency needs to know of it; the name is for messages only."""

    agency: str
    problem: ChanceProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyShortage:
    """An agency that cannot staff its visits, with the smallest cut that shows it."""

    problem: AgencyProblem
    shortage: SeatShortage


@dataclass(frozen=True, slots=True, kw_only=True)
class Fractions:
    """What is committed before the inspector draw: the flow, and the largest chance of a pair with its bound.

    ``forced`` are, by agency, needs at which somebody has chance 1 whatever is done: positions in its ``needs``.
    """

    flow: tuple[Arc, ...]
    largest: Fraction
    bound: Fraction
    forced: tuple[tuple[AgencyProblem, tuple[int, ...]], ...] = ()


def needs_of(
    visits: Iterable[Visit], combinations: Mapping[str, Combination], items: Mapping[str, Item], policy: Policy
) -> tuple[Need, ...]:
    """What every visit asks of every agency, by visit then agency."""
    per_combination = {
        name: [(agency, _qualification(combination, agency, items)) for agency in sorted(combination.agencies)]
        for name, combination in combinations.items()
    }
    return tuple(
        Need(
            visit=visit.visit,
            agency=agency,
            officers=policy.officers_of(agency),
            qualified=policy.officers.qualified if qualification else 0,
            qualification=qualification,
        )
        for visit in sorted(visits, key=lambda visit: visit.visit)
        for agency, qualification in per_combination[visit.combination]
    )


def _qualification(combination: Combination, agency: str, items: Mapping[str, Item]) -> str | None:
    """The one qualification the agency's items ask for; the merge never combines two."""
    wanted = {items[item].qualification for item in combination.items if items[item].agency == agency}
    return next(iter(sorted(name for name in wanted if name)), None)


def agency_problems(
    needs: Sequence[Need],
    visits: Mapping[str, Visit],
    inspectors: Sequence[Inspector],
    recusals: Iterable[Recusal],
    policy: Policy,
    past: Past = NOTHING,
) -> tuple[AgencyProblem, ...]:
    """One independent problem per agency that has needs, by agency; ``past`` has taken visits of officers already."""
    barred: dict[str, set[str]] = defaultdict(set)
    for recusal in recusals:
        barred[recusal.firm].add(recusal.inspector)
    staff: dict[str, list[Inspector]] = defaultdict(list)
    for inspector in sorted(inspectors, key=lambda inspector: inspector.inspector):
        staff[inspector.agency].append(inspector)
    owed: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        owed[need.agency].append(need)
    return tuple(
        _agency_problem(agency, owed[agency], visits, (staff[agency], barred, past), policy) for agency in sorted(owed)
    )


def _agency_problem(
    agency: str,
    needs: Sequence[Need],
    visits: Mapping[str, Visit],
    people: tuple[Sequence[Inspector], Mapping[str, set[str]], Past],
    policy: Policy,
) -> AgencyProblem:
    """Needs with the same month, qualification and recused inspectors share a group: one row of who may go."""
    staff, barred, past = people
    own = {inspector.inspector for inspector in staff}
    months = tuple(sorted({visits[need.visit].month for need in needs}))
    column = {month: m for m, month in enumerate(months)}
    groups: dict[tuple[str, str | None, frozenset[str]], int] = {}
    group = []
    for need in needs:
        visit = visits[need.visit]
        away = frozenset(barred[visit.firm] & own) if visit.firm in barred else frozenset()
        group.append(groups.setdefault((visit.month, need.qualification, away), len(groups)))
    certified = {
        month: np.array([is_certified(inspector, month, policy) for inspector in staff], dtype=bool) for month in months
    }
    eligible = np.zeros((len(groups), len(staff)), dtype=bool)
    holder = np.zeros_like(eligible)
    for (month, qualification, away), row in groups.items():
        eligible[row] = certified[month]
        if away:
            eligible[row] &= np.array([inspector.inspector not in away for inspector in staff], dtype=bool)
        if qualification:
            holds = np.array([qualification in inspector.qualifications for inspector in staff], dtype=bool)
            holder[row] = eligible[row] & holds
    most = policy.visits_per_officer_month(agency)
    return AgencyProblem(
        agency=agency,
        needs=tuple(needs),
        months=months,
        inspectors=tuple(staff),
        problem=ChanceProblem(
            month=np.array([column[visits[need.visit].month] for need in needs], dtype=np.int64),
            officers=np.array([need.officers for need in needs], dtype=np.int64),
            qualified=np.array([need.qualified for need in needs], dtype=np.int64),
            group=np.array(group, dtype=np.int64),
            eligible=eligible,
            holder=holder,
            capacity=_capacity(staff, months, most, past),
        ),
    )


def _capacity(
    staff: Sequence[Inspector], months: Sequence[str], most: int, past: Past
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Visits each inspector may still make in each month; shape (n_inspectors, n_months).

    At least one: whoever is eligible must have a chance (PROTOCOL 7), also with the month full.
    """
    table = np.full((len(staff), len(months)), most, dtype=np.int64)
    if past.visits:
        taken = [[past.duties[inspector.inspector, month] for month in months] for inspector in staff]
        table = np.maximum(table - np.array(taken, dtype=np.int64).reshape(table.shape), 1)
    return table


def plan_chances(
    problems: Sequence[AgencyProblem],
    visits: Mapping[str, Visit],
    run: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]] = map,
) -> Fractions | tuple[AgencyShortage, ...]:
    """Solve every agency and write its flow.

    Returns:
        The flow, an agency's needs that ask alike after one another; or one shortage for each agency that cannot staff
        its visits.
    """
    answers = list(run(solve_agency, [SeatTask(agency=each.agency, problem=each.problem) for each in problems]))
    short = tuple(
        AgencyShortage(problem=problem, shortage=answer)
        for problem, answer in zip(problems, answers, strict=True)
        if isinstance(answer, SeatShortage)
    )
    if short:
        return short
    arcs: list[Arc] = []
    duty: dict[str, int] = {}
    for problem, answer in zip(problems, answers, strict=True):
        arcs += _need_arcs(problem, answer, visits, duty)
    return Fractions(
        flow=(*arcs, *_duty_arcs(duty)),
        largest=max((Fraction(answer.largest, MILLION) for answer in answers), default=Fraction(0)),
        bound=max((Fraction(answer.bound, MILLION) for answer in answers), default=Fraction(0)),
        forced=tuple((of, answer.forced) for of, answer in zip(problems, answers, strict=True) if answer.forced),
    )


def solve_agency(task: SeatTask) -> Chances | SeatShortage:
    """The fairest chances of an agency's inspectors, wherever this runs."""
    return chances(task.problem)


def _need_arcs(problem: AgencyProblem, answer: Chances, visits: Mapping[str, Visit], duty: dict[str, int]) -> list[Arc]:
    """Arcs hub → need → (holders' child) → duty; adds to the flow of each duty.

    Needs that share a month and a group follow each other: cycles of the rounding then close sooner.
    """
    codes = [inspector.inspector for inspector in problem.inspectors]
    numbers = problem.problem
    starts = np.searchsorted(answer.need, np.arange(len(problem.needs) + 1)).tolist()
    people, flows = answer.inspector.tolist(), answer.flow.tolist()
    holders = [set(np.flatnonzero(row).tolist()) for row in numbers.holder]
    groups = numbers.group.tolist()
    months = numbers.month.tolist()
    all_arcs: list[Arc] = []
    for n in sorted(range(len(problem.needs)), key=lambda n: (months[n], groups[n], n)):
        need = problem.needs[n]
        month = visits[need.visit].month
        node = f"need:{need.visit}:{need.agency}"
        child, holds = "", set[int]()
        if need.qualification:
            child, holds = f"{node}:{need.qualification}", holders[groups[n]]
        arcs: list[Arc] = []
        through = 0
        for h, flow in zip(people[starts[n] : starts[n + 1]], flows[starts[n] : starts[n + 1]], strict=True):
            place = f"duty:{codes[h]}:{month}"
            duty[place] = duty.get(place, 0) + flow
            if h in holds:
                through += flow
                arcs.append((child, place, flow))
            else:
                arcs.append((node, place, flow))
        head: list[Arc] = [("hub", node, need.officers * MILLION)]
        if child:
            head.append((node, child, through))
        all_arcs += head + arcs
    return all_arcs


def _duty_arcs(duty: Mapping[str, int]) -> list[Arc]:
    """Arcs duty → inspector → hub, in order of name."""
    arcs: list[Arc] = []
    year: dict[str, int] = {}
    for place in sorted(duty):
        person = f"inspector:{place.split(':')[1]}"
        arcs.append((place, person, duty[place]))
        year[person] = year.get(person, 0) + duty[place]
    return arcs + [(person, "hub", flow) for person, flow in sorted(year.items())]
