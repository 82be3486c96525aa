"""Options that commands share, and how a failure is shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import click

from inspection.errors import InspectionError, Language, message

AWAITED = (
    "beacon.parties.waiting",
    "beacon.public.waiting",
    "beacon.reveal.waiting",
    "cli.awaited.parties",
    "cli.awaited.public",
    "cli.awaited.reveal",
    "line.reveal.early",
)
"""Errors that mean: not wrong, only not yet."""

REGISTERS = {
    "agencies": "监管部门",
    "items": "抽查事项清单",
    "inspectors": "执法检查人员",
    "firms": "检查对象；可写多次，如各所一个文件 may be given several times",
    "tasks": "抽查任务",
    "recusals": "回避（可没有 may be left out）",
}
"""What the importer calls the registers, and what planners call them."""

language_option = click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default=lambda: os.environ.get("INSPECTION_LANG", "zh"),
    help="语言 language; INSPECTION_LANG.",
)

workspace_option = click.option(
    "-w",
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="INSPECTION_WORKSPACE",
    default=Path(),
    help="工作区文件夹，默认当前文件夹 workspace folder; INSPECTION_WORKSPACE.",
)

as_json = click.option("--json", is_flag=True, help="机器可读 machine-readable.")


def out_option(default: str) -> Callable[[Any], Any]:
    """--out DIR with a default."""
    kind = click.Path(path_type=Path, file_okay=False)
    return click.option("--out", type=kind, default=Path(default), show_default=True, help="文件夹 folder.")


class Failure(click.ClickException):
    """An error of the domain as the command line shows it: exit code 1."""

    exit_code = 1
    head = "cli.failed"

    def __init__(self, error: InspectionError, language: Language) -> None:
        super().__init__(error.text(language))
        self._head = message(self.head, language)

    def show(self, file: IO[Any] | None = None) -> None:
        """The message on stderr."""
        click.echo(self._head + self.message, file=file, err=file is None)


class Waiting(Failure):
    """Nothing is wrong, somebody is awaited: exit code 3."""

    exit_code = 3
    head = "cli.plan.waiting"


def failure(error: InspectionError, language: Language) -> Failure:
    """The failure or the waiting that an error means."""
    return Waiting(error, language) if error.code in AWAITED else Failure(error, language)


__all__ = ["REGISTERS", "Language", "as_json", "failure", "language_option", "out_option", "workspace_option"]
