"""Rules that bind the year, not a single draw: plain loops over the visits of all rounds as they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from inspection.rules.drawn_plan import RuleResult, none_of
from inspection.rules.past import StandingVisit
from inspection.rules.policy import Policy


def check_year(visits: Iterable[StandingVisit], policy: Policy) -> tuple[RuleResult, ...]:
    """One result per rule, named as in ``plan_check``; visits closed before they began bind nobody's time."""
    known = tuple(visits)
    held = tuple(visit for visit in known if visit.outcome is None)
    return (
        _joint_share(known, policy),
        _officer_months(held, policy),
        _agency_months(held, policy),
        _officer_days(held, policy),
        _agency_days(held, policy),
    )


def with_year(results: Iterable[RuleResult], year: Iterable[RuleResult]) -> tuple[RuleResult, ...]:
    """A round's results, those that bind the year replaced by the year's."""
    whole = {result.rule: result for result in year}
    return tuple(whole.get(result.rule, result) for result in results)


def _joint_share(visits: tuple[StandingVisit, ...], policy: Policy) -> RuleResult:
    counted_by = policy.joint.counted_by
    whole = {_counted(visit, counted_by) for visit in visits}
    joint = {_counted(visit, counted_by) for visit in visits if len(visit.agencies) > 1}
    share = Fraction(len(joint), len(whole)) if whole else Fraction(1)
    floor = policy.joint.floor
    return RuleResult(
        rule="joint.floor",
        ok=share >= floor,
        measured=f"{len(joint)} / {len(whole)}",
        required=f"{float(floor):.2%}",
        detail=counted_by,
    )


def _counted(visit: StandingVisit, counted_by: str) -> tuple[str, ...]:
    """What the visit is one of, as the joint share counts; visit and task codes begin anew in each draw."""
    if counted_by == "firms":
        return (visit.drawn_firm,)
    return visit.key if counted_by == "visits" else (visit.draw, visit.combination)


def _officer_months(visits: tuple[StandingVisit, ...], policy: Policy) -> RuleResult:
    duties = Counter((agency, person, visit.month) for visit in visits for agency, person in visit.team)
    most = {agency: policy.visits_per_officer_month(agency) for agency, _, _ in duties}
    return none_of(
        "capacity.officer_month",
        (
            f"{person} {month}: {count} / {most[agency]}"
            for (agency, person, month), count in sorted(duties.items())
            if count > most[agency]
        ),
    )


def _agency_months(visits: tuple[StandingVisit, ...], policy: Policy) -> RuleResult:
    seats = Counter((agency, visit.month) for visit in visits for agency, _ in visit.team)
    most = {(agency, m): n for agency, special in policy.capacity.by_agency.items() for m, n in special.months.items()}
    return none_of(
        "capacity.agency_month",
        (
            f"{agency} {month}: {seats[agency, month]} / {n}"
            for (agency, month), n in most.items()
            if seats[agency, month] > n
        ),
    )


def _officer_days(visits: tuple[StandingVisit, ...], policy: Policy) -> RuleResult:
    most = policy.capacity.visits_per_officer_day
    duties = Counter[tuple[str, date]]((person, visit.day) for visit in visits if visit.day for _, person in visit.team)
    return none_of(
        "capacity.officer_day",
        (f"{person} {day}: {count} / {most}" for (person, day), count in sorted(duties.items()) if count > most),
        str(max(duties.values(), default=0)),
    )


def _agency_days(visits: tuple[StandingVisit, ...], policy: Policy) -> RuleResult:
    counts = Counter[tuple[str, date]](
        (agency, visit.day) for visit in visits if visit.day for agency in set(visit.agencies)
    )
    breaches = []
    for (agency, day), count in sorted(counts.items()):
        most = policy.visits_per_day(agency)
        if most is not None and count > most:
            breaches.append(f"{agency} {day}: {count} / {most}")
    return none_of("capacity.agency_day", breaches)
