"""A policy file as text: where each value stands, and values changed with every remark and blank line kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from inspection.rules.policy_faults import KEY, TABLE, Loc, key_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as it is written: its own text from ``start`` to ``end``, and the remark after it on the line."""

    value: str
    remark: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A table's header: the remarks right above it and on its line, and where a further key would be put."""

    remark: str
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """Values and tables of a well-formed policy file by their path; entries of a list of tables are counted from 0."""

    text: str
    values: Mapping[Loc, Written]
    tables: Mapping[Loc, Heading]

    @classmethod
    def read(cls, text: str) -> PolicyText:
        """The places of a text that the TOML parser accepts."""
        values: dict[Loc, Written] = {}
        tables: dict[Loc, Heading] = {}
        counts: dict[Loc, int] = {}
        table: Loc = ()
        above: list[str] = []
        at = 0
        while at < len(text):
            stop = _line_end(text, at)
            line = text[at:stop]
            if header := TABLE.match(line):
                table = _table_path(header, counts)
                tables[table] = Heading(remark="\n".join([*above, _remark(line[header.end(2) :])]).strip(), end=stop)
            elif key := KEY.match(line):
                start, path = at + key.end(), (*table, *key_path(key[1]))
                start += len(text[start:stop]) - len(text[start:stop].lstrip())
                end = value_end(text, start)
                stop = _line_end(text, end)
                values[path] = Written(value=text[start:end], remark=_remark(text[end:stop]), start=start, end=end)
                if table in tables:
                    tables[table] = Heading(remark=tables[table].remark, end=stop)
            above = [*above, _remark(line)] if line.lstrip().startswith("#") else []
            at = stop + 1
        return cls(text=text, values=values, tables=tables)

    def changed(self, values: Mapping[Loc, str | None]) -> str:
        """The text with these values, each written as TOML; None takes a value's line away. Nothing else changes."""
        edits = [edit for path, value in values.items() for edit in self._edit(path, value)]
        text = self.text
        # From the end, so that places before an edit stay where they are; of edits at one place the last comes first.
        for start, end, new in sorted(edits, key=lambda edit: edit[:2], reverse=True):
            text = text[:start] + new + text[end:]
        missing: dict[Loc, list[str]] = {}
        for path, value in values.items():
            if value is not None and path not in self.values and path[:-1] not in self.tables:
                missing.setdefault(path[:-1], []).append(f"{_word(path[-1])} = {value}")
        for table, lines in missing.items():
            head = ".".join(_word(part) for part in table)
            text = text.rstrip("\n") + f"\n\n[{head}]\n" + "\n".join(lines) + "\n"
        return text

    def _edit(self, path: Loc, value: str | None) -> Iterator[tuple[int, int, str]]:
        written = self.values.get(path)
        if written is None:
            if value is not None and path[:-1] in self.tables:
                end = self.tables[path[:-1]].end
                yield end, end, f"\n{_word(path[-1])} = {value}"
        elif value is None:
            start = self.text.rfind("\n", 0, written.start) + 1
            yield start, min(_line_end(self.text, written.end) + 1, len(self.text)), ""
        elif value != written.value:
            gap = len(self.text[written.end :]) - len(self.text[written.end :].lstrip(" "))
            kept = max(1, gap + len(written.value) - len(value)) if written.remark else gap
            yield written.start, written.end + gap, value + " " * kept


def value_end(text: str, start: int) -> int:
    """Where the TOML value that starts there ends: brackets closed, quotes closed, remarks within an array passed."""
    depth, at = 0, start
    while at < len(text):
        sign = text[at]
        if sign in "\"'":
            at = _quote_end(text, at)
            continue
        if sign == "#":
            if not depth:
                break
            at = _line_end(text, at)
            continue
        depth += (sign in "[{") - (sign in "]}")
        if sign == "\n" and not depth:
            break
        at += 1
    return start + len(text[start:at].rstrip())


def _quote_end(text: str, start: int) -> int:
    mark = text[start : start + 3] if text[start : start + 3] in ('"""', "'''") else text[start]
    at = start + len(mark)
    while at < len(text) and not text.startswith(mark, at):
        at += 2 if text[at] == "\\" and mark[0] == '"' else 1
    return at + len(mark)


def _table_path(header: re.Match[str], counts: dict[Loc, int]) -> Loc:
    table = key_path(header[2])
    if header[1] == "[[":
        counts[table] = counts.get(table, -1) + 1
        return (*table, counts[table])
    return table


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _remark(rest: str) -> str:
    """The words after the first # of what follows a value or header."""
    return rest.partition("#")[2].strip().strip("-").strip()


def _word(part: str | int) -> str:
    """A key as TOML writes it."""
    return str(part) if re.fullmatch(r"[A-Za-z0-9_-]+", str(part)) else f'"{part}"'
