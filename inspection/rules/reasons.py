"""Reason codes of what happens after a draw, with their words (data/reasons.toml)."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

from inspection.errors import InputError, Language


@functools.cache
def reasons() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Kind of change → code → language → words."""
    text = (resources.files("inspection_data") / "reasons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def reason_words(kind: str, code: str, language: Language) -> str:
    """What a code of a kind of change says; the code itself where a later edition of the file has dropped it."""
    words = reasons().get(kind, {}).get(code)
    return words[language] if words else code


def known_reasons(kind: str, language: Language) -> str:
    """The codes of a kind with their words, one a line."""
    return "\n".join(f"  {code:<14} {words[language]}" for code, words in reasons()[kind].items())


def require_reason(kind: str, code: str) -> None:
    """The code is one of the kind's.

    Raises:
        InputError: it is not; all that are, are listed.
    """
    if code not in reasons()[kind]:
        raise InputError(
            "change.reason", got=code, known_zh=known_reasons(kind, "zh"), known_en=known_reasons(kind, "en")
        )
