"""What a reader returns."""

from __future__ import annotations

from typing import NamedTuple


class Reading(NamedTuple):
    """A canonical value (None for absent), or the code of a fault and its detail."""

    value: str | None
    code: str | None = None
    detail: str = ""


def value(text: str | None) -> Reading:
    """A value read."""
    return Reading(text)


def fault(code: str, detail: str = "") -> Reading:
    """A fault found; ``detail`` is free of language: a list of codes, a date, a character."""
    return Reading(None, code, detail)
