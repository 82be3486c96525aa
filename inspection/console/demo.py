"""The demonstration on the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.console import Console

from inspection.console.progress import ProgressBars
from inspection.demo.county import CountySize
from inspection.demonstration import demonstrate
from inspection.documents.screen import render_summary
from inspection.errors import Language, message
from inspection.steps.workers import Crew


def show_demo(out: Path, firms: int, language: Language, cluster: Crew | None = None) -> int:
    """Make the demonstration, show the one screen and the checker's verdict; the checker's exit code."""
    bars = ProgressBars(language)
    size = CountySize() if firms == CountySize().firms else CountySize.scaled(firms)
    with bars.running():
        workers = os.cpu_count() or 1
        made = demonstrate(out, size, bars.stage, bars, language, processes=workers, cluster=cluster)
    Console().print(render_summary(made.summary, language))
    click.echo(made.verdict)
    click.echo(message("cli.demo.made", language, folder=out))
    return made.exit_code
