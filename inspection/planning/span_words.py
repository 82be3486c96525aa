"""Months as runs, in words."""

from __future__ import annotations

from collections.abc import Sequence

from inspection.errors import Language, message


def spans(names: Sequence[str], months: Sequence[int], language: Language) -> str:
    """Months, given by position, as runs: 2027-03 至 2027-06, 2027-09."""
    runs: list[list[int]] = []
    for month in sorted(months):
        if runs and month == runs[-1][-1] + 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(
        names[run[0]] if len(run) == 1 else message("shortage.span", language, first=names[run[0]], last=names[run[-1]])
        for run in runs
    )
