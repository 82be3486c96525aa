"""Names of worksheets as Excel allows them: short, unlike each other, free of signs it reserves."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 31
_RESERVED = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def unique_names(wanted: Iterable[str]) -> list[str]:
    """A name for each wanted one, in order: at most 31 UTF-16 units, unique whatever the case, none reserved.

    >>> unique_names(["市场监管局", "市场监管局", "a/b", "A B"])
    ['市场监管局', '市场监管局~2', 'a b', 'A B~2']
    """
    taken: set[str] = {"history"}  # Excel keeps this name for itself
    names: list[str] = []
    for text in wanted:
        name = _allowed(text)
        number = 1
        candidate = name
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{_cut(name, LONGEST - len(str(number)) - 1)}~{number}"
        taken.add(candidate.casefold())
        names.append(candidate)
    return names


def _allowed(text: str) -> str:
    printable = "".join(sign for sign in text.translate(_RESERVED) if sign.isprintable())
    return _cut(printable.strip(" '"), LONGEST).strip(" '") or "-"


def _cut(text: str, units: int) -> str:
    """The longest beginning within so many UTF-16 units: rare characters of names count two."""
    while len(text.encode("utf-16-le")) // 2 > units:
        text = text[:-1]
    return text
