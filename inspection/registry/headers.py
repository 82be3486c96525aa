"""Which of a file's columns is which of ours: the header row found, its cells recognised."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inspection.registry.mapping import HeaderMapping
from inspection.registry.specification import Register, plain

SEARCHED_ROWS = 10
"""Titles and remarks may stand above the header, but not more rows than this less one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header row.

    Attributes:
        row: its row number, from 1.
        titles: the user's own headers, in order, as written.
        places: position in ``titles`` of each of our columns that was recognised, derived ones included.
        missing: groups of our columns of which none was found.
    """

    row: int
    titles: tuple[str, ...]
    places: Mapping[str, int]
    missing: tuple[tuple[str, ...], ...]

    @property
    def ignored(self) -> tuple[str, ...]:
        """Their columns that are none of ours."""
        used = set(self.places.values())
        return tuple(title for place, title in enumerate(self.titles) if place not in used and title.strip())


def find_header(rows: Sequence[Sequence[str]], register: Register, mapping: HeaderMapping) -> Header | None:
    """The row among the first ten that names most of our columns, and all needed ones if any row does; None if none."""
    numbered = list(enumerate(rows[:SEARCHED_ROWS], start=1))
    if mapping.header_row is not None:
        numbered = [(number, row) for number, row in numbered if number == mapping.header_row]
    found = [_recognise(number, row, register, mapping) for number, row in numbered]
    named = [header for header in found if header.places]
    return max(named, key=lambda header: (-len(header.missing), len(header.places)), default=None)


def _recognise(number: int, row: Sequence[str], register: Register, mapping: HeaderMapping) -> Header:
    titles = [" ".join(cell.replace("\0", "").split()) for cell in row]
    while titles and not titles[-1]:
        titles.pop()
    places = _mapped(titles, mapping)
    # All exact headers first: 「抽查比例（数量）」 is the quota before it may be 「抽查比例」 with a remark.
    for by_title in (_exact(titles), _without_remarks(titles)):
        for column in register.columns:
            names = [plain(header) for header in column.headers]
            # Columns the mapping leaves out or gives to another are no candidates.
            spots = [by_title[name] for name in names if name in by_title and name not in mapping.columns]
            spot = next((spot for spot in spots if spot not in places.values()), None)
            if column.name not in places and spot is not None:
                places[column.name] = spot
    given = {*places, *mapping.constants}
    missing = tuple(group for group in register.needs if not given & set(group))
    return Header(row=number, titles=tuple(titles), places=places, missing=missing)


def _exact(titles: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, title in enumerate(titles):
        found.setdefault(plain(title), place)
    return found


def _without_remarks(titles: Sequence[str]) -> dict[str, int]:
    """Position by plain title less what stands in brackets: 「成立日期（如 2016-05-18）」."""
    return _exact([re.sub(r"[(（\[【].*?[)）\]】]", "", title) for title in titles])


def _mapped(titles: Sequence[str], mapping: HeaderMapping) -> dict[str, int]:
    words = [plain(title) for title in titles]
    places = {mapping.columns[word]: place for place, word in enumerate(words) if mapping.columns.get(word)}
    for ours, derived in mapping.derived.items():
        if derived.header in words:
            places[ours] = words.index(derived.header)
    return places


def suggestions(header: Header | None, rows: Sequence[Sequence[str]], register: Register) -> str:
    """For each column not found, the headers it is known by and the likeliest of the file's own."""
    titles = header.titles if header else max((tuple(row) for row in rows[:SEARCHED_ROWS]), key=len, default=())
    missing = header.missing if header else register.needs
    free = header.ignored if header else tuple(title for title in titles if title)
    lines = []
    for group in missing:
        known = [name for column in group for name in register.column(column).headers[:4]]
        near = [name for name in free if difflib.get_close_matches(name, known, n=1, cutoff=0.5)][:2]
        lines.append(f"{'/'.join(group)} = {'、'.join(known)}" + (f" (≈ {'、'.join(near)}?)" if near else ""))
    return "; ".join(lines)
