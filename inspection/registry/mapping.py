"""Mapping files: a bureau's own headers and words, told once in TOML.

register = "firms"
sheet = "名录"                     header_row = 3          encoding = "gb18030"     (all optional)
confirmed = ["…"]                  codes checked against the licence that look as if a spreadsheet had cut them
[columns]    "主体全称" = "name"    their header = our column; "" leaves theirs out
[constants]  status = "存续"        a value for every row
[values.kind] "法人" = "企业"       their word = ours
[derive.region] from = "信用代码", characters = [3, 8]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspection.errors import InputError
from inspection.registry.settings import RegisterKind
from inspection.registry.specification import plain, register

_KEYS = {"register", "sheet", "header_row", "encoding", "confirmed", "columns", "constants", "values", "derive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A value cut out of one of their columns: characters ``first`` to ``last``, counted from 1."""

    header: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderMapping:
    """What a mapping file says; headers and words are compared by `plain`."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    derived: Mapping[str, Derived] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None


def read_mapping(kind: RegisterKind, path: Path | None) -> HeaderMapping:
    """The mapping file of a register, or an empty one.

    Raises:
        InputError: it cannot be read, or names a key or column that does not exist; the message lists those that do.
    """
    if path is None:
        return HeaderMapping()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError("registers.mapping.unreadable", file=path.name, detail=str(error)) from error
    _check(kind, path.name, table)
    try:
        return _mapping(table)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError("registers.mapping.unreadable", file=path.name, detail=repr(error)) from error


def _mapping(table: Mapping[str, Any]) -> HeaderMapping:
    return HeaderMapping(
        columns={plain(theirs): ours for theirs, ours in table.get("columns", {}).items()},
        constants={ours: str(text) for ours, text in table.get("constants", {}).items()},
        values={
            ours: {plain(theirs): str(word) for theirs, word in pairs.items()}
            for ours, pairs in table.get("values", {}).items()
        },
        derived={
            ours: Derived(
                header=plain(entry["from"]), first=int(entry["characters"][0]), last=int(entry["characters"][1])
            )
            for ours, entry in table.get("derive", {}).items()
            for first, last in [entry["characters"]]
        },
        confirmed=frozenset(str(code) for code in table.get("confirmed", [])),
        sheet=table.get("sheet"),
        header_row=table.get("header_row"),
        encoding=table.get("encoding"),
    )


def _check(kind: RegisterKind, file: str, table: Mapping[str, Any]) -> None:
    if table.get("register", kind) != kind:
        raise InputError("registers.mapping.other", file=file, expected=kind, got=table["register"])
    known = register(kind).names
    named = {
        *(ours for ours in table.get("columns", {}).values() if ours),
        *(ours for part in ("constants", "values", "derive") for ours in table.get(part, {})),
    }
    for wrong, allowed in ((set(table) - _KEYS, sorted(_KEYS)), (named - set(known), known)):
        if wrong:
            raise InputError(
                "registers.mapping.name", file=file, got="、".join(sorted(map(str, wrong))), expected="、".join(allowed)
            )
