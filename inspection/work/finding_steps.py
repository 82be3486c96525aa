"""Findings entered, reviewed by a second person or sent back, and papers kept beside them (issue 5, point 1).

What nobody entered stays empty: an item is "no problem found" only where a person said so, one by one, in a sheet, or
by "all clear" for visits they named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection

from inspection.changes.part_moves import SHOWN, allowing, load, move, refusal
from inspection.errors import InputError, PlanError
from inspection.office import CHINA, Office
from inspection.registry.finding_import import ReadFindings
from inspection.rules.deadlines import deadline
from inspection.rules.findings import Finding, categories
from inspection.rules.policy import Policy
from inspection.rules.visit_life import Actor, State, require_role
from inspection.steps.line import Line
from inspection.store import attachments, disclosed, work
from inspection.store.changes import is_same_person
from inspection.store.disclosed import DueDate
from inspection.store.work import FindingRow, Part, PartKey
from inspection.work.visit_facts import VisitFacts

OPEN: tuple[State, ...] = ("accepted", "carried_out", "entered")
"""States of parts whose findings may be entered; one merely accepted is carried out by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What came of findings handed in.

    Attributes:
        entered: findings new or changed; ``unchanged`` were stored alike before.
        parts: parts of visits they are about; ``complete`` of them have a result for every item now.
        read: the account of the sheets they were read from; None where they came otherwise.
    """

    entered: int
    unchanged: int
    parts: int
    complete: int
    read: ReadFindings | None = None


def enter_findings(office: Office, rows: Sequence[Finding], actor: Actor, now: datetime) -> Entered:
    """The findings are stored; parts whose items all have one wait for a review. All of it, or nothing.

    Raises:
        InputError: an item is not checked there, a result is none, a day has not come: all such are counted.
        PlanError: a part is not open for findings.
    """
    line = office.line()
    facts = VisitFacts(line)
    with line.workspace.store.writing() as connection:
        return enter_at(Desk(line, facts, office.policy(), connection), rows, (actor, now))


@dataclass(frozen=True, slots=True)
class Desk:
    """What entering works on, in one transaction."""

    line: Line
    facts: VisitFacts
    policy: Policy
    connection: Connection


def enter_at(desk: Desk, rows: Sequence[Finding], by: tuple[Actor, datetime]) -> Entered:
    """The findings are entered in the desk's transaction; see ``enter_findings``."""
    actor, now = by
    grouped: dict[PartKey, dict[str, Finding]] = defaultdict(dict)
    for row in rows:
        grouped[PartKey(row.draw, row.visit, row.agency)][row.item] = row
    if not grouped:
        return Entered(entered=0, unchanged=0, parts=0, complete=0)
    parts = load(desk.connection, desk.line.name, grouped)
    _require_sound(desk, grouped, parts, now)
    stored: dict[PartKey, dict[str, FindingRow]] = defaultdict(dict)
    for known in work.findings(desk.connection, desk.line.name, grouped):
        stored[known.key][known.finding.item] = known
    parts = _carried_out(desk, parts, grouped, by)
    changed = _changed(grouped, stored)
    work.put_findings(desk.connection, changed, actor.name, now)
    complete = [parts[key] for key in grouped if _is_complete(desk.facts, parts[key], {*stored[key], *grouped[key]})]
    touched = Counter(PartKey(each.draw, each.visit, each.agency) for each, _ in changed)
    _log_entries(desk.connection, grouped, touched, {part.key for part in complete}, by)
    move(desk.connection, [each for each in complete if each.state == "carried_out" or touched[each.key]], "enter", by)
    return Entered(
        entered=len(changed),
        unchanged=sum(map(len, grouped.values())) - len(changed),
        parts=len(grouped),
        complete=len(complete),
    )


