"""Showing what a command did: imports, checks of the rules, templates, the checker's verdict."""

from __future__ import annotations

import json as jsonlib
import os
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import cast

import click

from inspection.console.progress import ProgressBars
from inspection.errors import InputError, Language, PlanError, message
from inspection.office import Office, missing_registers
from inspection.questions.machine_facts import import_facts
from inspection.registry.report import ImportReport
from inspection.registry.settings import REGISTER_KINDS, RegisterKind
from inspection.registry.snapshot import Snapshot
from inspection.steps.workers import Crew

MOST_NOTICES = 20
MOST_GAPS = 10


def write_templates(kinds: Sequence[str], out: Path, language: Language) -> list[Path]:
    """A template of each kind is in the folder, named in the language; their paths. Filled files are never replaced.

    Raises:
        InputError: a file of that name is there.
    """
    from inspection.registry.template import write_template

    out.mkdir(parents=True, exist_ok=True)
    names = {kind: "policy.toml" if kind == "policy" else message(f"file.{kind}", language) for kind in kinds}
    if taken := [str(out / name) for name in names.values() if (out / name).exists()]:
        raise InputError("cli.template.taken", paths=", ".join(taken))
    written = []
    for kind in kinds:
        path = out / names[kind]
        if kind == "policy":
            path.write_bytes((resources.files("inspection_data") / "policy.toml").read_bytes())
        else:
            write_template(cast(RegisterKind, kind), path)
        written.append(path)
    return written


def import_and_show(
    workspace: Path,
    files: Mapping[str, Sequence[Path]],
    mapping: Sequence[str],
    day: date,
    strict: bool,
    json: bool,
    language: Language,
) -> int:
    """Import and say what became of every row; the exit code: 1 when nothing usable came of it or strict stopped,
    3 when a plan needs further registers.
    """
    office = Office.opened(workspace)
    bars = ProgressBars(language)
    with bars.running(), bars.stage("import"):
        report = office.import_files(
            cast(Mapping[RegisterKind, Sequence[Path]], files),
            mappings=_mappings(mapping),
            as_of=day,
            strict=strict,
            progress=lambda register, done, total: bars.advance(done, total),
        )
    if json:
        click.echo(jsonlib.dumps(import_facts(report, language), ensure_ascii=False, indent=1))
    else:
        for line in _lines(report, language):
            click.echo(line)
    if report.snapshot is None:
        return 1
    return 3 if missing_registers(report.snapshot) else 0


def _mappings(given: Sequence[str]) -> dict[RegisterKind, Path]:
    """KIND=FILE pairs."""
    found: dict[RegisterKind, Path] = {}
    for pair in given:
        kind, separator, path = pair.partition("=")
        if not separator or kind not in REGISTER_KINDS or not Path(path).is_file():
            raise InputError("cli.import.mapping", given=pair)
        found[kind] = Path(path)
    return found


def _lines(report: ImportReport, language: Language) -> list[str]:
    """The report as people read it: counts, reasons with one example each, notices, where the rest is."""
    names = {kind: message(f"register.{kind}", language) for kind in report.counts}
    lines = []
    for kind, counts in report.counts.items():
        lines.append(
            message(
                "cli.import.line",
                language,
                register=names[kind],
                read=counts.read,
                accepted=counts.accepted,
                rejected=counts.rejected,
            )
        )
        for (register, code), count in report.reasons.items():
            if register == kind:
                lines += _reason(report, register, code, count, language)
    lines += [f"· {notice.text(language)}" for notice in report.warnings[:MOST_NOTICES]]
    if report.rejects is not None:
        lines.append(message("cli.import.rejects", language, path=report.rejects))
    if report.snapshot is None:
        lines.append(message("cli.import.none", language))
    else:
        lines += _afterwards(report.snapshot, language)
    return lines


def _afterwards(snapshot: Snapshot, language: Language) -> list[str]:
    """What the registers are now called, and what to do with them."""
    missing = ", ".join(message(f"register.{kind}", language) for kind in missing_registers(snapshot))
    if missing:
        return [message("cli.import.incomplete", language, missing=missing)]
    return [message("cli.import.snapshot", language, digest=snapshot.digest)]


def _reason(report: ImportReport, register: str, code: str, count: int, language: Language) -> list[str]:
    example = next((each for each in report.examples if each.register == register and each.code == code), None)
    if example is None:
        return []
    return [
        message("cli.import.reason", language, count=count, reason=example.reason(language)),
        message(
            "cli.import.example",
            language,
            file=example.file,
            row=example.row,
            column=example.column,
            value=example.value,
            remedy=example.remedy(language),
        ),
    ]


def check_and_show(workspace: Path, json: bool, language: Language, cluster: Crew | None = None) -> int:
    """Say that the rules can be met and at what cost, or which cannot; the exit code.

    Raises:
        PlanError: which rule is short, where nobody asked for JSON.
    """
    from inspection import service

    office = Office.opened(workspace)
    policy = office.policy()
    try:
        processes = os.cpu_count() or 1
        pools, quotas = service.check_feasible(policy, office.snapshot(), processes=processes, cluster=cluster)
    except PlanError as error:
        if not json:
            raise
        words = {"feasible": False, "code": error.code, "message": error.text(language)}
        click.echo(jsonlib.dumps(words, ensure_ascii=False))
        return 1
    visits = sum(sum(each.visits.values()) for each in quotas.combinations)
    checks = sum(sum(each.visits.values()) * len(each.tasks) for each in quotas.combinations)
    gaps = service.recusal_gaps(policy, office.snapshot(), language)
    facts = {"visits": visits, "checks": checks, "bound": quotas.bound, "combinations": len(quotas.combinations)}
    if json:
        words = {"feasible": True, "pools": len(pools), **facts, "recusal_gaps": gaps}
        click.echo(jsonlib.dumps(words, ensure_ascii=False))
    else:
        for gap in gaps[:MOST_GAPS]:
            click.echo(gap)
        if len(gaps) > MOST_GAPS:
            click.echo(message("plan.recusal_gap.more", language, count=len(gaps) - MOST_GAPS))
        click.echo(message("cli.check.ok", language, **facts))
    return 0
