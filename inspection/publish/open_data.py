"""Public facts as values for pages and files: words for codes, nothing personal, no formulas."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

from inspection.errors import InputError, Language
from inspection.outgoing import Announcement, Kind
from inspection.publish.facts import Fact, known_facts
from inspection.rules.findings import categories

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643-1999: weights of the first 17 digits, modulo 11."""

_FORMULA = re.compile(r"[=+@\t\r]|-(?![0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One kind of record on the site: file name, title, columns of the data and of the page."""

    kind: Kind
    file: str
    zh: str
    en: str
    columns: tuple[Fact, ...]
    page: tuple[Fact, ...]
    rows: Fact | None

    def words(self, language: Language) -> str:
        """Its title."""
        return self.zh if language == "zh" else self.en


@functools.cache
def _table() -> dict[str, Any]:
    file = resources.files("inspection_data") / "adapters" / "website.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@functools.cache
def sections() -> tuple[Section, ...]:
    """The sections of the site in order.

    Raises:
        ValueError: the table shows a fact that is not public; a test sees to it that ours does not.
    """
    return tuple(_section(kind, stated) for kind, stated in _table().items() if kind not in ("words", "text"))


def _section(kind: Any, stated: Mapping[str, Any]) -> Section:
    facts = known_facts()[kind].facts
    hidden = [name for name in (*stated["columns"], *stated["page"]) if facts[name] not in known_facts()[kind].public]
    if hidden:
        raise ValueError(f"website.toml: {kind}: not public: {', '.join(hidden)}")
    columns, page = (tuple(facts[name] for name in stated[where]) for where in ("columns", "page"))
    rows = facts[stated["rows"]] if "rows" in stated else None
    return Section(
        kind=kind, file=stated["file"], zh=stated["zh"], en=stated["en"], columns=columns, page=page, rows=rows
    )


def text(name: str, language: Language) -> str:
    """A word of the pages."""
    return str(_table()["text"][name][language])


def shown(fact: Fact, value: Any, facts: Mapping[str, Any], language: Language) -> str:
    """A value as people read it: words for codes, a list joined, identity numbers masked."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ("、" if language == "zh" else ", ").join(shown(fact, each, facts, language) for each in value)
    if fact.dictionary == "result":
        return result_words(str(value), facts, language)
    words = _table()["words"].get(fact.name, {}).get(value)
    return mask(str(value)) if words is None else str(words[language == "en"])


def result_words(code: str, facts: Mapping[str, Any], language: Language) -> str:
    """The label of a result in the list its codes are of; a code that is in no list stays as it is."""
    try:
        found = categories(str(facts.get("categories") or "gsxt")).by_code.get(code)
    except InputError:
        found = None
    return mask(code) if found is None else found.words(language)


def row_words(fact: Fact, row: Mapping[str, Any], facts: Mapping[str, Any], language: Language) -> str:
    """The name of a row and what is said of it: an item and its result, a figure and its part of the whole."""
    said = {name: shown(each, row.get(name), facts, language) for name, each in fact.fields.items()}
    if "result" in said:
        return f"{said['item_name'] or said['item']}：{said['result']}"
    return f"{said['figure']}：{said['part']} / {said['whole']}"


def columns_told(section: Section) -> Iterator[tuple[str, str, str]]:
    """Every column of a section's files with what it means, in Chinese and in English."""
    yield "record", text("record", "zh"), text("record", "en")
    for fact in section.columns:
        if fact is section.rows:
            yield from ((each.name, each.zh, each.en) for each in fact.fields.values())
            if "result" in fact.fields:
                yield "result_name", "检查结果（文字）", "result in words"
        else:
            yield fact.name, fact.zh, fact.en


def public_record(section: Section, announced: Announcement) -> dict[str, Any]:
    """What the JSON of a record holds: public facts alone, results with their words."""
    record: dict[str, Any] = {"record": announced.record}
    for fact in section.columns:
        value = announced.payload.get(fact.name)
        if value in (None, "", []):
            continue
        if fact is section.rows and isinstance(value, list):
            record[fact.name] = [_public_row(fact, row, announced.payload) for row in value]
        elif isinstance(value, list):
            record[fact.name] = [mask(str(each)) for each in value]
        else:
            record[fact.name] = mask(value) if isinstance(value, str) else value
    return record


def _public_row(fact: Fact, row: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        name: mask(v) if isinstance(v := row.get(name), str) else v for name in fact.fields if row.get(name) is not None
    }
    if "result" in found:
        found["result_name"] = result_words(str(row["result"]), facts, "zh")
    return found


def header(section: Section) -> list[str]:
    """Columns of the CSV; those of the rows stand in the place of the list."""
    names = ["record"]
    for fact in section.columns:
        names += _row_names(fact) if fact is section.rows else [fact.name]
    return names


def _row_names(fact: Fact) -> list[str]:
    return [*fact.fields, *(["result_name"] if "result" in fact.fields else [])]


def csv_rows(section: Section, record: Mapping[str, Any]) -> Iterator[list[str]]:
    """The lines of one record: one for each of its rows, at least one."""
    rows = record.get(section.rows.name, []) if section.rows is not None else []
    for row in rows or [{}]:
        line = [str(record["record"])]
        for fact in section.columns:
            if fact is section.rows:
                line += [_cell(row.get(name)) for name in _row_names(fact)]
            else:
                line.append(_cell(record.get(fact.name)))
        yield line


def _cell(value: Any) -> str:
    """A cell no spreadsheet takes for a formula."""
    if value is None:
        return ""
    told = "、".join(map(str, value)) if isinstance(value, list) else str(value)
    return "'" + told if _FORMULA.match(told) else told


def mask(value: str) -> str:
    """The text with every number of an identity card in it hidden but for region and last digit.

    A credit code of 18 digits that happens to pass for one is masked too: of two faults this is the smaller.

    >>> mask("法定代表人 11010519491231002X")
    '法定代表人 110105***********X'
    """
    return re.sub(
        r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])",
        lambda found: _masked(found[0]) if _is_identity(found[0]) else found[0],
        value,
    )


def _masked(number: str) -> str:
    return number[:6] + "*" * 11 + number[-1]


def _is_identity(number: str) -> bool:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(ID_WEIGHTS, number, strict=False))
    return born.year >= 1900 and "10X98765432"[total % 11] == number[17].upper()
