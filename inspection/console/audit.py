"""Past draws on the screen: what chance does not explain, what is worth a look, what was not tested."""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspection.errors import InputError, Language

if TYPE_CHECKING:  # NumPy and all that hangs on it load when the command runs
    from inspection.history.change_tests import Allowed
    from inspection.history.examine import Audit
    from inspection.history.records import History

MOST_LINES = 15
"""Sentences of a kind on the screen; the report has them all."""

_KINDS = ("voids", "replacements", "substitutions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is audited, as typed."""

    paths: Sequence[Path]
    registers: Sequence[str]
    level: str
    replays: int | None
    allow: Sequence[str]


def audit_and_show(wanted: Wanted, out: Path | None, json: bool, language: Language) -> int:
    """Read, examine, show, and write the report where one is asked for; 1 where chance does not explain something.

    Raises:
        InputError: an option or a file cannot be used.
    """
    from inspection.history import words
    from inspection.history.examine import Asked, examine

    level = _share("level", wanted.level)
    if not 0 < level < 1:
        raise InputError("audit.level.value", option="level", value=wanted.level)
    asked = Asked(level=float(level), replays=wanted.replays, allowed=_allowed(wanted.allow))
    history = _read(wanted)
    if not history.draws and not history.seats:
        raise InputError("audit.nothing", sources=", ".join(history.sources))
    audit = examine(history, asked)
    files, remarks = _report(out, audit, language)
    if json:
        facts = {**words.facts(audit, language), "files": [str(file) for file in files]}
        click.echo(jsonlib.dumps(facts, ensure_ascii=False))
    else:
        _print(audit, language)
    for remark in remarks:
        click.echo(remark, err=True)
    if files:
        names = ", ".join(file.name for file in files)
        click.echo(words.word("made", language, folder=out, files=names), err=True)
    return 1 if audit.alarms else 0


def _report(out: Path | None, audit: Audit, language: Language) -> tuple[list[Path], list[str]]:
    if out is None:
        return [], []
    from inspection.history.report import write_report

    return write_report(out, audit, language)


def _read(wanted: Wanted) -> History:
    """Bundles of all folders and lists of all files as one history."""
    from inspection.history.foreign import read_list
    from inspection.history.read import find_bundles, merged, read_bundles

    folders = [path for path in wanted.paths if path.is_dir()]
    lists = [path for path in wanted.paths if not path.is_dir()]
    registers = _registers(wanted.registers)
    if registers and not lists:
        raise InputError("audit.register.needless")
    bundles = list(dict.fromkeys(bundle.resolve() for folder in folders for bundle in find_bundles(folder)))
    return merged([read_bundles(bundles), *(read_list(path, registers) for path in dict.fromkeys(lists))])


def _registers(given: Sequence[str]) -> Mapping[int | None, Path]:
    """``FILE`` or ``YEAR=FILE`` by year."""
    found: dict[int | None, Path] = {}
    for text in given:
        year, equals, name = text.partition("=")
        is_dated = bool(equals) and not Path(text).exists()
        if is_dated and not re.fullmatch(r"\d{4}", year):
            raise InputError("audit.register.year", value=text)
        path = Path(name) if is_dated else Path(text)
        if not path.is_file():
            raise InputError("audit.register.file", path=path)
        found[int(year) if is_dated else None] = path
    return found


def _allowed(given: Sequence[str]) -> Allowed:
    from inspection.history.change_tests import Allowed

    shares = {}
    for text in given:
        kind, _, value = text.partition("=")
        if kind not in _KINDS:
            raise InputError("audit.allow.value", value=text)
        shares[kind] = _share("allow", value)
    return Allowed(**shares)


def _share(option: str, text: str) -> Fraction:
    """``1%`` or ``0.01``."""
    try:
        found = Fraction(text.rstrip("%％")) / (100 if text.endswith(("%", "％")) else 1)
    except (ValueError, ZeroDivisionError):
        raise InputError("audit.level.value", option=option, value=text) from None
    if not 0 <= found <= 1:
        raise InputError("audit.level.value", option=option, value=text)
    return found


def _print(audit: Audit, language: Language) -> None:
    """The audit on the screen."""
    from rich.console import Console
    from rich.text import Text

    from inspection.documents.line_breaks import wrap
    from inspection.history import words

    console = Console()
    width = min(console.width, 120)

    def lines(name: str, found: Sequence[str], style: str = "") -> None:
        if not found:
            return
        console.print()
        console.print(Text(words.word(f"head.{name}", language), style="bold"))
        for number, line in enumerate(found[:MOST_LINES], start=1):
            console.print(Text(wrap(f"{number:>3}. {line}", width), style=style))
        if len(found) > MOST_LINES:
            console.print(Text("     " + words.word("more", language, count=len(found) - MOST_LINES), style="dim"))

    console.print(Text(words.word("title", language, years=words.years(audit)), style="bold"))
    console.print(Text("=" * width, style="dim"))
    console.print(Text(wrap(words.read_line(audit, language), width)))
    console.print(Text(wrap(words.verdict(audit, language), width), style="bold red" if audit.alarms else "bold green"))
    lines("alarms", [words.line(one, language) for one in audit.alarms], "red")
    lines("notable", [words.line(one, language) for one in audit.notable])
    console.print()
    console.print(_families(audit, language))
    changes = words.change_rows(audit.history.happenings, language)
    lines("changes", ["  ".join([*filter(None, row[:4]), f"×{row[4]}"]) for row in changes])
    lines("redraws", [words.redraw_line(redraw, language) for redraw in audit.history.redraws])
    lines("notes", words.notes(audit, language))


def _families(audit: Audit, language: Language):  # type: ignore[no-untyped-def]  # a rich table, imported late
    from rich.table import Table

    from inspection.history import words

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("family", "basis", "tests", "adjusted", "verdict"):
        table.add_column(
            words.word(f"column.{name}", language), justify="right" if name in ("tests", "adjusted") else "left"
        )
    for family in audit.families:
        name, basis, tests, least, verdict = words.family_row(family, audit, language)
        chance = "" if least is None else words.chance(least, language)
        table.add_row(name, basis if tests else "", f"{tests:,}" if tests else "", chance, verdict)
    return table
