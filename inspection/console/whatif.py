"""Showing what would be: cases on the screen, as JSON, as a spreadsheet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import click

from inspection.console.progress import ProgressBars
from inspection.errors import InputError, Language, message
from inspection.office import Office
from inspection.questions.machine_facts import comparison_facts, to_json
from inspection.questions.whatif import Comparison, Variant, compare
from inspection.rules.policy_changes import split_settings
from inspection.steps.workers import Crew, spreading


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How an answer is wanted: in which language, as JSON, as a spreadsheet beside it."""

    language: Language
    json: bool
    out: Path | None


def ask_and_show(workspace: Path, variants: Sequence[Variant], showing: Showing, cluster: Crew | None = None) -> int:
    """Compare and show; 0 when every case can be planned, 1 when one cannot.

    Raises:
        InputError: ``out`` is no spreadsheet, or a case cannot be read.
    """
    language, json, out = showing.language, showing.json, showing.out
    if out is not None and out.suffix.lower() != ".xlsx":
        raise InputError("cli.workbook.suffix", path=out)
    office = Office.opened(workspace)
    bars = ProgressBars(language)
    spreads = partial(spreading, os.cpu_count() or 1, cluster=cluster, progress=bars.advance)
    try:
        with bars.running(), bars.stage("whatif"):
            found = compare(office, message("whatif.standing", language), variants, date.today(), spreads)
    finally:
        office.workspace.store.close()
    title = message("whatif.title.committed" if found.is_committed else "whatif.title", language, name=found.name)
    if out is not None:
        from inspection.documents.comparison_workbook import write_comparison

        write_comparison(out, title, found.year, found.cases, language)
    if json:
        click.echo(to_json(comparison_facts(found, language)))
    else:
        _print(title, found, language)
    if out is not None:
        click.echo(message("whatif.made", language, path=out), err=True)
    return 0 if found.is_feasible else 1


def variants_of(
    cases: Sequence[tuple[str, str]],
    language: Language,
    *,
    settings: tuple[str, ...],
    without: tuple[str, ...],
    inspectors: Path | None,
    policy: Path | None,
) -> list[Variant]:
    """The variants asked for: the options given alone are one, every ``--case`` is another.

    Raises:
        InputError: two have one name, or a case names a file that does not exist.
    """
    changed = message("whatif.changed", language)
    flat = Variant(name=changed, policy=policy, settings=settings, roster=inspectors, without=without)
    variants = [flat] if flat.changes else []
    variants += [_case(name, text) for name, text in cases]
    names = [message("whatif.standing", language), *(variant.name for variant in variants)]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InputError("whatif.case.repeated", names=", ".join(repeated))
    return variants


def _case(name: str, text: str) -> Variant:
    """``key=value,without=CODE,inspectors=FILE,policy=FILE`` as a variant."""
    given: dict[str, list[str]] = {"policy": [], "inspectors": [], "without": [], "": []}
    for setting in split_settings(text):
        key, _, value = setting.partition("=")
        own = key.strip() if key.strip() in given else ""
        given[own].append(value.strip() if own else setting)
    files = {kind: Path(given[kind][-1]) for kind in ("policy", "inspectors") if given[kind]}
    if missing := [str(path) for path in files.values() if not path.is_file()]:
        raise InputError("whatif.case.file", name=name, paths=", ".join(missing))
    return Variant(
        name=name,
        policy=files.get("policy"),
        settings=tuple(given[""]),
        roster=files.get("inspectors"),
        without=tuple(given["without"]),
    )


def _print(title: str, found: Comparison, language: Language) -> None:
    from rich.console import Console

    from inspection.documents.comparison import render_comparison

    Console().print(render_comparison(title, found.cases, language))
