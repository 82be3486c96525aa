"""Visits on the terminal: how far they are, what happened to them, what is due."""

from __future__ import annotations

import json as jsonlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

import click

from inspection import office
from inspection.errors import Language, message
from inspection.office import CHINA, Office
from inspection.rules.deadlines import Urgency
from inspection.rules.findings import categories
from inspection.rules.reasons import reason_words
from inspection.rules.visit_life import Actor, Role, State
from inspection.store import attachments, work
from inspection.store.work import Part, PartFilter
from inspection.work import work_steps
from inspection.work.visit_facts import VisitFacts

MOST_ROWS = 200
"""Visits shown at once unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something for which agency in which workspace, as the command line says it."""

    workspace: Path
    agency: str
    by: str

    def actor(self, facts: VisitFacts, role: Role) -> Actor:
        """The person in the role the command needs."""
        return Actor(name=self.by, role=role, agency=facts.require_agency(self.agency).agency)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which visits are asked for."""

    agency: str | None = None
    states: tuple[State, ...] = ()
    month: str | None = None
    limit: int = MOST_ROWS


def show_visits(workspace: Path, wanted: Wanted, json: bool, language: Language) -> None:
    """The visits asked for, in order, each with how far it is."""
    desk = Office.opened(workspace)
    facts = VisitFacts(desk.line())
    agency = facts.require_agency(wanted.agency).agency if wanted.agency else None
    which = PartFilter(agency=agency, states=wanted.states or None, month=wanted.month)
    rows: list[work_steps.VisitRow] = []
    after = None
    while len(rows) < wanted.limit:
        page = work_steps.visits(desk, which, after, min(work_steps.MOST_PAGE, wanted.limit - len(rows)))
        rows += page.rows
        if (after := page.next) is None:
            break
    if json:
        click.echo(to_text([_visit_facts(row) for row in rows]))
        return
    for row in rows:
        day = row.day.isoformat() if row.day else row.month
        click.echo(f"{row.label:<8} {day:<10} {_state(row.state, language)}  {row.firm}  {row.firm_name}")
        if len(row.parts) > 1 or row.parts[0].outcome:
            each = (f"{part.key.agency} {_state(part.state, language)}{_outcome(part, language)}" for part in row.parts)
            click.echo("         " + "；".join(each))
    counts = Counter(row.state for row in rows)
    told = "、".join(f"{_state(state, language)} {count}" for state, count in counts.items()) or "-"
    click.echo(message("work.list.counts", language, shown=len(rows), counts=told))
    if after is not None:
        click.echo(message("work.list.more", language, limit=wanted.limit), err=True)


def _visit_facts(row: work_steps.VisitRow) -> dict[str, Any]:
    return {
        "visit": row.label,
        "draw": row.key[0],
        "firm": row.firm,
        "firm_name": row.firm_name,
        "month": row.month,
        "day": row.day,
        "state": row.state,
        "agencies": {
            part.key.agency: {"state": part.state, "finished": part.finished, "outcome": part.outcome}
            for part in row.parts
        },
    }


def _state(state: str, language: Language) -> str:
    return message(f"work.state.{state}", language)


def _outcome(part: Part, language: Language) -> str:
    if part.outcome is None:
        return ""
    return f"（{reason_words('void' if part.state == 'voided' else 'close', part.outcome, language)}）"


def to_text(value: Any) -> str:
    """JSON as machines read it from a command; days and paths as text."""
    return jsonlib.dumps(value, ensure_ascii=False, indent=1, default=str)


def show_visit(workspace: Path, label: str, json: bool, language: Language) -> None:
    """All that happened to one visit, what was found, and which papers are kept."""
    line = Office.opened(workspace).line()
    facts = VisitFacts(line)
    ((draw, visit),) = facts.keys([label])
    with line.workspace.store.reading() as connection:
        happened = work.events(connection, draw, visit)
        parts = work.parts(connection, line.name, PartFilter(visits=((draw, visit),)))
        found = list(work.findings(connection, line.name, [part.key for part in parts]))
        papers = attachments.attached(connection, draw, visit)
    results = categories(line.given.policy.disclosure.categories).by_code
    if json:
        click.echo(to_text({
            "visit": label,
            "events": [asdict(each) for each in happened],
            "findings": [asdict(row) for row in found],
            "attachments": [asdict(each) for each in papers],
        }))  # fmt: skip
        return
    for each in happened:
        time = each.at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
        what = message(f"work.event.{each.event}", language)
        click.echo(f"{time}  {each.agency or '-':<8} {what}  {each.actor}  {each.note}".rstrip())
    known = {(row.finding.agency, row.finding.item): row for row in found}
    for part in parts:
        for item in facts.items_of(draw, part.combination, part.key.agency):
            row = known.get((part.key.agency, item.item))
            # An empty finding is shown as empty, never as "no problem found".
            words = message("work.empty", language) if row is None else _result(results, row.finding.result, language)
            click.echo(f"  {part.key.agency:<8} {item.name}：{words}")
    for paper in papers:
        click.echo(f"  {paper.key.agency:<8} {paper.name}  {paper.media}  {paper.size}  sha256:{paper.digest}")


def _result(results: Mapping[str, Any], code: str, language: Language) -> str:
    return f"{code} {results[code].words(language)}" if code in results else code


def dispatch(workspace: Path, month: str, by: str, language: Language) -> None:
    """Send out the month's visits."""
    actor = Actor(name=by, role="planner")
    count = work_steps.dispatch_month(Office.opened(workspace), month, office.now(), actor)
    click.echo(message("work.dispatched", language, month=month, count=count))


