"""Commands of the plan: take it further, ask the parties, show it, write it out."""

from __future__ import annotations

import json as jsonlib
import os
import re
import secrets
import warnings
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
from inspection.errors import BeaconError, InputError, InspectionError, Language, message
from inspection.office import CHINA, Office
from inspection.questions.plan_status import finished_year, next_words, steps_of
from inspection.steps.line import Line, refusals, step_name
from inspection.steps.supplements import present_line
from inspection.steps.workers import Crew

DRAWS = r"[1-9][0-9]*-(firms|inspectors)"
"""What a draw is called within its plan (PROTOCOL 3)."""

WORD = r"[^\s:,/+]+"
"""A name in a draw or of a party (PROTOCOL 4): no spaces, colons, commas or slashes."""


def run_plan(workspace: Path, is_unattended: bool, yes: bool, language: Language, cluster: Crew | None = None) -> int:
    """Take the plan as far as it goes; 0 when it is done."""
    office = Office.opened(workspace)
    if is_unattended and not yes:
        click.confirm(message("cli.ask.unattended", language), abort=True, err=True)
    bars = ProgressBars(language)
    year_line, discarded = office.start(bars)
    if discarded:
        click.echo(message("cli.discarded", language), err=True)
    line = present_line(year_line)
    ceremony: Ceremony = service.unattended(line.given.policy) if is_unattended else AttendedCeremony()
    return advance(line, ceremony, bars, language, cluster)


def reveal_plan(workspace: Path, language: Language, cluster: Crew | None = None) -> int:
    """Ask for what the line waits for, and go on; 0 when the plan is done."""
    bars = ProgressBars(language)
    line = present_line(Office.opened(workspace).line(bars))
    return advance(line, AttendedCeremony(ask=asking(language)), bars, language, cluster)


def advance(line: Line, ceremony: Ceremony, bars: ProgressBars, language: Language, cluster: Crew | None = None) -> int:
    """Run the line and show the screen; bars would hide questions, so they show only where nobody is asked."""
    processes = os.cpu_count() or 1
    try:
        if isinstance(ceremony, AttendedCeremony) and ceremony.ask is not None:
            year = service.plan_year(line, ceremony, processes=processes, cluster=cluster)
        else:
            with bars.running():
                year = service.plan_year(line, ceremony, processes=processes, cluster=cluster)
    except BeaconError as error:
        if not error.code.endswith(".waiting"):
            raise
        code, params = next_words(line)
        raise BeaconError(code, **params) from error
    if line.round:
        line = line.of_year()
        year = service.plan_year(line, AttendedCeremony())
    _print_summary(line, year, language)
    click.echo(message("cli.next.done", language), err=True)
    return 0


def asking(language: Language) -> Callable[[str, str, Callable[[str], None]], str]:
    """Ask people on the terminal until the answer is accepted; secrets are not echoed."""

    def ask(kind: str, name: str, accept: Callable[[str], None]) -> str:
        while True:
            text = message(f"cli.ask.{kind}", language, name=name)
            with warnings.catch_warnings():
                # Without a terminal there is nobody to hide the secret from, and getpass would print its source code.
                warnings.simplefilter("ignore")
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


def take_commitments(workspace: Path, kind: Kind, given: Sequence[str], language: Language) -> str:
    """Store PARTY=COMMITMENT pairs; the draw's name."""
    pairs = _pairs(given)
    line, discarded = Office.opened(workspace).start(ProgressBars(language))
    if discarded:
        click.echo(message("cli.discarded", language), err=True)
    with refusals():
        return service.hand_in(present_line(line), kind, pairs)


def _pairs(given: Sequence[str]) -> dict[str, str]:
    """Commitments by party.

    Raises:
        InputError: all pairs that are none, are no SHA-256 or SM3 value, or name a party again.
    """
    pairs: dict[str, str] = {}
    bad = []
    for pair in given:
        party, separator, commitment = pair.partition("=")
        commitment = commitment.strip().lower()
        if not separator or party in pairs or not re.fullmatch("[0-9a-f]{64}", commitment):
            bad.append(pair)
        pairs[party] = commitment
    if bad:
        raise InputError("cli.parties.form", given="\n".join(f"  {pair}" for pair in bad))
    return pairs


def make_secret(draw: str, party: str, digest: Digest) -> tuple[str, str]:
    """A fresh secret of a party and its commitment to the draw.

    Raises:
        InputError: the names are not of the protocol's form; a commitment to them could never be opened.
    """
    if not re.fullmatch(f"{WORD}/{DRAWS}", draw):
        raise InputError("cli.party.draw", got=draw)
    if not re.fullmatch(WORD, party) or party in ("public", "seal"):
        raise InputError("draw.commitment.party_name", party=party)
    secret = secrets.token_hex(32)
    with refusals():
        return secret, party_commitment(digest, draw, party, secret)


def show_status(workspace: Path, json: bool, language: Language) -> None:
    """Which steps are stored, and what comes next."""
    line = present_line(Office.opened(workspace).line())
    done = {step.name: step.finished_at.astimezone(CHINA) for step in line.workspace.store.steps(line.name)}
    code, params = next_words(line)
    following = message(code, language, **params)
    if json:
        steps = [{"step": s, "finished": done[s].isoformat() if s in done else None} for s in steps_of(line)]
        click.echo(jsonlib.dumps({"plan": line.name, "steps": steps, "next": following}, ensure_ascii=False))
        return
    click.echo(f"{line.name} {line.plan.name}")
    for step in steps_of(line):
        time = f"  {done[step]:%Y-%m-%d %H:%M:%S}" if step in done else ""
        mark = "✓" if step in done else "·"
        click.echo(message("cli.plan.step", language, mark=mark, name=step_name(step, language), time=time))
    click.echo(following)


def show_plan(workspace: Path, json: bool, language: Language) -> None:
    """The one screen of a finished plan."""
    line, year = _finished(workspace, language)
    if json:
        click.echo(jsonlib.dumps(asdict(service.summary(line, year, language)), ensure_ascii=False, default=_plain))
    else:
        _print_summary(line, year, language)


def export_plan(workspace: Path, path: Path, language: Language) -> Path:
    """The plan's workbook is written."""
    from inspection.documents.workbook import write_plan_workbook

    if path.suffix.lower() != ".xlsx":
        raise InputError("cli.workbook.suffix", path=path)
    line, year = _finished(workspace, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_plan_workbook(path, service.plan_rows(line, year), service.summary(line, year, language), language)
    return path


def write_proof(workspace: Path, folder: Path) -> Path:
    """The bundle is written."""
    return service.bundle(Office.opened(workspace).line(), folder)


def _finished(workspace: Path, language: Language) -> tuple[Line, service.PlannedYear]:
    """The plan, once every step is stored."""
    line = Office.opened(workspace).line()
    return line, finished_year(line, language)


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
