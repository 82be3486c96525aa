"""The word lists of the made-up county, read from data/demo; invented, no register was copied."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

KINDS = {"enterprise": "企业", "household": "个体工商户", "cooperative": "农民专业合作社", "branch": "分支机构"}
"""Kinds of firms in the order of the columns of trades.csv, as registers write them."""

TIERS = ("A", "B", "C", "D")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyKind:
    """An agency every county has: its short code, its name without the county, and how its items read."""

    code: str
    name: str
    item_style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What a firm does: industry code, words for names, how common by kind, and its special registers."""

    industry: str
    word: str
    shop: str
    weights: tuple[int, ...]
    registers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What an agency inspects: the firms meant, who joins, what an officer must hold, how many tasks it makes (1-3)."""

    agency: str
    subject: str
    register: str
    industry: str
    kinds: tuple[str, ...]
    tiers: tuple[str, ...]
    joining: tuple[str, ...]
    qualification: str
    size: int

    def covers(self, trade: Trade) -> bool:
        """Whether firms of a trade are meant, kind and tier aside."""
        return (not self.register or self.register in trade.registers) and trade.industry.startswith(self.industry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """All lists: ``aspects`` by item style, ``places`` and ``words`` as the TOML files have them."""

    agencies: tuple[AgencyKind, ...]
    trades: tuple[Trade, ...]
    matters: tuple[Matter, ...]
    aspects: dict[str, list[str]]
    places: dict[str, Any]
    words: dict[str, Any]


def load_vocabulary() -> Vocabulary:
    """The lists as records."""
    return Vocabulary(
        agencies=tuple(AgencyKind(**row) for row in _rows("agencies.csv")),
        trades=tuple(_trade(row) for row in _rows("trades.csv")),
        matters=tuple(_matter(row) for row in _rows("matters.csv")),
        aspects=_toml("items.toml")["aspects"],
        places=_toml("places.toml"),
        words=_toml("words.toml"),
    )


def _trade(row: dict[str, str]) -> Trade:
    return Trade(
        industry=row["industry"],
        word=row["word"],
        shop=row["shop"],
        weights=tuple(int(row[kind]) for kind in KINDS),
        registers=_list(row["registers"]),
    )


def _matter(row: dict[str, str]) -> Matter:
    return Matter(
        agency=row["agency"],
        subject=row["subject"],
        register=row["register"],
        industry=row["industry"],
        kinds=_list(row["kinds"]),
        tiers=_list(row["tiers"]),
        joining=_list(row["joining"]),
        qualification=row["qualification"],
        size=int(row["size"]),
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("、") if part)


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(name).splitlines()))


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(_text(name))


def _text(name: str) -> str:
    return (resources.files("inspection_data") / "demo" / name).read_text(encoding="utf-8")
