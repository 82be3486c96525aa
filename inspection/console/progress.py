"""Progress of the line on stderr: one bar for the step at work, a line for each step that is stored.

The bar counts what is done by whomever: this process, processes beside it, or the workers of a cluster.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from inspection.errors import Language
from inspection.steps.line import step_name


class ProgressBars:
    """A watcher of the line that draws on stderr; on a pipe it prints a line per step instead."""

    def __init__(self, language: Language, console: Console | None = None) -> None:
        self._language = language
        self._console = console or Console(stderr=True)
        self._bars: Progress | None = None
        self._task: TaskID | None = None

    @contextmanager
    def running(self) -> Iterator[ProgressBars]:
        """Bars are on the screen meanwhile."""
        counted = TextColumn("{task.fields[counted]}")
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), counted, TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as bars:
            self._bars = bars
            yield self
        self._bars = None

    @contextmanager
    def stage(self, step: str) -> Iterator[None]:
        """A piece of work outside the line, shown like one of its steps."""
        started = time.monotonic()
        self.begin(step)
        yield
        self.end(step, time.monotonic() - started)

    def begin(self, step: str) -> None:
        """The step has a bar of its own."""
        if self._bars is not None:
            self._task = self._bars.add_task(step_name(step, self._language), total=None, counted="")

    def advance(self, done: int, total: int) -> None:
        """The bar shows how far the step is."""
        if self._bars is not None and self._task is not None:
            counted = f"{done:,}/{total:,}" if total else ""
            self._bars.update(self._task, completed=done, total=total or None, counted=counted)

    def end(self, step: str, seconds: float) -> None:
        """The bar is gone, a line stays."""
        if self._bars is not None and self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
        self._console.print(
            f"[green]✓[/green] {step_name(step, self._language)} [dim]{seconds:.2f} s[/dim]", highlight=False
        )
