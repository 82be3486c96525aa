"""The figures of a drawn plan: counted from the committed flow and the drawn rows, nothing estimated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from inspection.model import MILLION, Agency, AgencyLoad, Pool, Summary, TierChance
from inspection.planning.quotas import Arc
from inspection.planning.rules import monthly_seats
from inspection.rules.drawn_plan import DrawnPlan
from inspection.rules.plan_check import coverage, joint


def expected_visits(flow: Iterable[Arc]) -> dict[str, int]:
    """Pool → expected visits in millionths, from the rows of the firm draw's flow.csv."""
    expected: dict[str, int] = defaultdict(int)
    for tail, head, amount in flow:
        if tail.startswith("pool:") and head.startswith("task:"):
            expected[tail.removeprefix("pool:")] += amount
    return dict(expected)


def tier_chances(pools: Sequence[Pool], expected: Mapping[str, int], tiers: Sequence[str]) -> tuple[TierChance, ...]:
    """What each tier may expect, lowest risk first; ranges are over pools that may be drawn."""
    rows = []
    for tier in tiers:
        members = [pool for pool in pools if pool.tier == tier]
        drawable = [pool for pool in members if not pool.exemption]
        chances = [Fraction(expected.get(pool.pool, 0), pool.size * MILLION) for pool in drawable]
        rows.append(
            TierChance(
                tier=tier,
                firms=sum(pool.size for pool in members),
                exempt=sum(pool.size for pool in members if pool.exemption),
                expected_visits=Fraction(sum(expected.get(pool.pool, 0) for pool in members), MILLION),
                lowest=min(chances, default=Fraction(0)),
                highest=max(chances, default=Fraction(0)),
            )
        )
    return tuple(rows)


def agency_loads(plan: DrawnPlan, agencies: Mapping[str, Agency]) -> tuple[AgencyLoad, ...]:
    """The year of every agency that takes part, most visits first."""
    combinations = {each.combination: each for each in plan.combinations}
    visits, joint_visits = Counter[str](), Counter[str]()
    for visit in plan.visits:
        combination = combinations[visit.combination]
        visits.update(combination.agencies)
        if combination.is_joint:
            joint_visits.update(combination.agencies)
    seats = Counter(seat.inspector for seat in plan.assignments or ())
    available = monthly_seats(plan.combinations, plan.inspectors, plan.policy)
    rows = []
    for agency, count in visits.items():
        own = [seats[person.inspector] for person in plan.inspectors if person.agency == agency]
        rows.append(
            AgencyLoad(
                agency=agency,
                name=agencies[agency].name,
                inspectors=len(own),
                visits=count,
                joint_visits=joint_visits[agency],
                seats=sum(own),
                seats_available=sum(available[agency].values()),
                least_per_inspector=min(own, default=0),
                most_per_inspector=max(own, default=0),
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.visits, row.agency)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of a plan beside its rows.

    Attributes:
        name: the plan's code.
        registered: firms of the register, dead ones included.
        bound: visits no plan can go below.
        largest: chance of the likeliest pair of an inspector and a need.
        officer_days: days officers are out; ``officer_days_two_towns`` those spent in more than one town.
        seconds: per step.
        warnings: sentences in the user's language.
    """

    name: str
    registered: int
    bound: int
    largest: Fraction
    officer_days: int
    officer_days_two_towns: int
    seconds: tuple[tuple[str, float], ...]
    warnings: tuple[str, ...]


def summarise(plan: DrawnPlan, known: Circumstances, agencies: Mapping[str, Agency]) -> Summary:
    """The one screen in figures, of a drawn plan with ``expected`` set."""
    shares = joint(plan)
    months = Counter(visit.month for visit in plan.visits)
    tasks_of = {each.combination: len(each.tasks) for each in plan.combinations}
    return Summary(
        plan=known.name,
        name=plan.policy.plan.name,
        year=plan.policy.plan.year,
        firms_registered=known.registered,
        firms_in_frame=sum(pool.size for pool in plan.pools),
        firms_exempt=sum(pool.size for pool in plan.pools if pool.exemption),
        tasks=len({task for each in plan.combinations for task in each.tasks}),
        checks=sum(tasks_of[visit.combination] for visit in plan.visits),
        visits=len(plan.visits),
        visits_bound=known.bound,
        coverage=coverage(plan),
        coverage_denominator=plan.policy.coverage.denominator,
        joint_by_visits=shares["visits"],
        joint_by_firms=shares["firms"],
        joint_by_tasks=shares["tasks"],
        joint_counted_by=plan.policy.joint.counted_by,
        tiers=tier_chances(plan.pools, plan.expected or {}, list(plan.policy.tiers)),
        visits_per_month=tuple(sorted(months.items())),
        agencies=agency_loads(plan, agencies),
        largest_pair_chance=known.largest,
        officer_days=known.officer_days,
        officer_days_two_towns=known.officer_days_two_towns,
        seconds=known.seconds,
        warnings=known.warnings,
    )
