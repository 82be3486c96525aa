"""Dates, months and windows in the forms bureaus write them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from inspection.registry.reading import Reading, fault, value
from inspection.registry.specification import blanks, plain

_DATE = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)?"
)
_COMPACT = re.compile(r"(?P<y>(?:1[89]|2\d)\d{2})(?P<m>\d{2})(?P<d>\d{2})")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
# Day 0 of a spreadsheet; right from 1900-03-01 on, for Excel counts a 29 February 1900 that never was.
_EPOCH = date(1899, 12, 30)

_POINT = r"(?:(?P<{0}y>\d{{4}})\s*[-/.年]\s*)?(?P<{0}m>\d{{1,2}})\s*(?:[-/.月]\s*(?P<{0}d>\d{{1,2}})\s*日?|月份?)?"
_RANGE = re.compile(
    _POINT.format("a") + r"\s*(?:-|–|—|~|～|至|到|—{2})+\s*" + _POINT.format("b") + r"\s*(?:\(?月份?\)?)?"
)
_WORDS = {
    "全年": (1, 12),
    "上半年": (1, 6),
    "下半年": (7, 12),
    "一季度": (1, 3),
    "二季度": (4, 6),
    "三季度": (7, 9),
    "四季度": (10, 12),
}


def read_date(text: str) -> Reading:
    """A day as ``YYYY-MM-DD``: 2027-12-31, 2027/12/31, 2027年12月31日, 20271231, or a spreadsheet's serial number.

    >>> read_date("2027年2月29日")
    Reading(value=None, code='registers.date.impossible', detail='')
    """
    found = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
    if found:
        try:
            day = date(int(found["y"]), int(found["m"]), int(found["d"]))
        except ValueError:
            return fault("registers.date.impossible")
        return value(day.isoformat())
    if _SERIAL.fullmatch(text) and 367 <= int(float(text)) <= 99_999:
        return value((_EPOCH + timedelta(days=int(float(text)))).isoformat())
    return fault("registers.date.unreadable")


def read_month(text: str, year: int) -> Reading:
    """A month of the plan's year as ``YYYY-MM``: 2027-04, 2027年4月, 4月, 4, or a day in it; None when blank."""
    word = plain(text)
    if word in blanks():
        return value(None)
    if re.fullmatch(r"\d{6}", word):
        word = f"{word[:4]}-{word[4:]}"
    found = re.fullmatch(r"(?:(\d{4})[-/.年])?(\d{1,2})(?:月份?|月初|月底)?", word)
    if found:
        return _month(int(found[1] or year), int(found[2]), year)
    day = read_date(text.strip())
    if day.value is None:
        return day if day.code == "registers.date.impossible" else fault("registers.window.unreadable")
    return _month(int(day.value[:4]), int(day.value[5:7]), year)


def read_window(text: str, year: int) -> Reading:
    """First and last month, joined by ';', of a window such as 4月—6月, 2027-03-01至2027-11-30, 7至11月 or 上半年.

    >>> read_window("3月1日至12月1日", 2027)
    Reading(value='2027-03;2027-12', code=None, detail='')
    """
    word = plain(text)
    if word in blanks():
        return value(None)
    named = re.fullmatch(r"(?:(\d{4})年)?第?(全年|[上下]半年|[一二三四]季度)", word)
    if named:
        first, last = _WORDS[named[2]]
        return _window(_month(int(named[1] or year), first, year), _month(int(named[1] or year), last, year))
    before = re.fullmatch(r"(?:(\d{4})年)?(\d{1,2})月(?:\d{1,2}日|底)?(?:前|之前|以前)", word)
    if before:
        return _window(_month(int(before[1] or year), 1, year), _month(int(before[1] or year), int(before[2]), year))
    single = read_month(text, year)
    if single.code != "registers.window.unreadable":
        return _window(single, single)
    return _range(word, year)


def _range(word: str, year: int) -> Reading:
    found = _RANGE.fullmatch(word)
    if not found:
        return fault("registers.window.unreadable")
    for mark in ("a", "b"):
        if found[mark + "d"] and not _exists(
            int(found[mark + "y"] or year), int(found[mark + "m"]), int(found[mark + "d"])
        ):
            return fault("registers.date.impossible")
    first_year = int(found["ay"] or year)
    # "2026年1月—11月": the second year is the first one's.
    last_year = int(found["by"] or found["ay"] or year)
    first, last = _month(first_year, int(found["am"]), year), _month(last_year, int(found["bm"]), year)
    return _window(first, last)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _month(found: int, month: int, year: int) -> Reading:
    if not 1 <= month <= 12:
        return fault("registers.date.impossible")
    if found != year:
        return fault("registers.window.year", str(year))
    return value(f"{found:04}-{month:02}")


def _window(first: Reading, last: Reading) -> Reading:
    for part in (first, last):
        if part.code is not None:
            return part
    return value(f"{first.value};{last.value}")
