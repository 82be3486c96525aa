"""The facts an announcement may state, by kind: names, meaning, who may see them (data/adapters/facts.toml)."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from inspection.errors import Language
from inspection.outgoing import Kind

FactType = Literal["text", "integer", "date", "rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: its name in both languages; ``fields`` are those of each row of a fact of rows."""

    name: str
    zh: str
    en: str
    type: FactType = "text"
    is_public: bool = False
    is_personal: bool = False
    dictionary: str | None = None
    fields: Mapping[str, Fact]

    def words(self, language: Language) -> str:
        """What it is called."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    """The facts of a kind of record; ``title`` names the one people know a record by."""

    kind: Kind
    zh: str
    en: str
    title: str
    facts: Mapping[str, Fact]

    def words(self, language: Language) -> str:
        """What the kind is called."""
        return self.zh if language == "zh" else self.en

    @property
    def public(self) -> tuple[Fact, ...]:
        """The facts the public may see, in order."""
        return tuple(fact for fact in self.facts.values() if fact.is_public and not fact.is_personal)


@functools.cache
def known_facts() -> Mapping[str, KindFacts]:
    """All facts by kind, read once."""
    file = resources.files("inspection_data") / "adapters" / "facts.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return {kind: _as_kind(kind, stated) for kind, stated in table.items()}


def _as_kind(kind: Any, stated: Mapping[str, Any]) -> KindFacts:
    facts = {name: _as_fact(name, each) for name, each in stated["facts"].items()}
    return KindFacts(kind=kind, zh=stated["zh"], en=stated["en"], title=stated["title"], facts=facts)


def _as_fact(name: str, stated: Mapping[str, Any]) -> Fact:
    return Fact(
        name=name,
        zh=stated["zh"],
        en=stated["en"],
        type=stated.get("type", "text"),
        is_public=stated.get("public", False),
        is_personal=stated.get("personal", False),
        dictionary=stated.get("dictionary"),
        fields={field: _as_fact(field, each) for field, each in stated.get("fields", {}).items()},
    )
