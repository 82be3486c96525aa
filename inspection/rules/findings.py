"""Findings: the official result categories with their exact codes, and what a finding is (DOMAIN 2.5).

A finding that was not entered does not exist: nothing here turns its absence into "no problem found".
"""

from __future__ import annotations

import functools
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Literal

from inspection.errors import InputError, Language

Method = Literal["site", "document", "opinion", "test", "network", "entrusted"]
METHODS: Mapping[Method, tuple[str, str]] = {
    "site": ("实地检查", "on site"),
    "document": ("书面检查", "documents"),
    "opinion": ("行政部门检查结果或专业意见", "results or opinions of other authorities"),
    "test": ("检验检测", "testing"),
    "network": ("网络监测", "network monitoring"),
    "entrusted": ("委托专业机构辅助", "assisted by a specialist body"),
}
"""检查方式: code → Chinese, English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One official result: its code, words, and whether it is a problem for the problem rate."""

    code: str
    zh: str
    en: str
    is_problem: bool
    parent: str | None = None
    also: tuple[str, ...] = ()

    def words(self, language: Language) -> str:
        """The label in a language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """A dictionary of results; ``is_confirmed`` only where a site supplied the official one."""

    name: str
    title_zh: str
    title_en: str
    is_confirmed: bool
    clear: str
    by_code: Mapping[str, Category]

    def find(self, text: str) -> Category | None:
        """The category of a code, a label, or both as a list shows them ("1 未发现问题"); None when there is none.

        >>> categories("gsxt").find("５ 发现问题已责令改正").code
        '5'
        """
        return self._known.get(_plain(text))

    def require(self, text: str) -> Category:
        """The category of a code or label.

        Raises:
            InputError: there is none; all that are, are listed.
        """
        found = self.find(text)
        if found is None:
            raise InputError("findings.result.unknown", value=text, detail=self.listed("zh"))
        return found

    def listed(self, language: Language) -> str:
        """All categories in order, with their codes."""
        return "；".join(f"{each.code} {each.words(language)}" for each in self.by_code.values())

    @property
    def _known(self) -> Mapping[str, Category]:
        return _spellings(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """检查结果 of one item at one visit, as handed in by one agency."""

    draw: str
    visit: str
    agency: str
    item: str
    result: str
    found_on: date
    method: Method = "site"
    note: str = ""
    disposal: str = ""


def dictionaries() -> tuple[str, ...]:
    """Names of the dictionaries there are."""
    folder = resources.files("inspection_data") / "results"
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml")))


@functools.cache
def categories(name: str) -> Categories:
    """The dictionary of a name, from data/results.

    Raises:
        InputError: there is none.
    """
    if name not in dictionaries():
        raise InputError("findings.dictionary", got=name, known=", ".join(dictionaries()))
    file = resources.files("inspection_data") / "results" / f"{name}.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    found = {
        code: Category(
            code=code,
            zh=entry["zh"],
            en=entry["en"],
            is_problem=entry["problem"],
            parent=entry.get("parent"),
            also=tuple(entry.get("also", ())),
        )
        for code, entry in table["result"].items()
    }
    return Categories(
        name=name,
        title_zh=table["title_zh"],
        title_en=table["title_en"],
        is_confirmed=table["confirmed"],
        clear=table["clear"],
        by_code=found,
    )


@functools.cache
def _spellings(name: str) -> Mapping[str, Category]:
    """Category by every way a cell may say it."""
    known: dict[str, Category] = {}
    for each in categories(name).by_code.values():
        for text in (each.code, each.zh, each.en, f"{each.code}{each.zh}", f"{each.code}{each.en}", *each.also):
            known.setdefault(_plain(text), each)
    return known


def method_of(text: str) -> Method | None:
    """The method of a code or of its words; on site where nothing is said, None for a word nobody knows."""
    word = _plain(text)
    if not word:
        return "site"
    for code, names in METHODS.items():
        if word in {_plain(each) for each in (code, *names)}:
            return code
    return None


def _plain(text: str) -> str:
    """Half width, without spaces and case."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