def _require_sound(
    desk: Desk, grouped: Mapping[PartKey, Mapping[str, Finding]], parts: Mapping[PartKey, Part], now: datetime
) -> None:
    """Every finding may be entered; all that may not are counted in one error."""
    known, today = categories(desk.policy.disclosure.categories).by_code, now.astimezone(CHINA).date()
    wrong = []
    for key, own in grouped.items():
        items = {item.item for item in desk.facts.items_of(key.draw, parts[key].combination, key.agency)}
        for item, each in own.items():
            if item not in items or each.result not in known or each.found_on > today:
                what = item if item not in items else each.result if each.result not in known else each.found_on
                wrong.append(f"{key.visit} {key.agency} {item}: {what}")
    if wrong:
        raise InputError("findings.refused", count=len(wrong), first="; ".join(wrong[:SHOWN]))
    if shut := [part for part in parts.values() if part.state not in OPEN]:
        raise refusal("enter", shut, allowing(*OPEN))


def _carried_out(
    desk: Desk,
    parts: Mapping[PartKey, Part],
    grouped: Mapping[PartKey, Mapping[str, Finding]],
    by: tuple[Actor, datetime],
) -> dict[PartKey, Part]:
    """Parts merely accepted ended on the last day of their findings: said so, and due from then on."""
    known = dict(parts)
    days: dict[date, list[Part]] = defaultdict(list)
    for key, part in parts.items():
        if part.state == "accepted":
            days[max(each.found_on for each in grouped[key].values())].append(part)
    for day, own in days.items():
        for part in move(desk.connection, own, "carry_out", by, finished=day):
            known[part.key] = part
        owe_findings(desk.connection, desk.policy, [part.key for part in own], day)
    # Stored one version later than moved: read again, so that the next move counts on from there.
    return known if not days else load(desk.connection, desk.line.name, known)


def owe_findings(connection: Connection, policy: Policy, keys: Iterable[PartKey], since: date) -> None:
    """Findings of the parts are due from the day on which the inspection ended."""
    due = deadline("findings", since, policy.disclosure, policy.calendar).day
    disclosed.set_due(connection, [DueDate(kind="findings", key=key, since=since, due=due) for key in keys])


def _changed(
    grouped: Mapping[PartKey, Mapping[str, Finding]], stored: Mapping[PartKey, Mapping[str, FindingRow]]
) -> list[tuple[Finding, int]]:
    """Findings that are new or other than stored, each with its version."""
    found = []
    for key, own in grouped.items():
        before = stored.get(key, {})
        for item, each in own.items():
            old = before.get(item)
            if old is None or old.finding != each:
                found.append((each, 1 if old is None else old.version + 1))
    return found


def _is_complete(facts: VisitFacts, part: Part, items: Iterable[str]) -> bool:
    wanted = facts.items_of(part.key.draw, part.combination, part.key.agency)
    return {item.item for item in wanted} <= set(items)


def _log_entries(
    connection: Connection,
    grouped: Iterable[PartKey],
    touched: Mapping[PartKey, int],
    complete: set[PartKey],
    by: tuple[Actor, datetime],
) -> None:
    """Parts that stay incomplete have their entry in the list of events too; complete ones get theirs by moving."""
    actor, now = by
    for agency in {key.agency for key in grouped}:
        require_role(actor, "enter", agency)
    partial = [key for key in grouped if touched.get(key) and key not in complete]
    work.add_events(
        connection, (work.event(key, "enter", actor, now, payload={"items": touched[key]}) for key in partial)
    )


