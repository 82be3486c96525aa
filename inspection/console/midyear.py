"""What happens after the year's draws, on the terminal: supplements, and changes that two people decide."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from inspection import service
from inspection.beacon.ceremony import AttendedCeremony, Ceremony
from inspection.changes import change_steps
from inspection.changes.change_concerns import concerns
from inspection.changes.change_report import count_changes, flags
from inspection.changes.redating import redate
from inspection.console.planning import advance
from inspection.console.progress import ProgressBars
from inspection.errors import InputError, Language, message
from inspection.office import CHINA, Office
from inspection.planning.day_changes import Absence
from inspection.rules.reasons import reason_words
from inspection.steps.line import Line
from inspection.steps.standing import firm_draws, first_draw, label_of, standing_visits
from inspection.store.changes import Change, Wish, changes
from inspection.store.draws import draws


def run_supplement(workspace: Path, start: date | None, is_unattended: bool, yes: bool, language: Language) -> int:
    """Take a supplement as far as it goes; 0 when it is done."""
    office = Office.opened(workspace)
    if is_unattended and not yes:
        click.confirm(message("cli.ask.unattended", language), abort=True, err=True)
    bars = ProgressBars(language)
    line = office.supplement(start, bars)
    tasks = ", ".join(task.task for task in line.given.tasks)
    click.echo(message("supplement.begun", language, number=line.round, start=line.given.start, tasks=tasks), err=True)
    ceremony: Ceremony = service.unattended(line.given.policy) if is_unattended else AttendedCeremony()
    return advance(line, ceremony, bars, language)


def ask_for(
    workspace: Path,
    wishes_of: Callable[[Line], Sequence[Wish]],
    people: tuple[str, str | None],
    yes: bool,
    language: Language,
) -> int:
    """Store the wishes of one person; with the name of a second, carry them out as well.

    Args:
        wishes_of: checks what is asked for and says what it means.
        people: who asks, and who approves (None: later).
    """
    line = Office.opened(workspace).line()
    wishes, (by, approved_by) = wishes_of(line), people
    if not wishes:
        click.echo(message("change.none", language))
        return 0
    asked = [change_steps.request(line, wish, by) for wish in wishes]
    for change in asked:
        click.echo(_sentence(line, change, language))
    if approved_by is None:
        numbers = " ".join(str(change.number) for change in asked)
        click.echo(message("change.asked", language, numbers=numbers), err=True)
        return 0
    return decide(workspace, [change.number for change in asked], approved_by, yes, language)


def decide(
    workspace: Path, numbers: Sequence[int], by: str, yes: bool, language: Language, *, is_refused: bool = False
) -> int:
    """Approve or refuse requests, each in a transaction of its own."""
    line = Office.opened(workspace).line()
    if not is_refused and not yes:
        click.confirm(message("change.ask", language, by=by), abort=True, err=True)
    for number in numbers:
        change = change_steps.refuse(line, number, by) if is_refused else change_steps.approve(line, number, by)
        click.echo(_sentence(line, change, language))
        for warning in concerns(line, change, language):
            click.echo(message("change.concern", language, text=warning))
    return 0


def show_changes(workspace: Path, json: bool, language: Language) -> None:
    """All changes of the plan, their counts, and what passes a threshold."""
    line = Office.opened(workspace).line()
    with line.workspace.store.reading() as connection:
        made, visits = changes(connection, line.name), standing_visits(connection, line.name)
    counts = count_changes(visits, made)
    flagged = flags(counts, line.given.policy, language)
    if json:
        rows = [
            {
                **asdict(change.wish),
                "number": change.number,
                "state": change.state,
                "requested_by": change.requested_by,
                "requested_at": change.requested_at.isoformat(),
                "decided_by": change.decided_by,
                "decided_at": change.decided_at.isoformat() if change.decided_at else None,
                "successor": change.successor,
            }
            for change in made
        ]
        facts = {"plan": line.name, "changes": rows, "counts": asdict(counts), "flags": flagged}
        click.echo(jsonlib.dumps(facts, ensure_ascii=False, indent=1))
        return
    for change in made:
        click.echo(_sentence(line, change, language))
    names = ("voids", "replacements", "replaced", "substituted", "closed", "voided", "pending")
    click.echo(message("change.counts", language, **{name: getattr(counts, name) for name in names}))
    for flag in flagged:
        click.echo(flag)


def _sentence(line: Line, change: Change, language: Language) -> str:
    """A change as people read it."""
    wish = change.wish
    with line.workspace.store.reading() as connection:
        results = [draw for draw in draws(connection, line.name) if draw.root is not None]
        first = first_draw(standing_visits(connection, line.name)) if wish.visit else ""
        visits = {visit.key: visit for visit in standing_visits(connection, line.name)} if wish.visit else {}
    draw = firm_draws(results).get(wish.draw, wish.draw)
    label = label_of(visits[draw, wish.visit], first) if wish.visit else wish.draw
    what = message(
        f"change.what.{wish.kind}",
        language,
        label=label,
        agency=wish.agency,
        subject=wish.subject,
        successor=change.successor or "…",
    )
    decided = change.decided_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if change.decided_at else ""
    return message(
        f"change.row.{change.state}",
        language,
        number=change.number,
        what=what,
        reason=reason_words(wish.kind, wish.reason, language),
        by=change.requested_by,
        second=change.decided_by or "",
        time=decided,
    )


def show_redating(workspace: Path, away: Sequence[str], is_trial: bool, json: bool, language: Language) -> int:
    """Fit the days again and say what moved; 1 when a visit is left without a day."""
    office = Office.opened(workspace)
    line = office.line()
    absences = [_absence(each) for each in away]
    moved = redate(line, office.policy(), absences, is_trial=is_trial)
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
    labels = {visit.key: label_of(visit, first_draw(visits)) for visit in visits}
    if json:
        rows = [
            {"visit": labels[key], "from": str(old or ""), "to": str(new or "")}
            for key, (old, new) in moved.changed.items()
        ]
        facts = {"moved": rows, "bound": moved.bound, "unplaced": [labels[key] for key in moved.unplaced]}
        click.echo(jsonlib.dumps(facts, ensure_ascii=False, indent=1))
        return 1 if moved.unplaced else 0
    for key, (old, new) in moved.changed.items():
        click.echo(f"  {labels[key]}  {old or '–'} → {new or '–'}")
    counts = {"moved": moved.moved, "bound": moved.bound, "visits": len(visits)}
    click.echo(message("redate.trial" if is_trial else "redate.done", language, **counts))
    if moved.unplaced:
        left = ", ".join(labels[key] for key in moved.unplaced)
        click.echo(message("redate.unplaced", language, count=len(moved.unplaced), visits=left))
    return 1 if moved.unplaced else 0


def _absence(text: str) -> Absence:
    """INSPECTOR=FROM..TO, or INSPECTOR=DAY.

    Raises:
        InputError: it has not this form.
    """
    inspector, _, span = text.partition("=")
    first, _, last = span.partition("..")
    try:
        return Absence(inspector=inspector, first=date.fromisoformat(first), last=date.fromisoformat(last or first))
    except ValueError:
        raise InputError("redate.away", got=text) from None
