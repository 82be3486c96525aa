"""The registers as data: their columns, the headers bureaus write, the words they use (data/registers)."""

from __future__ import annotations

import functools
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from inspection.registry.settings import RegisterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of ours: how its cells are read and which headers mean it, the preferred one first."""

    name: str
    read: str
    headers: tuple[str, ...]
    example: str = ""
    note: str = ""
    choices: tuple[str, ...] = ()
    width: int = 16
    template: bool = True
    optional: bool = False

    @property
    def header(self) -> str:
        """The header our templates write."""
        return self.headers[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One register: its title, its key columns, and the groups of columns of which one at least must be there."""

    kind: RegisterKind
    title: str
    key: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of a name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)


@functools.cache
def register(kind: RegisterKind) -> Register:
    """The specification of a register, from data/registers/<kind>.toml."""
    table = data_table(kind)
    return Register(
        kind=kind,
        title=table["title"],
        key=tuple(table["key"]),
        needs=tuple(tuple(group) for group in table["needs"]),
        columns=tuple(_column(name, entry) for name, entry in table["column"].items()),
    )


def _column(name: str, entry: Mapping[str, Any]) -> Column:
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    return Column(name=name, **{**entry, **lists})


@functools.cache
def data_table(name: str) -> dict[str, Any]:
    """One TOML file of data/registers, read once."""
    file = resources.files("inspection_data") / "registers" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


_UNSEEN = str.maketrans("", "", "*\u200b\ufeff'\"")


def plain(text: str) -> str:
    """Text as it is compared: half width, upper case, without white space, invisible marks or asterisks.

    >>> plain(" 统一社会\\n信用代码＊ ")
    '统一社会信用代码'
    """
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(folded.split()).translate(_UNSEEN)


@functools.cache
def blanks() -> frozenset[str]:
    """Words that mean an empty cell, as compared by `plain`; '' is one of them."""
    return frozenset(plain(word) for word in data_table("words")["blank"]) | {""}


@functools.cache
def words(table: str) -> Mapping[str, str]:
    """Value by plain word, of one table of words.toml."""
    return {plain(word): value for value, spellings in data_table("words")[table].items() for word in spellings}
