"""Codes of GB/T 4754-2017, canonical as section letter and digits: F5211."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from inspection.registry.reading import Reading, fault, value
from inspection.registry.specification import blanks, data_table, plain

_CODE = re.compile(r"([A-T])?(\d{2,4})?(?![0-9A-Z])")


@functools.cache
def _sections() -> Mapping[int, str]:
    ranges = data_table("industry")["divisions"].items()
    return {number: letter for letter, (first, last) in ranges for number in range(first, last + 1)}


@functools.cache
def _names() -> Mapping[str, str]:
    return {plain(name): code for code, names in data_table("industry")["names"].items() for name in names}


def read_industry(text: str) -> Reading:
    """The code with its section letter; a section or division may also be named; '' when blank.

    >>> [read_industry(text).value for text in ("5211", "F5211", "F52-零售业", "餐饮业", "H")]
    ['F5211', 'F5211', 'F52', 'H62', 'H']
    """
    word = plain(text)
    if word in blanks():
        return value("")
    if word in _names():
        return value(_names()[word])
    found = _CODE.match(word)
    if not found or not found.group():
        return fault("registers.industry.unknown")
    letter, digits = found[1], found[2]
    if not digits:
        return value(letter)
    section = _sections().get(int(digits[:2]))
    if section is None or (letter and letter != section):
        return fault("registers.industry.unknown")
    return value(section + digits)