def accept(doing: Doing, labels: Sequence[str], month: str | None, language: Language) -> None:
    """Accept the visits named, or all of the agency that were sent out."""
    desk = Office.opened(doing.workspace)
    facts = VisitFacts(desk.line())
    actor = doing.actor(facts, "clerk")
    if labels:
        keys = work_steps.part_keys(facts, labels, doing.agency)
    else:
        with desk.workspace.store.reading() as connection:
            which = PartFilter(agency=actor.agency, month=month, states=("dispatched",))
            keys = [part.key for part in work.parts(connection, facts.line.name, which)]
    work_steps.accept_all(desk, keys, actor, office.now())
    click.echo(message("work.accepted", language, agency=actor.agency, count=len(keys)))


def carry_out(doing: Doing, labels: Sequence[str], day: date, note: str, language: Language) -> None:
    """Say on which day the inspection of visits ended."""
    desk = Office.opened(doing.workspace)
    facts = VisitFacts(desk.line())
    keys = work_steps.part_keys(facts, labels, doing.agency)
    work_steps.carry_out(desk, keys, day, doing.actor(facts, "inspector"), office.now(), note=note)
    owed = {row.owed.key: row.owed.due for row in work_steps.due_list(desk, keys[0].agency, office.now())}
    click.echo(message("work.carried_out", language, count=len(keys), day=day, due=owed[keys[0]]))


def attach(doing: Doing, label: str, files: Sequence[Path], language: Language) -> None:
    """Keep photos and signed sheets with a visit."""
    desk = Office.opened(doing.workspace)
    facts = VisitFacts(desk.line())
    (key,) = work_steps.part_keys(facts, [label], doing.agency)
    for path in files:
        kept = work_steps.attach(desk, key, path, doing.actor(facts, "inspector"), office.now())
        click.echo(f"{kept.digest}  {kept.name}  {kept.media}")


def show_due(workspace: Path, agency: str | None, everything: bool, json: bool, language: Language) -> None:
    """What is due, soon due, overdue."""
    desk = Office.opened(workspace)
    code = VisitFacts(desk.line()).require_agency(agency).agency if agency else None
    rows = work_steps.due_list(desk, code, office.now(), is_open=None if everything else True)
    if json:
        click.echo(to_text([_due_facts(row) for row in rows]))
        return
    for row in rows:
        what = row.document or message("work.due.findings", language)
        doubt = "" if row.is_certain else message("work.due.uncertain", language)
        state = _state(row.state, language)
        urgency = message(f"work.urgency.{row.urgency}", language)
        click.echo(f"{row.owed.due}  {urgency}  {row.owed.key.agency:<8} {row.label:<8} {what}  {state}{doubt}")
    counts = Counter(row.urgency for row in rows)
    click.echo(message("work.due.counts", language, **{name: counts[name] for name in get_args(Urgency)}))


def _due_facts(row: work_steps.DueRow) -> dict[str, Any]:
    return {
        "kind": row.owed.kind,
        "visit": row.label,
        "agency": row.owed.key.agency,
        "since": row.owed.since,
        "due": row.owed.due,
        "urgency": row.urgency,
        "certain": row.is_certain,
        "state": row.state,
        "document": row.document,
        "done_at": row.owed.done_at,
    }


def disclose(workspace: Path, language: Language) -> None:
    """Publish all that ought to be public."""
    count = work_steps.disclose_due(Office.opened(workspace), office.now())
    click.echo(message("work.disclosed", language, count=count))
