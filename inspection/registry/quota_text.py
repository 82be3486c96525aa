"""How many firms a task takes: a number, or a ratio, in the forms bureaus write them.

A count is canonical as its digits, a ratio as an exact fraction ``numerator/denominator``.
"""

from __future__ import annotations

import re
from fractions import Fraction

from inspection.registry.reading import Reading, fault, value
from inspection.registry.specification import blanks, plain

_AT_LEAST = r"(?:不低于|不少于|不得低于|不得少于|抽查比例不低于|全年抽查比例不低于|≥|>=|≧)?"
_COUNT = re.compile(rf"{_AT_LEAST}(\d+)(?:\.0+)?(?:户|家|个|户次|家次)?(?:以上)?")
_UNIT_COUNT = re.compile(rf"{_AT_LEAST}(\d+)(?:户|家|个|户次|家次)(?:以上)?")
_PERCENT = re.compile(rf"{_AT_LEAST}(\d+(?:\.\d+)?)([%‰])(?:以上)?")
_DECIMAL = re.compile(r"0?\.\d+")


def read_count(text: str) -> Reading:
    """A number of firms: 5, 5户, 20家, 不少于5户; at least 1.

    >>> read_count("5 户")
    Reading(value='5', code=None, detail='')
    """
    word = plain(text).replace(",", "")
    if word in blanks():
        return value(None)
    found = _COUNT.fullmatch(word)
    if not found:
        return fault("registers.count.unreadable")
    return value(str(int(found[1]))) if int(found[1]) else fault("registers.count.zero")


def read_ratio(text: str) -> Reading:
    """A ratio: 5%, 2‰, 0.05, 不低于5%; above 0 and at most 1. A bare 5 may be 5 % or 500 %: it is refused.

    >>> read_ratio("5%").value, read_ratio("5").code
    ('1/20', 'registers.ratio.bare')
    """
    word = plain(text)
    if word in blanks():
        return value(None)
    found = _PERCENT.fullmatch(word)
    if found:
        return _ratio(Fraction(found[1]) / (100 if found[2] == "%" else 1000))
    if _DECIMAL.fullmatch(word):
        return _ratio(Fraction(word))
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return fault("registers.ratio.bare")
    return fault("registers.ratio.unreadable")


def read_percent(text: str) -> Reading:
    """A ratio under a header that says per cent: 5 is 5 %."""
    word = plain(text)
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return _ratio(Fraction(word) / 100)
    return read_ratio(text)


def read_quota(text: str) -> Reading:
    """Either, under a header that says both: ``count:5`` or ``ratio:1/20``; a count needs its 户 or 家."""
    word = plain(text)
    if word in blanks():
        return value(None)
    if _UNIT_COUNT.fullmatch(word):
        read = read_count(text)
        return value(f"count:{read.value}") if read.value else read
    read = read_ratio(text)
    return value(f"ratio:{read.value}") if read.value else read


def _ratio(ratio: Fraction) -> Reading:
    if not 0 < ratio <= 1:
        return fault("registers.ratio.range")
    return value(f"{ratio.numerator}/{ratio.denominator}")
