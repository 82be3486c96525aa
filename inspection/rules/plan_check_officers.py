"""Rules of the inspector draw, each a plain loop: seats filled, qualified, certified, not recused, not overworked."""

from __future__ import annotations

import calendar
from collections import Counter
from datetime import date, timedelta

from inspection.model import Need
from inspection.rules.drawn_plan import Facts, RuleResult, none_of


def needs_complete(facts: Facts) -> RuleResult:
    """Every agency of a visit owes it what the policy and the items ask, and nobody else owes anything."""
    owed = Counter((need.visit, need.agency) for need in facts.plan.needs or ())
    breaches = [f"{visit} {agency}: {count}" for (visit, agency), count in owed.items() if count > 1]
    wanted = _qualifications(facts)
    for need in facts.plan.needs or ():
        if need.visit in facts.visits and not _is_enough(need, facts, wanted):
            breaches.append(f"{need.visit} {need.agency}: {need.officers} {need.qualified} {need.qualification or '-'}")
    for visit in facts.visits.values():
        for agency in facts.combination_of(visit).agencies:
            if (visit.visit, agency) not in owed:
                breaches.append(f"{visit.visit} {agency}: 0")
    return none_of("needs.complete", breaches)


def _qualifications(facts: Facts) -> dict[tuple[str, str], set[str]]:
    """Qualifications the items of an agency ask for, by (combination, agency)."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for name, combination in facts.combinations.items():
        for agency in combination.agencies:
            wanted[name, agency] = set()
        for code in combination.items:
            item = facts.plan.items[code]
            if item.qualification:
                wanted.setdefault((name, item.agency), set()).add(item.qualification)
    return wanted


def _is_enough(need: Need, facts: Facts, wanted: dict[tuple[str, str], set[str]]) -> bool:
    asked = wanted.get((facts.visits[need.visit].combination, need.agency))
    if asked is None or need.officers < facts.policy.officers_of(need.agency):
        return False
    held = {need.qualification} if need.qualification else set()
    return asked == held and (not asked or need.qualified >= facts.policy.officers.qualified)


def officers_count(facts: Facts) -> RuleResult:
    """Every need is met by as many officers as it asks, and no other seat is filled."""
    filled = Counter((seat.visit, seat.agency) for seat in facts.plan.assignments or ())
    asked = {(need.visit, need.agency): need.officers for need in facts.plan.needs or ()}
    return none_of(
        "officers.count",
        (
            f"{visit} {agency}: {filled[visit, agency]} / {asked.get((visit, agency), 0)}"
            for visit, agency in sorted(filled.keys() | asked.keys())
            if filled[visit, agency] != asked.get((visit, agency), 0)
        ),
    )


def officers_distinct(facts: Facts) -> RuleResult:
    """No officer fills two seats of one visit."""
    seats = Counter((seat.visit, seat.inspector) for seat in facts.plan.assignments or ())
    return none_of("officers.distinct", (f"{visit} {who}" for (visit, who), count in seats.items() if count > 1))


def officers_agency(facts: Facts) -> RuleResult:
    """An officer serves the officer's own agency."""
    return none_of(
        "officers.agency",
        (
            f"{seat.visit} {seat.inspector}: {inspector.agency} / {seat.agency}"
            for seat, _, inspector in facts.seats
            if inspector.agency != seat.agency
        ),
    )


def officers_qualified(facts: Facts) -> RuleResult:
    """Enough officers of a need hold the qualification it asks for."""
    asked = {(need.visit, need.agency): need for need in facts.plan.needs or () if need.qualification}
    holders: Counter[tuple[str, str]] = Counter()
    for seat, _, inspector in facts.seats:
        need = asked.get((seat.visit, seat.agency))
        if need and need.qualification in inspector.qualifications:
            holders[seat.visit, seat.agency] += 1
    return none_of(
        "officers.qualified",
        (
            f"{visit} {agency} {need.qualification}: {holders[visit, agency]} / {need.qualified}"
            for (visit, agency), need in asked.items()
            if holders[visit, agency] < need.qualified
        ),
    )


def officers_certificates(facts: Facts) -> RuleResult:
    """A certificate is valid to the end of the visit's month, and the policy's margin beyond, and on the day itself."""
    margin = timedelta(days=facts.policy.certificates.margin_days)
    last_day = {visit.month: _month_end(visit.month) + margin for visit in facts.visits.values()}
    days = facts.plan.days or {}
    breaches = []
    for seat, visit, inspector in facts.seats:
        needed = max(last_day[visit.month], days.get(visit.visit, date.min))
        if inspector.valid_until < needed:
            breaches.append(f"{seat.visit} {seat.inspector}: {inspector.valid_until} / {needed}")
    return none_of("officers.certificates", breaches)


def _month_end(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1])


def officers_recusals(facts: Facts) -> RuleResult:
    """Nobody visits a firm from which they are recused."""
    recused = {(recusal.inspector, recusal.firm): recusal.reason for recusal in facts.plan.recusals}
    return none_of(
        "officers.recusals",
        (
            f"{visit.visit} {seat.inspector} {visit.firm}: {recused[seat.inspector, visit.firm]}"
            for seat, visit, _ in facts.seats
            if (seat.inspector, visit.firm) in recused
        ),
    )


def capacity_officer_month(facts: Facts) -> RuleResult:
    """No officer makes more visits in a month than the policy allows."""
    duties = Counter((inspector.agency, inspector.inspector, visit.month) for _, visit, inspector in facts.seats)
    return none_of(
        "capacity.officer_month",
        (
            f"{who} {month}: {count} / {facts.policy.visits_per_officer_month(agency)}"
            for (agency, who, month), count in duties.items()
            if count > facts.policy.visits_per_officer_month(agency)
        ),
        str(max(duties.values(), default=0)),
    )


def capacity_agency_month(facts: Facts) -> RuleResult:
    """No agency fills more seats in a month than the policy gives it."""
    seats = Counter((seat.agency, visit.month) for seat, visit, _ in facts.seats)
    breaches = []
    for agency, special in facts.policy.capacity.by_agency.items():
        for month, most in special.months.items():
            if seats[agency, month] > most:
                breaches.append(f"{agency} {month}: {seats[agency, month]} / {most}")
    return none_of("capacity.agency_month", breaches)
