"""Cases side by side on the screen: figures with their change against the first column, shortages in full below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from inspection.documents.figures import count, floor_percent, percent, phrase
from inspection.documents.line_breaks import wrap
from inspection.errors import Language
from inspection.model import Share, TierChance
from inspection.rules.consequences import AgencyYear, Case, Consequences, Figure, figures

WIDEST = 140
MOST_AGENCIES = 8

Cells = tuple[Text, ...]


def render_comparison(title: str, cases: Sequence[Case], language: Language = "zh") -> RenderableType:
    """What ``rich`` prints: the first case is what the others are compared with.

    Cases that do not fit beside each other follow in further tables, the first case repeated.
    """
    return ComparisonScreen(title=title, cases=tuple(cases), language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonScreen:
    """Cases that render themselves."""

    title: str
    cases: tuple[Case, ...]
    language: Language

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the cases out for the width of the console."""
        width = min(options.max_width, WIDEST)
        yield Text(self.title, style="bold")
        yield Text("=" * width, style="dim")
        for table in self._tables(console, options, width):
            yield table
            yield Text("")
        yield Group(*(Text(wrap(line, width)) for case in self.cases[1:] for line in _changes(case, self.language)))
        for case in self.cases:
            if case.consequences is None:
                yield Text(phrase("compare.impossible", self.language, name=case.name), style="bold red")
                for line in case.shortage[self.language].splitlines():
                    yield Text(_indented(line, width))

    def _tables(self, console: Console, options: ConsoleOptions, width: int) -> Iterator[Table]:
        """As many cases beside the first as fit; those that cannot be are told below instead."""
        first, *others = self.cases
        left = [case for case in others if case.consequences is not None]
        while True:
            beside = max(1, len(left))
            while beside > 1 and _width(console, options, self._side(first, left[:beside])) > width:
                beside -= 1
            yield self._side(first, left[:beside])
            left = left[beside:]
            if not left:
                return

    def _side(self, first: Case, others: Sequence[Case]) -> Table:
        return _Side(cases=(first, *others), language=self.language).table()


def _width(console: Console, options: ConsoleOptions, table: Table) -> int:
    """Cells the table would like to have."""
    return Measurement.get(console, options.update(max_width=10_000), table).maximum


def _indented(line: str, width: int) -> str:
    """The line wrapped, its indent on every line."""
    indent = " " * (len(line) - len(line.lstrip()))
    return "\n".join(indent + part for part in wrap(line.strip(), width - len(indent)).splitlines())


def _changes(case: Case, language: Language) -> Iterator[str]:
    """What was changed, and what of it these figures cannot show."""
    join = phrase("list", language)
    yield phrase("compare.changes", language, name=case.name, changes=join.join(case.changes) or "–")
    if case.unseen:
        yield "  " + phrase("compare.unseen", language, settings=join.join(case.unseen))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One table: the first case and some of the others."""

    cases: tuple[Case, ...]
    language: Language

    def table(self) -> Table:
        """A row per figure, per tier, and per agency that is busiest or changes most."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        for _ in self.cases:
            table.add_column(justify="right", no_wrap=True)
        table.add_row("", *(Text(case.name, style="bold") for case in self.cases))
        for figure in figures():
            table.add_row(phrase(f"figure.{figure.name}", self.language), *self._figure(figure))
        table.add_row()
        table.add_row(Text(phrase("screen.tiers", self.language), style="bold"))
        for tier in _names(self.cases):
            table.add_row(f"  {tier}", *self._tier(tier))
        table.add_row()
        table.add_row(Text(phrase("compare.agencies", self.language), style="bold"))
        agencies = _agencies(self.cases)
        for agency, name in agencies[:MOST_AGENCIES]:
            table.add_row(f"  {name}", *self._agency(agency))
        if len(agencies) > MOST_AGENCIES:
            rest = phrase("compare.rest", self.language, count=len(agencies) - MOST_AGENCIES)
            table.add_row(Text(f"  {rest}", style="dim"))
        return table

    def _figure(self, figure: Figure) -> Cells:
        values = [None if case.consequences is None else figure.value(case.consequences) for case in self.cases]
        return tuple(_cell(value, values[0] if place else None) for place, value in enumerate(values))

    def _tier(self, tier: str) -> Cells:
        """Mean chance, and the range over pools."""
        texts = []
        for case in self.cases:
            found = _tier_of(case.consequences, tier)
            texts.append(f"{percent(found.mean)} {_range(found)}" if found else "–")
        return _marked(texts)

    def _agency(self, agency: str) -> Cells:
        """Officer-visits of the year, and the highest month's share of what its officers can do."""
        texts = []
        for case in self.cases:
            found = _year_of(case.consequences, agency)
            if found is None:
                texts.append("–")
                continue
            load = f"{float(found.highest.ratio):.0%}"
            high = phrase("compare.high", self.language, month=int(found.highest.month[5:]), load=load)
            texts.append(f"{count(found.seats)} {high}")
        return _marked(texts)


def _cell(value: int | Fraction | Share | None, before: int | Fraction | Share | None) -> Text:
    """A figure, and by how much it differs from the first case's."""
    if value is None:
        return Text("–", style="dim")
    if isinstance(value, Share):
        change = _points(value.ratio - before.ratio) if isinstance(before, Share) else ""
        return _with_change(floor_percent(value.ratio), change)
    if isinstance(value, Fraction):
        return _with_change(percent(value), _points(value - before) if isinstance(before, Fraction) else "")
    difference = value - before if isinstance(before, int) else 0
    return _with_change(count(value), f"{difference:+,}" if difference else "")


def _range(tier: TierChance) -> str:
    """Lowest and highest chance of the tier's pools, in per cent."""
    return f"[{_short(tier.lowest)}~{_short(tier.highest)}]"


def _short(share: Fraction) -> str:
    """Per cent without the sign, without a decimal from ten on."""
    return f"{float(share * 100):.0f}" if share >= Fraction(1, 10) else percent(share).removesuffix("%")


def _points(difference: Fraction) -> str:
    """A difference of shares in percentage points, two digits where one would show nothing."""
    if not difference:
        return ""
    digits = 1 if abs(difference) >= Fraction(5, 10_000) else 2
    return f"{float(difference * 100):+.{digits}f}"


def _with_change(figure: str, change: str) -> Text:
    return Text(figure) + Text(f" ({change})", style="yellow") if change else Text(figure)


def _marked(texts: Sequence[str]) -> Cells:
    """Texts, those unlike the first in colour."""
    return tuple(Text(text, style="yellow" if text not in (texts[0], "–") else "") for text in texts)


def _names(cases: Sequence[Case]) -> list[str]:
    return list(dict.fromkeys(tier.tier for case in cases if case.consequences for tier in case.consequences.tiers))


def _tier_of(found: Consequences | None, tier: str) -> TierChance | None:
    return next((each for each in found.tiers if each.tier == tier), None) if found else None


def _year_of(found: Consequences | None, agency: str) -> AgencyYear | None:
    return next((each for each in found.agencies if each.agency == agency), None) if found else None


def _agencies(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """Code and name, those whose highest month is fullest in any case first."""
    fullest: dict[tuple[str, str], Fraction] = {}
    for case in cases:
        for year in case.consequences.agencies if case.consequences else ():
            key = year.agency, year.name
            fullest[key] = max(fullest.get(key, Fraction(0)), year.highest.ratio)
    return sorted(fullest, key=lambda key: (-fullest[key], key))
