"""The year on one screen: at most 40 lines, 80 columns or more, readable without colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from inspection.documents.figures import count, floor_percent, one_in, percent, phrase, rule_shares, verdict
from inspection.documents.line_breaks import wrap, wrap_units
from inspection.errors import Language
from inspection.model import AgencyLoad, Share, Summary

LINES = 40
WIDEST = 100
MOST_WARNINGS = 3
SHORTEST = 0.05
"""Seconds below which a step is not worth a place."""
GAP = 3
BLOCKS = " ▏▎▍▌▋▊▉█"
NARROW = 96
"""Below so many columns the officers' range is left out, so that agencies keep their names."""


def render_summary(summary: Summary, language: Language = "zh") -> RenderableType:
    """What ``rich`` prints as the screen a bureau chief reads.

    It adapts to the width of the console (80 columns or more; 100 at most are used). Agencies with little load are
    folded into one line so that the whole stays within 40 lines.
    """
    return SummaryScreen(summary=summary, language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryScreen:
    """A summary that renders itself."""

    summary: Summary
    language: Language

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the parts out for the width of the console."""
        width = min(options.max_width, WIDEST)
        summary, language = self.summary, self.language
        tiers = _tiers(summary, language)
        room = width - Measurement.get(console, options, tiers).maximum - GAP
        middle: RenderableType = _side_by_side(tiers, _months(summary, language, room), width)
        above: list[RenderableType] = [_title(summary, width), *_totals(summary, language, width)]
        above += [_rules(summary, language), Text("")]
        below = list(_foot(summary, language, width))
        parts = [*above, middle, Text("")]
        used = sum(len(console.render_lines(part, options.update(width=width))) for part in [*parts, *below])
        parts.append(_agencies(summary, language, max(2, LINES - used - 2), width))
        yield Group(*parts, *below)


def _title(summary: Summary, width: int) -> Text:
    name = Text(summary.name, style="bold")
    plan = Text(f"{summary.plan}", style="dim")
    gap = width - cell_len(name.plain) - cell_len(plan.plain)
    line = name + Text(" " * max(1, gap)) + plan if gap > 0 else name
    return line + Text("\n" + "=" * width, style="dim")


def _totals(summary: Summary, language: Language, width: int) -> list[Text]:
    firms = phrase(
        "screen.firms",
        language,
        registered=count(summary.firms_registered),
        frame=count(summary.firms_in_frame),
        exempt=count(summary.firms_exempt),
        tasks=count(summary.tasks),
    )
    visits = phrase(
        "screen.visits",
        language,
        visits=count(summary.visits),
        checks=count(summary.checks),
        cut=percent(summary.cut),
        bound=count(summary.visits_bound),
    )
    return [Text(wrap(firms, width)), Text(wrap(visits, width))]


def _rules(summary: Summary, language: Language) -> Table:
    """Coverage and the three joint shares: what is measured, what is asked, the verdict, and of how many."""
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "left", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)
    for words, share, binds in rule_shares(summary, language):
        asked = f">= {percent(share.floor)}" if binds else ""
        part = f"{count(share.part)} / {count(share.whole)}"
        mark = Text(verdict(share, binds, language), style=_mark_style(share, binds))
        table.add_row(words, floor_percent(share.ratio), asked, mark, part)
    return table


def _mark_style(share: Share, binds: bool) -> str:
    if not binds:
        return "dim"
    return "bold green" if share.is_met else "bold red"


def _side_by_side(left: RenderableType, right: RenderableType, width: int) -> Table:
    table = Table.grid(padding=(0, GAP), pad_edge=False)
    table.width = width
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, no_wrap=True)
    table.add_row(left, right)
    return table


def _tiers(summary: Summary, language: Language) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "right", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)
    names = ("tier", "firms", "mean", "one_in", "range")
    table.add_row(*(Text(phrase(f"column.{name}", language), style="dim") for name in names))
    for tier in summary.tiers:
        table.add_row(
            tier.tier,
            count(tier.firms),
            percent(tier.mean),
            one_in(tier.mean, language),
            f"{percent(tier.lowest)} ~ {percent(tier.highest)}",
        )
    return Group(Text(phrase("screen.tiers", language), style="bold"), table)


def _months(summary: Summary, language: Language, width: int) -> RenderableType:
    """Bars at the right edge of the screen: a block is two cells wide in some Chinese terminals."""
    lines = [Text(phrase("screen.months", language), style="bold")]
    most = max((visits for _, visits in summary.visits_per_month), default=0)
    for month, visits in summary.visits_per_month:
        words = phrase("month", language, month=int(month[5:]) if language == "zh" else month)
        head = Text(words.rjust(7 - (cell_len(words) - len(words))) + f" {count(visits):>6} ")
        lines.append(head + Text(_bar(visits, most, max(4, width - cell_len(head.plain) - 1)), style="cyan"))
    return Group(*lines)


def _bar(part: int, whole: int, cells: int) -> str:
    """A bar of at most so many cells, to an eighth of a cell."""
    eighths = round(Fraction(part * cells * 8, whole)) if whole else 0
    return ("█" * (eighths // 8) + BLOCKS[eighths % 8]).rstrip()


def _agencies(summary: Summary, language: Language, rows: int, width: int) -> RenderableType:
    """Two columns of agencies, those with most visits first, the rest in one line."""
    ordered = sorted(summary.agencies, key=lambda load: (-load.visits, load.agency))
    shown = ordered if len(ordered) <= 2 * rows else ordered[: 2 * (rows - 1)]
    prefix = common_prefix([load.name for load in summary.agencies])
    half = -(-len(shown) // 2)
    columns = [_agency_table(part, prefix, language, width) for part in (shown[:half], shown[half:]) if part]
    table = Table.grid(padding=(0, GAP), pad_edge=False)
    table.add_row(*columns)
    parts: list[RenderableType] = [Text(phrase("screen.agencies", language), style="bold"), table]
    rest = ordered[len(shown) :]
    if rest:
        people, visits = sum(load.inspectors for load in rest), sum(load.visits for load in rest)
        words = phrase("screen.rest", language, count=len(rest), people=count(people), visits=count(visits))
        parts.append(Text(words, style="dim"))
    return Group(*parts)


def _agency_table(loads: Sequence[AgencyLoad], prefix: str, language: Language, width: int) -> Table:
    """One line per agency in half the width of the screen."""
    figures = ("people", "visits_short", "load", "each") if width >= NARROW else ("people", "visits_short", "load")
    table = Table.grid(padding=(0, 1))
    table.add_column(width=(width - GAP) // 2 - 7 * len(figures), no_wrap=True, overflow="ellipsis")
    for _ in figures:
        table.add_column(justify="right", no_wrap=True, width=6)
    heads = [phrase(f"column.{name}", language) for name in ("agency", *figures)]
    table.add_row(*(Text(head, style="dim") for head in heads))
    for load in loads:
        filled = Fraction(load.seats, load.seats_available) if load.seats_available else Fraction(0)
        each = f"{load.least_per_inspector}~{load.most_per_inspector}"
        cells = (count(load.inspectors), count(load.visits), f"{float(filled):.0%}", each)
        table.add_row(load.name.removeprefix(prefix), *cells[: len(figures)])
    return table


def common_prefix(names: Sequence[str]) -> str:
    """The division all names begin with, nothing when a name would vanish."""
    found = re.match(r".{1,9}?[县区市旗]", names[0]) if len(names) > 1 else None
    shared = found and all(name.startswith(found[0]) and len(name) > len(found[0]) for name in names)
    return found[0] if found and shared else ""


def _foot(summary: Summary, language: Language, width: int) -> Iterable[Text]:
    days = phrase(
        "screen.days",
        language,
        days=count(summary.officer_days),
        two=count(summary.officer_days_two_towns),
        pair=percent(summary.largest_pair_chance),
    )
    yield Text(wrap(days, width))
    if summary.seconds:
        yield Text(_seconds(summary, language, width), style="dim")
    for warning in summary.warnings[:MOST_WARNINGS]:
        yield Text(wrap(phrase("screen.warning", language, text=warning), width), style="yellow")
    if len(summary.warnings) > MOST_WARNINGS:
        more = len(summary.warnings) - MOST_WARNINGS
        yield Text(phrase("screen.more_warnings", language, count=more), style="yellow")


def _seconds(summary: Summary, language: Language, width: int) -> str:
    """Seconds in all and per step, a step and its figure never apart; steps that took no time are left out."""
    total = sum(seconds for _, seconds in summary.seconds)
    steps = [f"{step} {seconds:.1f}  " for step, seconds in summary.seconds if seconds >= SHORTEST]
    return wrap_units([phrase("screen.seconds", language, total=f"{total:.1f}"), *steps], width)
