"""Faults of a policy file in a bureau's words: where (line and key), what was expected, what stands there, remedy."""

from __future__ import annotations

import difflib
import json
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError

from inspection.errors import InputError, Language, message

Loc = tuple[str | int, ...]

_CODES = {
    "missing": "missing",
    "bool_type": "switch",
    "bool_parsing": "switch",
    "string_type": "text",
    "string_too_short": "text",
    "string_too_long": "text",
    "string_pattern_mismatch": "code",
    "literal_error": "choice",
    "greater_than_equal": "at_least",
    "less_than_equal": "at_most",
    "int_type": "whole",
    "int_from_float": "whole",
    "int_parsing": "whole",
    "model_type": "table",
    "dict_type": "table",
    "tuple_type": "tables",
    "frozen_set_type": "list",
    "list": "list",
    "too_short": "no_tiers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFault:
    """One fault: its place, and the message ``policy.problem.<code>`` with its parameters."""

    loc: Loc
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    line: int | None = None

    @property
    def key(self) -> str:
        """The key as a user writes it, entries of a list counted from 1: ``exemptions[1].code``."""
        return key_of(self.loc)

    def text(self, language: Language) -> str:
        """Place and sentence in one language."""
        place = message("policy.place" if self.line else "policy.place_unknown", language, line=self.line, key=self.key)
        return place + message(f"policy.problem.{self.code}", language, **self.params)


def key_of(loc: Loc) -> str:
    """Dotted key of a place in the file."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc if part != "[key]"]
    return "".join(parts).lstrip(".")


def faults_of(error: ValidationError, root: type[BaseModel]) -> Iterator[PolicyFault]:
    """The faults pydantic found, in the order of the model."""
    for found in error.errors(include_url=False):
        loc: Loc = found["loc"]
        context: Mapping[str, Any] = found.get("ctx", {})
        if found["type"] == "extra_forbidden":
            yield _unknown_key(loc, root)
            continue
        code = _CODES.get(found["type"]) or str(context.get("kind", "value"))
        if code == "code" and "0[1-9]" in str(context.get("pattern")):
            code = "month"
        yield PolicyFault(loc=loc, code=code, params=_params(code, found["input"], found["msg"], context))


def _params(code: str, got: object, reason: str, context: Mapping[str, Any]) -> dict[str, object]:
    params: dict[str, object] = {"got": show(got)}
    if code == "value":
        params["reason"] = reason
    if code == "choice":
        params["choices"] = str(context["expected"]).replace("'", '"').replace(" or ", ", ")
    if code in ("at_least", "at_most"):
        params["limit"] = context["ge" if code == "at_least" else "le"]
    return params | {name: value for name, value in context.items() if name == "percent"}


def show(value: object) -> str:
    """A value as TOML would write it, cut to one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 60 else value[:60] + "…", ensure_ascii=False)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(str(name) for name in value)[:60] + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(show(entry) for entry in value)[:60] + "]"
    return str(value)


def _unknown_key(loc: Loc, root: type[BaseModel]) -> PolicyFault:
    known = known_keys(loc[:-1], root)
    close = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.6)
    if close:
        return PolicyFault(loc=loc, code="unknown_key_close", params={"close": close[0]})
    return PolicyFault(loc=loc, code="unknown_key", params={"known": ", ".join(known)})


def known_keys(loc: Loc, root: type[BaseModel]) -> list[str]:
    """Keys the table at a place may hold."""
    model = root
    for part in loc:
        described = model.model_fields.get(str(part))
        if described is not None:
            model = _model_in(described.annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *typing.get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def invalid(faults: Sequence[PolicyFault], file: str, text: str) -> dict[str, object]:
    """Parameters of ``policy.invalid``: every fault in both languages, by line where the text is known."""
    lines = _lines_of_keys(text)
    placed = [
        PolicyFault(loc=fault.loc, code=fault.code, params=fault.params, line=_line_of(fault.loc, lines))
        for fault in faults
    ]
    placed.sort(key=lambda fault: fault.line or 0)
    return {
        "file": file,
        "count": len(placed),
        "faults": tuple(placed),
        "faults_zh": "\n".join("  " + fault.text("zh") for fault in placed),
        "faults_en": "\n".join("  " + fault.text("en") for fault in placed),
    }


def syntax_error(reason: str, text: str, file: str) -> InputError:
    """``policy.syntax`` with the line, its text and the parser's reason."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", reason)
    number = int(found[1]) if found else text.rstrip("\n").count("\n") + 1
    shown = (text.splitlines() or [""])[min(number, len(text.splitlines()) or 1) - 1].strip()[:80]
    return InputError("policy.syntax", file=file, line=number, text=shown, reason=re.sub(r"\s*\(at .*\)", "", reason))


TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


def key_path(dotted: str) -> Loc:
    """The parts of a dotted key, quotes taken off."""
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", dotted))


def _lines_of_keys(text: str) -> dict[Loc, int]:
    """Line of each table and key: a reading aid, the parser has the say."""
    lines: dict[Loc, int] = {}
    table: Loc = ()
    counts: dict[Loc, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := TABLE.match(line):
            table = key_path(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            lines.setdefault(table, number)
        elif key := KEY.match(line):
            lines.setdefault((*table, *key_path(key[1])), number)
    return lines


def _line_of(loc: Loc, lines: Mapping[Loc, int]) -> int | None:
    for length in range(len(loc), 0, -1):
        if found := lines.get(loc[:length]):
            return found
    return None
