"""What people look at of a plan as it stands: shares, chances, loads, who goes together, towns and days, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations as pairs

from inspection.errors import StoreError
from inspection.model import Combination
from inspection.office import Office
from inspection.planning.forecast import forecast
from inspection.questions.standing_plan import Standing, standing
from inspection.registry.town_counts import TownCount, town_counts
from inspection.rules.consequences import Consequences
from inspection.rules.past import StandingVisit
from inspection.steps.line import Given
from inspection.steps.standing import standing_visits


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerLoad:
    """Visits of an officer in the year, and in the fullest month against what the policy allows."""

    inspector: str
    name: str
    agency: str
    visits: int
    busiest: int
    allowed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Two agencies, by code, and the visits they make together."""

    one: str
    other: str
    visits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFigures:
    """The figures of a plan.

    Attributes:
        plan, name, year: which plan.
        is_committed, is_drawn: how far it is; the rest of what it holds depends on that.
        quotas: everything that is fixed with the quotas, before any draw.
        agencies: code → name of those that take part.
        together: pairs of agencies, most visits first.
        officers: every officer sent, most visits first; empty before the draw of inspectors.
        towns: of the coverage's denominator; firms named are those with a visit; none named before the draw.
        days: day → visits; empty before there are days.
    """

    plan: str
    name: str
    year: int
    is_committed: bool
    is_drawn: bool
    quotas: Consequences
    agencies: Mapping[str, str]
    together: tuple[Together, ...]
    officers: tuple[OfficerLoad, ...]
    towns: tuple[TownCount, ...]
    days: Mapping[date, int]


def plan_figures(office: Office) -> PlanFigures:
    """The figures of the plan as it stands; nothing is solved.

    Raises:
        StoreError: its quotas are not made yet, or there are no registers.
    """
    base = standing(office)
    if base.stored is None:
        raise StoreError("figures.none")
    given, visits = base.given, visits_of(base)
    quotas = forecast(base.stored, given.tasks, given.inspectors, given.agencies, given.policy)
    named = {visit.firm for visit in visits if visit.outcome is None}
    return PlanFigures(
        plan=base.line.name if base.line else "",
        name=given.policy.plan.name,
        year=given.policy.plan.year,
        is_committed=base.is_committed,
        is_drawn=bool(visits),
        quotas=quotas,
        agencies={each.agency: each.name for each in quotas.agencies},
        together=_together(base.stored.quotas.combinations),
        officers=officer_loads(given, visits),
        towns=town_counts(given.snapshot.firms, given.policy.coverage_kinds, named),
        days=Counter(visit.day for visit in visits if visit.day is not None and visit.outcome is None),
    )


def visits_of(base: Standing) -> tuple[StandingVisit, ...]:
    """The visits of the plan as they stand; none before its firms are drawn."""
    if base.line is None:
        return ()
    with base.line.workspace.store.reading() as connection:
        return standing_visits(connection, base.line.name)


def _together(combinations: Sequence[Combination]) -> tuple[Together, ...]:
    count: Counter[tuple[str, str]] = Counter()
    for each in combinations:
        for pair in pairs(sorted(each.agencies), 2):
            count[pair] += sum(each.visits.values())
    return tuple(
        Together(one=one, other=other, visits=visits)
        for (one, other), visits in sorted(count.items(), key=lambda entry: (-entry[1], entry[0]))
        if visits
    )


def officer_loads(given: Given, visits: Sequence[StandingVisit]) -> tuple[OfficerLoad, ...]:
    """Every officer who is sent, most visits first; closed visits bind nobody."""
    people = {person.inspector: person for person in given.inspectors}
    months: Counter[tuple[str, str]] = Counter(
        (person, visit.month) for visit in visits if visit.outcome is None for _, person in visit.team
    )
    own: dict[str, list[int]] = {}
    for (person, _), count in months.items():
        own.setdefault(person, []).append(count)
    loads = (
        OfficerLoad(
            inspector=code,
            name=people[code].name if code in people else code,
            agency=people[code].agency if code in people else "",
            visits=sum(counts),
            busiest=max(counts),
            allowed=given.policy.visits_per_officer_month(people[code].agency if code in people else ""),
        )
        for code, counts in own.items()
    )
    return tuple(sorted(loads, key=lambda load: (-load.visits, load.inspector)))
