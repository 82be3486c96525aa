"""What an approved change asks for next: recusals of a new firm, a qualification lost, an officer too busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from inspection.changes.change_steps import inspector_draw, records_of, standing
from inspection.changes.successors import eligible, qualifications
from inspection.errors import Language, message
from inspection.rules.past import Past, StandingVisit
from inspection.rules.policy import Policy
from inspection.steps.line import Line
from inspection.steps.standing import firm_draws, first_draw, label_of
from inspection.store import drawn
from inspection.store.changes import Change
from inspection.store.draws import DrawRecord


def concerns(line: Line, change: Change, language: Language) -> list[str]:
    """One sentence for each thing that somebody should now see to; ticket order looks at none of them."""
    if change.state != "approved" or change.wish.kind not in ("replace", "substitute"):
        return []
    visits = standing(line)
    results = [record for record in records_of(line).values() if record.root]
    key = firm_draws(results)[change.wish.draw], change.wish.visit
    visit = next(each for each in visits if each.key == key)
    label, draw, past = label_of(visit, first_draw(visits)), inspector_draw(line, visit), Past(visits)
    return [
        *_not_eligible(line, draw, visit, label, language),
        *_not_qualified(line, draw, visit, label, language),
        *_full_month(visit, change.successor, past, line.given.policy, language),
        *_day_taken(visit, past, line.given.policy, label, language),
    ]


def _not_eligible(line: Line, draw: DrawRecord, visit: StandingVisit, label: str, language: Language) -> Iterator[str]:
    for agency in sorted({agency for agency, _ in visit.team}):
        able = eligible(line, draw, visit, agency)
        for person in sorted(person for of, person in visit.team if of == agency and person not in able):
            yield message("change.concern.recused", language, label=label, agency=agency, inspector=person)


def _not_qualified(line: Line, draw: DrawRecord, visit: StandingVisit, label: str, language: Language) -> Iterator[str]:
    with line.workspace.store.reading() as connection:
        needs = [need for need in drawn.needs(connection, visit.draw) if need.visit == visit.visit]
    skills = qualifications(line, draw)
    for need in needs:
        holders = sum(1 for of, one in visit.team if of == need.agency and need.qualification in skills.get(one, ()))
        if holders < need.qualified:
            names = {"label": label, "agency": need.agency, "qualification": need.qualification}
            yield message("change.concern.qualified", language, **names)


def _full_month(
    visit: StandingVisit, successor: str | None, past: Past, policy: Policy, language: Language
) -> Iterator[str]:
    for agency, person in visit.team:
        count, most = past.duties[person, visit.month], policy.visits_per_officer_month(agency)
        if person == successor and count > most:
            yield message("change.concern.month", language, inspector=person, month=visit.month, count=count, most=most)


def _day_taken(visit: StandingVisit, past: Past, policy: Policy, label: str, language: Language) -> Iterator[str]:
    """Somebody is busy on the visit's day, or the firm is visited too near to it."""
    if visit.day is None:
        return
    day, most = visit.day, policy.capacity.visits_per_officer_day
    busy = Counter(person for other in past.open if other.day == day for _, person in other.team)
    gap = timedelta(days=policy.gap.days)
    near = any(
        other.firm == visit.firm and other.key != visit.key and other.day is not None and abs(other.day - day) < gap
        for other in past.open
    )
    if near or any(busy[person] > most for _, person in visit.team):
        yield message("change.concern.day", language, label=label, day=day)
