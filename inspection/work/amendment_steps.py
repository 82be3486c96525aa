"""What follows a disclosure: corrections, withdrawals, enforcement decisions; each a record of its own, by two people.

Nothing public is edited: a correction or withdrawal reviewed becomes the next version of the record, published by
``work_steps.disclose_due``; enforcement decisions are public within their own, shorter time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from inspection.changes.part_moves import allowing, load, refusal
from inspection.errors import InputError, PlanError
from inspection.office import CHINA, Office
from inspection.rules.deadlines import deadline
from inspection.rules.findings import categories
from inspection.rules.visit_life import Actor, State, require_role, words
from inspection.steps.line import Line
from inspection.store import disclosed, work
from inspection.store.disclosed import Amendment, Decision, DueDate
from inspection.store.work import FindingRow, Part, PartKey

VISITED: tuple[State, ...] = ("carried_out", "entered", "reviewed", "disclosed")
"""States of parts that a decision may follow from."""


def correct(
    office: Office, key: PartKey, change: tuple[str, str], actor: Actor, now: datetime, *, reason: str, note: str = ""
) -> Amendment:
    """A correction of one public finding waits for a second person.

    Args:
        change: item, and the result it ought to have (code or label).
        note: replaces what is noted of the item.

    Raises:
        InputError: no reason, no such item or result, or the finding says so already.
        PlanError: the findings are not public, or were withdrawn.
        StoreError: an amendment of the item waits already.
    """
    line, (item, result) = office.line(), change
    category = categories(office.policy().disclosure.categories).require(result)
    require_role(actor, "enter", key.agency)
    with line.workspace.store.writing() as connection:
        _require_public(line, connection, key)
        known = _finding(line, connection, key, item)
        if known.finding.result == category.code:
            raise InputError("work.amendment.same", item=item, result=category.code)
        wish = _amendment(key, actor, now, reason)
        wish = replace(wish, item=item, kind="correct", before=known.finding.result, result=category.code, note=note)
        return disclosed.add_amendment(connection, wish)


def withdraw(office: Office, key: PartKey, actor: Actor, now: datetime, *, reason: str) -> Amendment:
    """A withdrawal of all the agency found at the visit waits for a second person; errors as ``correct``."""
    line = office.line()
    require_role(actor, "enter", key.agency)
    with line.workspace.store.writing() as connection:
        _require_public(line, connection, key)
        return disclosed.add_amendment(connection, _amendment(key, actor, now, reason))


def _amendment(key: PartKey, actor: Actor, now: datetime, reason: str) -> Amendment:
    """A withdrawal as asked for; its number comes with storing it."""
    if not reason.strip():
        raise InputError("work.amendment.reason")
    return Amendment(
        number=0,
        key=key,
        item="",
        kind="withdraw",
        before="",
        result="",
        note="",
        reason=reason.strip(),
        requested_by=actor.name,
        requested_at=now,
    )


def _require_public(line: Line, connection: Connection, key: PartKey) -> Part:
    (part,) = load(connection, line.name, [key]).values()
    record = "/".join(key)
    public = disclosed.disclosed_versions(connection, [record]).get(record)
    if part.state != "disclosed" or public is None or public.action == "d":
        raise PlanError("work.amendment.not_public", visit=key.visit, agency=key.agency, **words("state", part.state))
    return part


def _finding(line: Line, connection: Connection, key: PartKey, item: str) -> FindingRow:
    found = {row.finding.item: row for row in work.findings(connection, line.name, [key])}
    if item not in found:
        raise InputError("work.amendment.item", item=item, known=", ".join(found))
    return found[item]


def review_amendment(office: Office, number: int, actor: Actor, now: datetime) -> Amendment:
    """The correction or withdrawal holds, by a second person; the next disclosure publishes it.

    Raises:
        StoreError: no such amendment, reviewed before, or asked for by the same person.
        PlanError: the findings were withdrawn or corrected otherwise meanwhile.
    """
    line = office.line()
    with line.workspace.store.writing() as connection:
        stored = disclosed.get_amendment(connection, number)
        require_role(actor, "review", stored.key.agency)
        disclosed.require_second(stored.requested_by, stored.reviewed_by, actor.name)
        _require_public(line, connection, stored.key)
        if stored.kind == "correct":
            known = _finding(line, connection, stored.key, stored.item)
            note = stored.note or known.finding.note
            made = replace(known.finding, result=stored.result, note=note)
            work.put_findings(connection, [(made, known.version + 1)], stored.requested_by, stored.requested_at)
            work.mark_reviewed(connection, [stored.key], actor.name, now)
        payload = {"number": number, "item": stored.item, "before": stored.before, "result": stored.result}
        extra = {"note": stored.reason, "payload": payload}
        work.add_events(connection, [work.event(stored.key, stored.kind, actor, now, **extra)])
        return disclosed.review_amendment(connection, number, actor.name, now)


def decide(
    office: Office, key: PartKey, document: tuple[str, date], actor: Actor, now: datetime, *, summary: str = ""
) -> Decision:
    """An enforcement decision that followed from the visit waits for a second person; it is due from its day on.

    Args:
        document: number of the document (文号), and the day of the decision.

    Raises:
        InputError: the document number is empty, or the day has not come.
        PlanError: the visit was not carried out.
        StoreError: the agency has a decision of this number.
    """
    line, policy = office.line(), office.policy()
    name, made_on = document[0].strip(), document[1]
    if not name or not name.isprintable():
        raise InputError("work.decision.document")
    if made_on > (today := now.astimezone(CHINA).date()):
        raise InputError("work.future", day=made_on, today=today)
    require_role(actor, "enter", key.agency)
    due = deadline("decision", made_on, policy.disclosure, policy.calendar).day
    with line.workspace.store.writing() as connection:
        (part,) = load(connection, line.name, [key]).values()
        if part.state not in VISITED:
            raise refusal("decide", [part], allowing(*VISITED))
        made = disclosed.add_decision(
            connection,
            Decision(
                number=0,
                key=key,
                document=name,
                made_on=made_on,
                summary=summary.strip(),
                entered_by=actor.name,
                entered_at=now,
            ),
        )
        owed = DueDate(kind="decision", key=key, since=made_on, due=due, reference=str(made.number))
        disclosed.set_due(connection, [owed])
        payload = {"number": made.number, "document": made.document}
        work.add_events(connection, [work.event(key, "decide", actor, now, payload=payload)])
        return made


def review_decision(office: Office, number: int, actor: Actor, now: datetime) -> Decision:
    """The decision may be public, by a second person; the next disclosure publishes it.

    Raises:
        StoreError: no such decision, reviewed before, or entered by the same person.
    """
    line = office.line()
    with line.workspace.store.writing() as connection:
        stored = disclosed.get_decision(connection, number)
        require_role(actor, "review", stored.key.agency)
        made = disclosed.review_decision(connection, number, actor.name, now)
        work.add_events(connection, [work.event(made.key, "review", actor, now, payload={"decision": number})])
        return made
