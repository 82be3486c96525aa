"""Four pictures of an audit as PNG, in a font that has every character they need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inspection.errors import Language
from inspection.history.examine import Audit
from inspection.history.multiple import Judgement
from inspection.history.place_tests import FEWEST, spectrum
from inspection.history.words import word

FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei", "SimHei", "Noto Sans CJK JP", "Arial Unicode MS", "DejaVu Sans",
)  # fmt: skip
"""Tried in this order."""

MOST = 40
"""Towns or inspectors in one picture."""

_SEEN, _CHANCE, _ALARM = "#1f4e79", "#c9d8e8", "#c00000"


class NoFontError(Exception):
    """No font here shows all characters needed."""


def draw_plots(audit: Audit, folder: Path, language: Language) -> list[Path]:
    """The pictures that the history allows are in the folder.

    Raises:
        ImportError: matplotlib is not installed.
        NoFontError: no font shows the names of towns and inspectors.
    """
    import matplotlib

    matplotlib.use("Agg")
    makers: list[tuple[str, Callable[[Any, Audit, Language], bool]]] = [
        ("towns", _towns), ("inspectors", _inspectors), ("places", _places), ("chances", _chances)
    ]  # fmt: skip
    with matplotlib.rc_context({"font.family": font_for(_texts(audit, language)), "axes.unicode_minus": False}):
        return [path for name, maker in makers if (path := _picture(folder / f"{name}.png", maker, audit, language))]


def font_for(text: str) -> str:
    """The first font of the list that is installed and has every character of the text; NoFontError otherwise."""
    from matplotlib import font_manager

    installed = {entry.name: entry for entry in font_manager.fontManager.ttflist}
    needed = {ord(sign) for sign in text if sign.isprintable() and not sign.isspace()}
    for name in FONTS:
        if name in installed:
            face = font_manager.get_font(installed[name].fname)
            if needed <= face.get_charmap().keys():
                return name
    raise NoFontError


def _texts(audit: Audit, language: Language) -> str:
    names = ("towns", "inspectors", "places", "chances", "frequency", "power", "threshold", "expected", "seen", "count")
    labels = [word(f"plot.{name}", language, n=MOST) for name in names]
    shown = [part for family in ("town", "load") for one in _largest(audit, family) for part in one.deviation.subject]
    return "".join([*labels, *shown, *(past.name for past in audit.history.draws)])


def _picture(
    path: Path, maker: Callable[[Any, Audit, Language], bool], audit: Audit, language: Language
) -> Path | None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 5.2), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    if not maker(axes, audit, language):
        return None
    figure.savefig(path, metadata={"Software": "open-draw"})
    return path


def _largest(audit: Audit, family: str) -> list[Judgement]:
    """The judgements of a family furthest from chance, at most 40, by subject."""
    own = [one for one in audit.judgements if one.family == family][:MOST]
    return sorted(own, key=lambda one: one.deviation.subject)


def _bars(axes: Any, shown: Sequence[Judgement], title: str, language: Language) -> bool:
    """Expected counts as bars, seen ones as dots, alarms red."""
    if not shown:
        return False
    places, labels = range(len(shown)), [one.deviation.subject[0] for one in shown]
    axes.bar(places, [one.deviation.expected for one in shown], color=_CHANCE, width=0.7)
    colours = [_ALARM if one.is_alarm else _SEEN for one in shown]
    axes.scatter(places, [one.deviation.seen for one in shown], color=colours, zorder=3, s=26)
    slanted = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"} if len(shown) > 8 else {}
    axes.set_xticks(places, labels, **slanted)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_ylabel(word("plot.count", language))
    axes.set_ylim(bottom=0)
    axes.set_title(title, fontsize=11)
    return True


def _towns(axes: Any, audit: Audit, language: Language) -> bool:
    return _bars(axes, _largest(audit, "town"), word("plot.towns", language), language)


def _inspectors(axes: Any, audit: Audit, language: Language) -> bool:
    shown = _largest(audit, "load")
    return _bars(axes, shown, word("plot.inspectors", language, n=len(shown)), language)


def _places(axes: Any, audit: Audit, language: Language) -> bool:
    """The spectrum of each draw over the length of its periods, with the height at which an alarm would begin."""
    draws = [past for past in audit.history.draws if FEWEST <= len(past.drawn) < len(past.firms)]
    tested = sum(1 for family in audit.families if family.tests)
    if not draws:
        return False
    for past in draws:
        power = spectrum(past)
        periods = len(past.firms) / np.arange(1, len(power) + 1)
        axes.plot(periods, power, linewidth=0.7, label=past.name)
    longest = max(len(past.firms) for past in draws)
    level = math.log(longest / 2 * len(draws) * tested / audit.asked.level)
    axes.axhline(level, color=_ALARM, linestyle="--", linewidth=1, label=word("plot.threshold", language))
    axes.set_xscale("log")
    axes.set_xlabel(word("plot.frequency", language))
    axes.set_ylabel(word("plot.power", language))
    axes.set_title(word("plot.places", language), fontsize=11)
    if len(draws) <= 12:
        axes.legend(fontsize=7, frameon=False)
    return True


def _chances(axes: Any, audit: Audit, language: Language) -> bool:
    """Chances of all tests against what as many uniform ones would be; those not listed count as 1."""
    total = sum(family.tests for family in audit.families)
    chances = sorted(max(one.deviation.chance, 1e-16) for one in audit.judgements)
    if not chances:
        return False
    expected = -np.log10((np.arange(len(chances)) + 0.5) / max(total, len(chances)))
    alarms = {id(one) for one in audit.alarms}
    ordered = sorted(audit.judgements, key=lambda one: one.deviation.chance)
    colours = [_ALARM if id(one) in alarms else _SEEN for one in ordered]
    axes.scatter(expected, -np.log10(chances), s=9, color=colours)
    most = float(expected.max())
    axes.plot([0, most], [0, most], color="#888888", linestyle="--", linewidth=1)
    axes.set_xlabel(word("plot.expected", language))
    axes.set_ylabel(word("plot.seen", language))
    axes.set_title(word("plot.chances", language), fontsize=11)
    return True
