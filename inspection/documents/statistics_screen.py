"""Statistics on the terminal: shares with their verdicts, months, agencies, tiers, what firms bear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from inspection.documents.figures import count, percent, phrase, verdict
from inspection.documents.line_breaks import wrap
from inspection.documents.screen import common_prefix
from inspection.documents.yearly_report import share_text
from inspection.errors import Language
from inspection.rules.work_statistics import Row, Statistics

RATES = ("completion", "on_time", "problems", "follow_up")


def statistics_tables(name: str, found: Statistics, language: Language, width: int) -> Iterator[RenderableType]:
    """What is printed, from top to bottom."""

    def words(key: str, **params: object) -> str:
        return phrase(f"statistics.{key}", language, **params)

    yield Text(wrap(words("title", name=name, period=found.period), width), style="bold")
    yield Text(wrap(words("as_of", day=found.as_of, period=found.period), width), style="dim")
    yield _shares(found, language)
    bears = found.burden
    facts = {each: count(getattr(bears, each)) for each in ("firms", "visits", "repeats", "checks")}
    yield Text(wrap(words("burden.line", **facts, cut=percent(bears.cut.ratio)), width))
    for key, rows in (("month", found.months), ("tier", found.tiers), ("agency", found.agencies)):
        yield _rows(key, rows, language)


def _shares(found: Statistics, language: Language) -> Table:
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)
    for name, share in found.shares.items():
        binds = bool(share.floor)
        mark = f">= {percent(share.floor)} {verdict(share, binds, language)}" if binds else ""
        table.add_row(
            phrase(f"statistics.share.{name}", language),
            share_text(share),
            f"{count(share.part)} / {count(share.whole)}",
            Text(mark, style="" if not binds else "green" if share.is_met else "bold red"),
        )
    return table


def _rows(key: str, rows: Sequence[Row], language: Language) -> Table:
    """Months, tiers or agencies; what all names begin with is left out."""
    heads = ("visits", "owed", "inspected", "disclosed", *RATES)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(phrase(f"statistics.column.{key}", language), overflow="fold")
    for head in heads:
        table.add_column(phrase(f"statistics.short.{head}", language), justify="right", no_wrap=True)
    prefix = common_prefix([row.name for row in rows]) if key == "agency" else ""
    for row in rows:
        made = row.measures
        shares = [share_text(made.shares[each]) for each in RATES]
        numbers = (row.visits, made.owed, made.inspected, made.disclosed)
        table.add_row(row.name.removeprefix(prefix), *map(count, numbers), *shares)
    return table
