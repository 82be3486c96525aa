"""Showing what a command did: imports, checks of the rules, templates, the checker's verdict."""

from __future__ import annotations

import json as jsonlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, cast

import click

from inspection.console.progress import ProgressBars
from inspection.errors import InputError, Language, message
from inspection.office import Office
from inspection.registry.report import ImportReport
from inspection.registry.settings import RegisterKind

MOST_NOTICES = 20


def write_templates(kinds: Sequence[str], out: Path) -> list[Path]:
    """A template of each kind is in the folder; their paths."""
    from inspection.registry.template import write_template

    out.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in kinds:
        if kind == "policy":
            path = out / "policy.toml"
            path.write_bytes((resources.files("inspection_data") / "policy.toml").read_bytes())
        else:
            path = out / f"{kind}.xlsx"
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
    """Import and say what became of every row; the exit code: 1 when nothing usable came of it or strict stopped."""
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
        click.echo(jsonlib.dumps(_report(report, language), ensure_ascii=False, indent=1))
    else:
        for line in _lines(report, language):
            click.echo(line)
    return 0 if report.snapshot is not None else 1


def _mappings(given: Sequence[str]) -> dict[RegisterKind, Path]:
    """KIND=FILE pairs."""
    found: dict[RegisterKind, Path] = {}
    for pair in given:
        kind, separator, path = pair.partition("=")
        if not separator or not Path(path).is_file():
            raise InputError("cli.import.mapping", given=pair)
        found[cast(RegisterKind, kind)] = Path(path)
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
        lines.append(message("cli.import.snapshot", language, digest=report.snapshot.digest))
    return lines


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


def _report(report: ImportReport, language: Language) -> dict[str, Any]:
    return {
        "snapshot": report.snapshot.digest if report.snapshot else None,
        "registers": {
            kind: {"read": counts.read, "accepted": counts.accepted, "rejected": counts.rejected}
            for kind, counts in report.counts.items()
        },
        "reasons": [
            {"register": register, "code": code, "count": count} for (register, code), count in report.reasons.items()
        ],
        "rejects": str(report.rejects) if report.rejects else None,
        "notices": [notice.text(language) for notice in report.warnings],
    }


def check_and_show(workspace: Path, json: bool, language: Language) -> None:
    """Say that the rules can be met and at what cost; PlanError says which cannot."""
    from inspection import service

    office = Office.opened(workspace)
    pools, quotas = service.check_feasible(office.policy(), office.snapshot())
    visits = sum(sum(each.visits.values()) for each in quotas.combinations)
    checks = sum(sum(each.visits.values()) * len(each.tasks) for each in quotas.combinations)
    facts = {"visits": visits, "checks": checks, "bound": quotas.bound, "combinations": len(quotas.combinations)}
    if json:
        click.echo(jsonlib.dumps({"feasible": True, "pools": len(pools), **facts}))
    else:
        click.echo(message("cli.check.ok", language, **facts))


def run_checker(bundle: Path, json: bool) -> int:
    """Run the auditor's file on the bundle in its own process; its exit code."""
    checker = resources.files("inspection") / "verify.py"
    command = [sys.executable, "-I", "-S", str(checker), str(bundle), *(["--json"] if json else [])]
    return subprocess.run(command, check=False).returncode