def all_clear(
    office: Office, keys: Sequence[PartKey], actor: Actor, now: datetime, *, finished: date | None = None
) -> Entered:
    """Every item of these parts that has no result yet is "no problem found", because this person says so.

    Args:
        finished: the day the inspection ended, for parts not yet carried out.

    Raises:
        InputError: a part has no such day yet and none is given.
        PlanError: a part is not open for findings.
    """
    line, policy = office.line(), office.policy()
    facts, clear = VisitFacts(line), categories(policy.disclosure.categories).clear
    with line.workspace.store.writing() as connection:
        desk = Desk(line, facts, policy, connection)
        parts = load(connection, line.name, keys)
        if undated := [key for key, part in parts.items() if (part.finished or finished) is None]:
            raise InputError(
                "findings.undated", count=len(undated), first=", ".join(key.visit for key in undated[:SHOWN])
            )
        known = {(row.key, row.finding.item) for row in work.findings(connection, line.name, keys)}
        rows = [
            Finding(
                draw=key.draw,
                visit=key.visit,
                agency=key.agency,
                item=item.item,
                result=clear,
                found_on=part.finished or finished or now.astimezone(CHINA).date(),
            )
            for key, part in parts.items()
            for item in facts.items_of(key.draw, part.combination, key.agency)
            if (key, item.item) not in known
        ]
        done = enter_at(desk, rows, (actor, now))
        # Sent back and left as they were, or with nothing to check: they have no new finding that would move them.
        rest = [part for part in load(connection, line.name, keys).values() if part.state == "carried_out"]
        move(connection, rest, "enter", (actor, now))
        return done


def review(office: Office, keys: Sequence[PartKey], actor: Actor, now: datetime, *, note: str = "") -> tuple[Part, ...]:
    """The findings of these parts were reviewed by a person who entered none of them; they may be disclosed.

    Raises:
        PlanError: findings of some are not complete, or the same person entered them.
    """
    line = office.line()
    with line.workspace.store.writing() as connection:
        parts = load(connection, line.name, keys)
        fresh = [part for part in parts.values() if part.state != "reviewed"]
        _require_second_person(connection, line.name, fresh, actor)
        move(connection, fresh, "review", (actor, now), note=note)
        work.mark_reviewed(connection, [part.key for part in fresh], actor.name, now)
        return tuple(load(connection, line.name, keys).values())


def return_findings(
    office: Office, keys: Sequence[PartKey], actor: Actor, now: datetime, *, note: str
) -> tuple[Part, ...]:
    """The findings go back to be corrected, for a reason that is kept.

    Raises:
        InputError: no reason is given.
        PlanError: some do not wait for a review.
    """
    if not note.strip():
        raise InputError("findings.return.reason")
    line = office.line()
    with line.workspace.store.writing() as connection:
        move(connection, list(load(connection, line.name, keys).values()), "send_back", (actor, now), note=note)
        return tuple(load(connection, line.name, keys).values())


def _require_second_person(connection: Connection, plan: str, parts: Sequence[Part], actor: Actor) -> None:
    own = {
        row.key.visit
        for row in work.findings(connection, plan, [part.key for part in parts])
        if is_same_person(row.entered_by, actor.name)
    }
    if own:
        raise PlanError(
            "findings.review.same_person", by=actor.name, count=len(own), first=", ".join(sorted(own)[:SHOWN])
        )


def attach(
    office: Office, key: PartKey, path: Path, actor: Actor, now: datetime, *, media: str | None = None
) -> attachments.Attachment:
    """A photo or signed sheet is kept with the part under the SHA-256 of its bytes; the same again changes nothing.

    Raises:
        InputError: the file is empty, too large, or of a kind that is not kept.
        PlanError: the part is not far enough, or too far, to add to.
    """
    line = office.line()
    require_role(actor, "enter", key.agency)
    media = attachments.check_file(path, media)
    digest = line.workspace.frozen.put_file(path)
    with line.workspace.store.writing() as connection:
        (part,) = load(connection, line.name, [key]).values()
        if part.state not in OPEN:
            raise refusal("attach", [part], allowing(*OPEN))
        kept = attachments.Attachment(
            digest=digest,
            key=key,
            name=path.name,
            media=media,
            size=path.stat().st_size,
            added_by=actor.name,
            added_at=now,
        )
        if attachments.add(connection, kept):
            payload = {"digest": digest, "name": path.name}
            work.add_events(connection, [work.event(key, "attach", actor, now, payload=payload)])
    return kept
