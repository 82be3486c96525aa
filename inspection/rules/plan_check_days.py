"""Rules of the timetable, each a plain loop: a lawful workday for every visit, gaps kept, nobody too busy in a day."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta

from inspection.rules.drawn_plan import Facts, RuleResult, none_of
from inspection.rules.workdays import is_workday


def days_complete(facts: Facts) -> RuleResult:
    """Every visit has a day."""
    placed = facts.plan.days or {}
    return none_of("days.complete", (visit for visit in facts.visits if visit not in placed))


def days_month(facts: Facts) -> RuleResult:
    """A visit's day lies in the month it was drawn for."""
    return none_of(
        "days.month",
        (f"{visit.visit}: {day} / {visit.month}" for visit, day in facts.days() if f"{day:%Y-%m}" != visit.month),
    )


def days_workday(facts: Facts) -> RuleResult:
    """No visit falls on a weekend or holiday."""
    open_days = {day: is_workday(day, facts.policy.calendar) for day in {day for _, day in facts.days()}}
    return none_of("days.workday", (f"{visit.visit}: {day}" for visit, day in facts.days() if not open_days[day]))


def days_quiet(facts: Facts) -> RuleResult:
    """No visit falls on a quiet day."""
    return none_of("days.quiet", (f"{visit.visit}: {day}" for visit, day in facts.days() if facts.policy.is_quiet(day)))


def days_gap(facts: Facts) -> RuleResult:
    """Visits to a firm, earlier ones included, lie at least the gap apart."""
    placed = facts.plan.days or {}
    gap = timedelta(days=facts.policy.gap.days)
    breaches = []
    for firm, visits in facts.visits_of_firm.items():
        days = [placed[visit.visit] for visit in visits if visit.visit in placed]
        new = set(days)
        days += [earlier.day for earlier in facts.plan.history.get(firm, ())]
        for before, after in itertools.pairwise(sorted(days)):
            # Two earlier visits too close to each other are not this plan's doing.
            if after - before < gap and (before in new or after in new):
                breaches.append(f"{firm}: {before} - {after}")
    return none_of("days.gap", breaches)


def capacity_officer_day(facts: Facts) -> RuleResult:
    """No officer makes more visits in a day than the policy allows."""
    placed = facts.plan.days or {}
    most = facts.policy.capacity.visits_per_officer_day
    duties = Counter((seat.inspector, placed[visit.visit]) for seat, visit, _ in facts.seats if visit.visit in placed)
    return none_of(
        "capacity.officer_day",
        (f"{who} {day}: {count} / {most}" for (who, day), count in duties.items() if count > most),
        str(max(duties.values(), default=0)),
    )


def capacity_agency_day(facts: Facts) -> RuleResult:
    """No agency makes more visits in a day than the policy gives it."""
    visits = Counter(
        (agency, day) for visit, day in facts.days() for agency in set(facts.combination_of(visit).agencies)
    )
    breaches = []
    for (agency, day), count in visits.items():
        most = facts.policy.visits_per_day(agency)
        if most is not None and count > most:
            breaches.append(f"{agency} {day}: {count} / {most}")
    return none_of("capacity.agency_day", breaches)
