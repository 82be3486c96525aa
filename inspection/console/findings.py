"""Findings on the terminal: sheets, reviews, corrections, decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from inspection import office
from inspection.console.visits import Doing, to_text
from inspection.errors import InputError, Language, message
from inspection.office import Office
from inspection.rules.findings import Finding, categories, method_of
from inspection.rules.visit_life import Actor
from inspection.store import disclosed, work
from inspection.store.work import PartFilter, PartKey
from inspection.work import amendment_steps, work_steps
from inspection.work.visit_facts import VisitFacts


def make_template(workspace: Path, agency: str, path: Path, month: str | None, language: Language) -> None:
    """Write the sheet of an agency's open visits; a filled one is never replaced."""
    if path.exists():
        raise InputError("cli.template.taken", paths=path)
    rows = work_steps.finding_template(Office.opened(workspace), path, agency, office.now(), month=month)
    click.echo(message("work.template.made", language, path=path, rows=rows))


def import_sheets(doing: Doing, files: Sequence[Path], mapping: Path | None, json: bool, language: Language) -> int:
    """Read filled-in sheets; 3 when rows wait to be corrected, 1 when none was good."""
    desk = Office.opened(doing.workspace)
    actor = Actor(name=doing.by, role="clerk")
    if doing.agency:
        actor = doing.actor(VisitFacts(desk.line()), "clerk")
    done = work_steps.import_findings(desk, files, actor, office.now(), mapping=mapping)
    if json:
        click.echo(to_text(_import_facts(done, language)))
    else:
        for line in _import_lines(done, language):
            click.echo(line)
    if done.read is None or not done.read.counts.rejected:
        return 0
    return 3 if done.entered + done.unchanged else 1


def _import_facts(done: work_steps.Entered, language: Language) -> dict[str, Any]:
    read = done.read
    facts: dict[str, Any] = {name: getattr(done, name) for name in ("entered", "unchanged", "parts", "complete")}
    if read is None:
        return facts
    return facts | {
        "read": read.counts.read,
        "rejected": read.counts.rejected,
        "empty": read.empty,
        "reasons": dict(read.reasons),
        "examples": [
            asdict(each) | {"reason": each.reason(language), "remedy": each.remedy(language)} for each in read.examples
        ],
        "rejects": read.rejects,
    }


def _import_lines(done: work_steps.Entered, language: Language) -> Iterable[str]:
    read = done.read
    if read is None:
        return
    names = ("entered", "unchanged", "parts", "complete")
    known = {name: getattr(done, name) for name in names}
    yield message(
        "work.imported", language, read=read.counts.read, rejected=read.counts.rejected, empty=read.empty, **known
    )
    for code, count in read.reasons.items():
        example = next((each for each in read.examples if each.code == code), None)
        if example is None:
            continue
        yield message("cli.import.reason", language, count=count, reason=example.reason(language))
        yield message(
            "cli.import.example",
            language,
            file=example.file,
            row=example.row,
            column=example.column,
            value=example.value,
            remedy=example.remedy(language),
        )
    if read.rejects is not None:
        yield message("cli.import.rejects", language, path=read.rejects)


def all_clear(doing: Doing, labels: Sequence[str], day: date | None, language: Language) -> None:
    """No problem was found at these visits, in all items that have no result yet."""
    desk = Office.opened(doing.workspace)
    facts = VisitFacts(desk.line())
    keys = work_steps.part_keys(facts, labels, doing.agency)
    done = work_steps.all_clear(desk, keys, doing.actor(facts, "clerk"), office.now(), finished=day)
    click.echo(message("work.entered", language, entered=done.entered, parts=len(keys), complete=done.complete))


def enter(doing: Doing, what: tuple[str, str, str], rest: Mapping[str, Any], language: Language) -> None:
    """One finding: visit, item, result; ``rest`` are day, method, note and disposal."""
    desk = Office.opened(doing.workspace)
    facts = VisitFacts(desk.line())
    (key,) = work_steps.part_keys(facts, [what[0]], doing.agency)
    result = categories(desk.policy().disclosure.categories).require(what[2])
    method = method_of(rest["method"])
    if method is None:
        raise InputError("findings.method.unknown", value=rest["method"], detail="")
    finding = Finding(
        draw=key.draw,
        visit=key.visit,
        agency=key.agency,
        item=what[1],
        result=result.code,
        found_on=rest["day"] or _finished(desk, facts, key),
        method=method,
        note=rest["note"],
        disposal=rest["disposal"],
    )
    done = work_steps.enter_findings(desk, [finding], doing.actor(facts, "inspector"), office.now())
    click.echo(message("work.entered", language, entered=done.entered, parts=1, complete=done.complete))


def _finished(desk: Office, facts: VisitFacts, key: PartKey) -> date:
    """The day registered for the part, today where none is."""
    with desk.workspace.store.reading() as connection:
        part = work.part(connection, facts.line.name, key)
    return part.finished or office.now().date()


def review(doing: Doing, labels: Sequence[str], is_return: bool, note: str, language: Language) -> None:
    """Review the findings of visits, of all that wait when none is named, or send them back."""
    desk = Office.opened(doing.workspace)
    facts = VisitFacts(desk.line())
    actor = doing.actor(facts, "reviewer")
    keys = work_steps.part_keys(facts, labels, doing.agency) if labels else _waiting(desk, facts, actor)
    if is_return:
        work_steps.return_findings(desk, keys, actor, office.now(), note=note)
    else:
        work_steps.review(desk, keys, actor, office.now(), note=note)
    click.echo(message("work.returned" if is_return else "work.reviewed", language, count=len(keys)))


def _waiting(desk: Office, facts: VisitFacts, actor: Actor) -> list[PartKey]:
    with desk.workspace.store.reading() as connection:
        which = PartFilter(agency=actor.agency, states=("entered",))
        return [part.key for part in work.parts(connection, facts.line.name, which)]


def amend(doing: Doing, label: str, change: tuple[str, str] | None, rest: tuple[str, str], language: Language) -> None:
    """Ask for a correction of one item, or for a withdrawal of all; ``rest`` are reason and note."""
    desk = Office.opened(doing.workspace)
    facts = VisitFacts(desk.line())
    (key,) = work_steps.part_keys(facts, [label], doing.agency)
    actor, (reason, note) = doing.actor(facts, "clerk"), rest
    if change is None:
        made = amendment_steps.withdraw(desk, key, actor, office.now(), reason=reason)
    else:
        made = amendment_steps.correct(desk, key, change, actor, office.now(), reason=reason, note=note)
    click.echo(message("work.amendment.asked", language, number=made.number))


def decide(doing: Doing, label: str, document: tuple[str, date], summary: str, language: Language) -> None:
    """Enter an enforcement decision that followed from a visit."""
    desk = Office.opened(doing.workspace)
    facts = VisitFacts(desk.line())
    (key,) = work_steps.part_keys(facts, [label], doing.agency)
    made = amendment_steps.decide(desk, key, document, doing.actor(facts, "clerk"), office.now(), summary=summary)
    click.echo(message("work.decision.asked", language, number=made.number))


def second_person(
    workspace: Path,
    number: int,
    by: str,
    step: Callable[..., disclosed.Amendment | disclosed.Decision],
    language: Language,
) -> None:
    """A second person reviews an amendment or a decision."""
    desk = Office.opened(workspace)
    made = step(desk, number, Actor(name=by, role="reviewer"), office.now())
    click.echo(message("work.second", language, number=made.number, by=by))
