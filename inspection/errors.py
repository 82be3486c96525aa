"""One tree of errors; every message exists in Chinese and English and states what to do next."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Literal

Language = Literal["zh", "en"]


@functools.cache
def catalogue() -> dict[str, dict[str, str]]:
    """All messages by code, read once from data/messages/*.toml: ``{code: {"zh": …, "en": …}}``."""
    folder = resources.files("inspection_data") / "messages"
    merged: dict[str, dict[str, str]] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            merged.update(tomllib.loads(file.read_text(encoding="utf-8")))
    return merged


def message(code: str, language: Language, **params: object) -> str:
    """The message of a code with its parameters filled in.

    Raises:
        KeyError: the code is in no file of data/messages (a test asserts that each code used exists).
    """
    return catalogue()[code][language].format(**params)


class InspectionError(Exception):
    """Root of the tree: a code, its parameters, and the message in both languages."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def text(self, language: Language = "zh") -> str:
        """The message in one language."""
        return message(self.code, language, **self.params)

    def __str__(self) -> str:
        return self.text("en")


class InputError(InspectionError):
    """A file or a value handed in cannot be used."""


class RuleError(InspectionError):
    """A policy is contradictory, or the domain says no."""


class DrawError(InspectionError):
    """The draw is refused: order, commitment or reveal is wrong."""


class BeaconError(InspectionError):
    """A party's secret or a public value is missing or malformed."""


class PlanError(InspectionError):
    """The year cannot be planned under the rules."""


class StoreError(InspectionError):
    """The store or workspace is not in the state the step needs."""


class PublishError(InspectionError):
    """Something could not be published or bundled."""
