"""Commands of the plan: take it further, ask the parties, show it, write it out."""

from __future__ import annotations

import json as jsonlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from inspection import service
from inspection.beacon.ceremony import AttendedCeremony, Ceremony
from inspection.console.progress import ProgressBars
from inspection.draw.canonical import Digest
from inspection.draw.commitment import Kind
from inspection.draw.refusal import DrawRefusal
from inspection.draw.reveal import party_commitment
from inspection.errors import InputError, InspectionError, Language, StoreError, message
from inspection.line import Line, refusals, step_name
from inspection.office import Office

STEPS = (
    *(f"{service.FIRMS}.{part}" for part in ("frame", "quotas", "parties", "commit", "reveal", "draw")),
    *(f"{service.INSPECTORS}.{part}" for part in ("chances", "parties", "commit", "reveal", "draw")),
    *(f"{service.FIRMS}.{part}" for part in ("timetable", "check")),
)
"""The steps of a plan in their order."""


def run_plan(workspace: Path, is_unattended: bool, yes: bool, language: Language) -> int:
    """Take the plan as far as it goes; 0 when it is done."""
    office = Office.opened(workspace)
    if is_unattended and not yes:
        click.confirm(message("cli.ask.unattended", language), abort=True, err=True)
    bars = ProgressBars(language)
    line, discarded = office.start(bars)
    if discarded:
        click.echo(message("cli.discarded", language), err=True)
    ceremony: Ceremony = service.unattended(line.given.policy) if is_unattended else AttendedCeremony()
    return _advance(line, ceremony, bars, language)


def reveal_plan(workspace: Path, language: Language) -> int:
    """Ask for what the line waits for, and go on; 0 when the plan is done."""
    bars = ProgressBars(language)
    line = Office.opened(workspace).line(bars)
    return _advance(line, AttendedCeremony(ask=asking(language)), bars, language)


def _advance(line: Line, ceremony: Ceremony, bars: ProgressBars, language: Language) -> int:
    """Run the line and show the screen; bars would hide questions, so they show only where nobody is asked."""
    if isinstance(ceremony, AttendedCeremony) and ceremony.ask is not None:
        year = service.plan_year(line, ceremony)
    else:
        with bars.running():
            year = service.plan_year(line, ceremony)
    _print_summary(line, year, language)
    return 0


def asking(language: Language) -> Callable[[str, str, Callable[[str], None]], str]:
    """Ask people on the terminal until the answer is accepted; secrets are not echoed."""

    def ask(kind: str, name: str, accept: Callable[[str], None]) -> str:
        while True:
            text = message(f"cli.ask.{kind}", language, name=name)
            answer: str = click.prompt(text, hide_input=kind == "party", err=True)
            answer = "".join(answer.split()) if kind == "dice" else answer.strip()
            try:
                with refusals():
                    accept(answer)
            except (InspectionError, DrawRefusal) as error:
                click.echo(error.text(language) if isinstance(error, InspectionError) else str(error), err=True)
            else:
                return answer

    return ask


def take_commitments(workspace: Path, kind: Kind, given: Sequence[str]) -> str:
    """Store PARTY=COMMITMENT pairs; the draw's name."""
    pairs = {}
    for pair in given:
        party, separator, commitment = pair.partition("=")
        if not separator:
            raise InputError("cli.parties.form", given=pair)
        pairs[party] = commitment.strip().lower()
    office = Office.opened(workspace)
    line, _ = office.start(ProgressBars("zh"))
    with refusals():
        return service.hand_in(line, kind, pairs)


def make_secret(draw: str, party: str, digest: Digest) -> tuple[str, str]:
    """A fresh secret of a party and its commitment to the draw."""
    secret = secrets.token_hex(32)
    with refusals():
        return secret, party_commitment(digest, draw, party, secret)


def show_status(workspace: Path, json: bool, language: Language) -> None:
    """Which steps are stored, and the log's size."""
    line = Office.opened(workspace).line()
    done = {step.name: step.finished_at.isoformat(timespec="seconds") for step in line.workspace.store.steps(line.name)}
    if json:
        click.echo(jsonlib.dumps({"plan": line.name, "steps": [{"step": s, "finished": done.get(s)} for s in STEPS]}))
        return
    click.echo(f"{line.name} {line.plan.name}")
    for step in STEPS:
        mark = "✓" if step in done else "·"
        text = message("cli.plan.step", language, mark=mark, name=step_name(step, language), time=done.get(step, ""))
        click.echo(text)


def show_plan(workspace: Path, json: bool, language: Language) -> None:
    """The one screen of a finished plan."""
    line, year = _finished(workspace)
    if json:
        click.echo(jsonlib.dumps(asdict(service.summary(line, year, language)), ensure_ascii=False, default=_plain))
    else:
        _print_summary(line, year, language)


def export_plan(workspace: Path, path: Path, language: Language) -> Path:
    """The plan's workbook is written."""
    from inspection.documents.workbook import write_plan_workbook

    line, year = _finished(workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_plan_workbook(path, service.plan_rows(line, year), service.summary(line, year, language), language)
    return path


def write_proof(workspace: Path, folder: Path) -> Path:
    """The bundle is written."""
    return service.bundle(Office.opened(workspace).line(), folder)


def _finished(workspace: Path) -> tuple[Line, service.PlannedYear]:
    """The plan, once every step is stored."""
    line = Office.opened(workspace).line()
    done = {step.name for step in line.workspace.store.steps(line.name)}
    missing = next((step for step in STEPS if step not in done), None)
    if missing is not None:
        raise StoreError("line.plan.unfinished", plan=line.name, step=missing)
    return line, service.plan_year(line, AttendedCeremony())


def _print_summary(line: Line, year: service.PlannedYear, language: Language) -> None:
    from rich.console import Console

    from inspection.documents.screen import render_summary

    Console().print(render_summary(service.summary(line, year, language), language))


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
