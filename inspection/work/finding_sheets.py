"""Findings by spreadsheet: sheets with an agency's visits and items filled in, and what comes back of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from inspection.errors import InputError
from inspection.office import CHINA, Office
from inspection.registry.finding_import import Expected, SheetRules, read_findings
from inspection.registry.finding_template import FindingLine, write_finding_template
from inspection.registry.readers import References
from inspection.registry.specification import plain
from inspection.rules.findings import categories
from inspection.rules.visit_life import Actor
from inspection.store import work
from inspection.store.work import PartFilter
from inspection.work.finding_steps import OPEN, Desk, Entered, enter_at
from inspection.work.visit_facts import VisitFacts


def import_findings(
    office: Office, files: Sequence[Path], actor: Actor, now: datetime, *, mapping: Path | None = None
) -> Entered:
    """Filled-in sheets are read and their good rows entered; faulty ones are all named and kept to be corrected.

    An actor of one agency brings that agency's findings alone.

    Raises:
        InputError: files that cannot be read at all.
    """
    line, policy = office.line(), office.policy()
    facts = VisitFacts(line)
    rules = SheetRules(
        categories=categories(policy.disclosure.categories),
        references=_references(facts),
        today=now.astimezone(CHINA).date(),
    )
    read = read_findings(files, line.workspace.folder, _expected(facts, actor.agency), rules, mapping)
    with line.workspace.store.writing() as connection:
        done = enter_at(Desk(line, facts, policy, connection), read.findings, (actor, now))
    return Entered(entered=done.entered, unchanged=done.unchanged, parts=done.parts, complete=done.complete, read=read)


def finding_template(
    office: Office, path: Path, agency: str, now: datetime, *, month: str | None = None, draw: str | None = None
) -> int:
    """A sheet with every item of the agency's open visits is at ``path``; returns its rows.

    Args:
        month: of the visits; all open ones when left out.

    Raises:
        InputError: no such agency, no open visit, or the file cannot be written.
    """
    line, policy = office.line(), office.policy()
    facts = VisitFacts(line)
    code = facts.require_agency(agency).agency
    which = PartFilter(agency=code, month=month, draw=draw, states=OPEN)
    with line.workspace.store.reading() as connection:
        parts = [part for part in work.parts(connection, line.name, which) if part.key.draw in facts.draws]
        entered = {
            (row.key, row.finding.item): row.finding for row in work.findings(connection, line.name, agency=code)
        }
        firms = facts.firms_of(facts.firms_now(connection, {part.key[:2] for part in parts})) if parts else {}
    if not parts:
        raise InputError("findings.template.nothing", agency=code, month=month or "-")
    return write_finding_template(
        path,
        (
            FindingLine(
                visit=facts.label(part.key.draw, part.key.visit),
                firm=firms[part.key[:2]].firm,
                firm_name=firms[part.key[:2]].name,
                agency=code,
                item=item.item,
                item_name=item.name,
                finding=entered.get((part.key, item.item)),
            )
            for part in parts
            for item in facts.items_of(part.key.draw, part.combination, code)
        ),
        categories(policy.disclosure.categories),
    )


def _references(facts: VisitFacts) -> References:
    names: dict[str, dict[str, tuple[str, ...]]] = {"agency": {}, "item": {}}
    for what, known in (
        ("agency", {code: each.name for code, each in facts.agencies.items()}),
        ("item", {code: each.name for code, each in facts.items.items()}),
    ):
        for code, name in known.items():
            names[what][plain(name)] = (*names[what].get(plain(name), ()), code)
    return References({"agency": frozenset(facts.agencies), "item": frozenset(facts.items)}, names)


def _expected(facts: VisitFacts, agency: str | None) -> Iterable[Expected]:
    """Every item of every part, as the sheets are checked against."""
    with facts.line.workspace.store.reading() as connection:
        parts = work.parts(connection, facts.line.name, PartFilter(agency=agency))
        own = [part for part in parts if part.key.draw in facts.draws]
        firms = facts.firms_now(connection, {part.key[:2] for part in own})
    items_of = cache(facts.items_of)
    for part in own:
        for item in items_of(part.key.draw, part.combination, part.key.agency):
            yield Expected(
                label=facts.label(part.key.draw, part.key.visit),
                draw=part.key.draw,
                visit=part.key.visit,
                agency=part.key.agency,
                item=item.item,
                firm=firms[part.key[:2]],
                state=part.state,
                finished=part.finished,
            )
