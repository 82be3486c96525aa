"""The year as work: what pages, API, commands and the scheduler call about visits (issue 5, points 1 and 2).

Each function opens the plan of the office, does one thing in one transaction, and changes nothing when it is done
already; what may not be done is refused with all that is in its way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import Connection

from inspection.changes.part_moves import load, move
from inspection.errors import InputError
from inspection.office import CHINA, Office
from inspection.rules.deadlines import Urgency, deadline, urgency
from inspection.rules.visit_life import Actor, State, state_of_visit
from inspection.steps.line import Line
from inspection.store import disclosed, work
from inspection.store.disclosed import DueDate
from inspection.store.work import Part, PartFilter, PartKey
from inspection.work.disclosing import publish
from inspection.work.disclosure_records import due_records, now_disclosed
from inspection.work.finding_sheets import finding_template, import_findings
from inspection.work.finding_steps import (
    Entered,
    all_clear,
    attach,
    enter_findings,
    owe_findings,
    return_findings,
    review,
)
from inspection.work.visit_facts import VisitFacts, VisitKey

SYSTEM = Actor(name="system", role="system")
"""The scheduler."""

MOST_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """A visit as a list shows it: how far it is, and how far each agency is."""

    key: VisitKey
    label: str
    firm: str
    firm_name: str
    month: str
    day: date | None
    state: State
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPage:
    """Some visits in order, and the key to ask for those after them; None at the end."""

    rows: tuple[VisitRow, ...]
    next: VisitKey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """What an agency owes the public, by when, how urgent it is; ``is_certain`` False where holidays are unknown."""

    owed: DueDate
    label: str
    state: State
    urgency: Urgency
    is_certain: bool
    document: str = ""


def dispatch_month(office: Office, month: str, now: datetime, actor: Actor = SYSTEM) -> int:
    """The month's visits are sent out to their agencies; returns how many were not before.

    Raises:
        InputError: not a month of the plan (YYYY-MM).
    """
    line = office.line()
    if month[:5] != f"{line.plan.year}-" or month[5:] not in {f"{number:02}" for number in range(1, 13)}:
        raise InputError("work.month", got=month, year=line.plan.year)
    facts = VisitFacts(line)
    with line.workspace.store.writing() as connection:
        waiting = work.parts(connection, line.name, PartFilter(month=month, states=("planned",)))
        ready = [part for part in waiting if part.key.draw in facts.draws]
        move(connection, ready, "dispatch", (actor, now))
    return len({part.key[:2] for part in ready})


def accept(office: Office, draw: str, visit: str, agency: str, actor: Actor, now: datetime) -> Part:
    """The agency has accepted its part of the visit."""
    return accept_all(office, [PartKey(draw, visit, agency)], actor, now)[0]


def accept_all(office: Office, keys: Sequence[PartKey], actor: Actor, now: datetime) -> tuple[Part, ...]:
    """The parts are accepted; those that were before stay as they are.

    Raises:
        PlanError: some were not sent out, or have gone further.
    """
    line = office.line()
    with line.workspace.store.writing() as connection:
        known = load(connection, line.name, keys)
        move(connection, [part for part in known.values() if part.state != "accepted"], "accept", (actor, now))
        return tuple(load(connection, line.name, keys).values())


def carry_out(
    office: Office, keys: Sequence[PartKey], finished: date, actor: Actor, now: datetime, *, note: str = ""
) -> tuple[Part, ...]:
    """The inspection of these parts ended on a day: from then on their findings are due.

    Args:
        finished: the day the inspection ended, not in the future.

    Raises:
        InputError: the day has not come.
        PlanError: some were not accepted.
    """
    line = office.line()
    require_past(finished, now)
    with line.workspace.store.writing() as connection:
        known = load(connection, line.name, keys)
        open_ = [part for part in known.values() if (part.state, part.finished) != ("carried_out", finished)]
        move(connection, open_, "carry_out", (actor, now), note=note, finished=finished)
        owe_findings(connection, office.policy(), [part.key for part in open_], finished)
        return tuple(load(connection, line.name, keys).values())


def require_past(day: date, now: datetime) -> None:
    """The day has come in official time; InputError otherwise."""
    if day > now.astimezone(CHINA).date():
        raise InputError("work.future", day=day, today=now.astimezone(CHINA).date())


def disclose_due(office: Office, now: datetime, actor: Actor = SYSTEM) -> int:
    """All that ought to be public is; returns how many records became so now.

    Visits sent out (sealed ones on their day), findings and decisions reviewed, and what was corrected, closed, voided
    or withdrawn since. Calling it again, or from two processes at once, publishes nothing twice.
    """
    line = office.line()
    facts = VisitFacts(line)
    with line.workspace.store.writing() as connection:
        records = due_records(line, connection, facts, now.astimezone(CHINA).date())
        if not records:
            return 0
        parts = {part.key: part for part in work.parts(connection, line.name)}
        first = now_disclosed(records, parts, now)
        move(connection, first, "disclose", (actor, now))
        disclosed.done(connection, "findings", [(part.key, "") for part in first], now)
        decided = [each for each in records if each.kind == "decision"]
        numbers = {each.record.rpartition("/")[2] for each in decided}
        owed = disclosed.due_dates(connection, line.name)
        settled = [(each.key, each.reference) for each in owed if each.kind == "decision" and each.reference in numbers]
        disclosed.done(connection, "decision", settled, now)
        return publish(line, connection, records, now)


def due_list(office: Office, agency: str | None, now: datetime, *, is_open: bool | None = True) -> list[DueRow]:
    """What an agency, or everybody, owes the public; the earliest first.

    Deadlines are counted anew from the calendar as it stands: a holiday announced meanwhile moves them.
    """
    line, policy, today = office.line(), office.policy(), now.astimezone(CHINA).date()
    facts, rules = VisitFacts(line), policy.disclosure
    with line.workspace.store.reading() as connection:
        owed = disclosed.due_dates(connection, line.name, agency, is_open=is_open)
        parts = {part.key: part for part in work.parts(connection, line.name, PartFilter(agency=agency))}
        documents = {str(each.number): each.document for each in disclosed.decisions(connection, line.name)}
    counted = {(each.kind, each.since): deadline(each.kind, each.since, rules, policy.calendar) for each in owed}
    rows = []
    for each in owed:
        last = counted[each.kind, each.since]
        if parts[each.key].state == "voided":
            continue
        done = None if each.done_at is None else each.done_at.astimezone(CHINA).date()
        rows.append(
            DueRow(
                owed=DueDate(
                    kind=each.kind, key=each.key, since=each.since, due=last.day,
                    reference=each.reference, done_at=each.done_at,
                ),
                label=facts.label(each.key.draw, each.key.visit),
                state=parts[each.key].state,
                urgency="done" if done else urgency(last.day, today, rules, policy.calendar),
                is_certain=last.is_certain,
                document=documents.get(each.reference, ""),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row.owed.due, row.label, row.owed.key.agency, row.owed.reference))


def recount_due(office: Office, now: datetime) -> int:
    """Stored due days follow the calendar as it stands; returns how many moved."""
    line = office.line()
    moved = [row.owed for row in due_list(office, None, now)]
    with line.workspace.store.writing() as connection:
        stored = {
            (each.kind, each.key, each.reference): each.due for each in disclosed.due_dates(connection, line.name)
        }
        changed = [each for each in moved if stored.get((each.kind, each.key, each.reference)) not in (None, each.due)]
        disclosed.set_due(connection, changed)
    return len(changed)


def visits(office: Office, which: PartFilter = work.ALL, after: VisitKey | None = None, limit: int = 100) -> VisitPage:
    """The next visits of which a part is as asked for, with the parts that are."""
    line = office.line()
    facts, limit = VisitFacts(line), min(max(limit, 1), MOST_PAGE)
    with line.workspace.store.reading() as connection:
        found = _next_parts(line, connection, which, after, limit)
        keys = list(found)[:limit]
        firm_of = facts.firms_now(connection, keys) if keys else {}
    people = facts.firms_of(firm_of)
    rows = tuple(
        VisitRow(
            key=key,
            label=facts.label(*key),
            firm=firm_of[key],
            firm_name=people[key].name,
            month=found[key][0].month,
            day=found[key][0].day,
            state=state_of_visit(part.state for part in found[key]),
            parts=tuple(found[key]),
        )
        for key in keys
    )
    return VisitPage(rows=rows, next=keys[-1] if len(found) > limit else None)


def _next_parts(
    line: Line, connection: Connection, which: PartFilter, after: VisitKey | None, limit: int
) -> dict[VisitKey, list[Part]]:
    """Parts by visit: of at least one visit more than ``limit``, where there are so many."""
    start = None if after is None else PartKey(*after, LAST_AGENCY)
    found: dict[VisitKey, list[Part]] = {}
    while len(found) <= limit:
        block = work.parts(connection, line.name, which, start, limit * 4 + 8)
        for key, own in groupby(block, key=lambda part: part.key[:2]):
            found.setdefault(key, []).extend(own)
        if len(block) < limit * 4 + 8:
            break
        start = block[-1].key
    return found


LAST_AGENCY = "\U0010ffff"
"""After the code of any agency."""


def part_keys(facts: VisitFacts, labels: Collection[str], agency: str) -> list[PartKey]:
    """An agency's parts of the visits people call by these labels.

    Raises:
        InputError: some are no visits, or no such agency.
    """
    code = facts.require_agency(agency).agency
    return [PartKey(draw, visit, code) for draw, visit in facts.keys(labels)]


__all__ = [
    "SYSTEM",
    "Actor",
    "DueRow",
    "Entered",
    "PartFilter",
    "PartKey",
    "VisitPage",
    "VisitRow",
    "accept",
    "accept_all",
    "all_clear",
    "attach",
    "carry_out",
    "disclose_due",
    "dispatch_month",
    "due_list",
    "enter_findings",
    "finding_template",
    "import_findings",
    "part_keys",
    "recount_due",
    "return_findings",
    "review",
    "visits",
]
