"""Lines of Chinese and English: broken between characters of the one, between words of the other."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import cell_len

_UNIT = re.compile(r"(?:[（「『(]*(?:[\x21-\x7e]+|[^\x21-\x7e\s]))[，。、；：）」』！？]*|\s+")


def wrap(text: str, width: int) -> str:
    """The text in lines of at most ``width`` cells; no line begins with a comma or a closing bracket.

    >>> print(wrap("放假安排尚未公布，暂按周一至周五为工作日", 18))
    放假安排尚未公布，
    暂按周一至周五为工
    作日
    """
    return wrap_units(_UNIT.findall(text), width)


def wrap_units(units: Iterable[str], width: int) -> str:
    """Units that stay whole, in lines of at most ``width`` cells (a wider unit has a line of its own)."""
    lines, line = [], ""
    for unit in units:
        if line and cell_len(line + unit.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += unit if line else unit.lstrip()
    return "\n".join([*lines, line.rstrip()])
