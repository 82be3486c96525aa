"""The bar counts problems whoever solves them; a finished step leaves one line."""

from __future__ import annotations

import io

from rich.console import Console

from inspection.console.progress import ProgressBars
from inspection.steps.workers import spreading


def test_bar_shows_how_many_problems_are_solved_and_leaves_a_line():
    screen = io.StringIO()
    bars = ProgressBars("en", Console(file=screen, force_terminal=True, width=100))
    with bars.running():
        bars.begin("1-firms.quotas")
        with spreading(1, 1, progress=bars.advance) as run:
            for _ in run(lambda number: bars._bars and bars._bars.refresh(), range(3)):
                pass
        bars.end("1-firms.quotas", 0.5)
    shown = screen.getvalue()
    assert [f"{done}/3" in shown for done in range(3)] == [True] * 3
    assert "0.50 s" in shown
