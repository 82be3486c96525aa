"""A policy with some values changed, as ``key=value`` texts name them: for questions, never for the file.

A key is dotted as in the file (``tiers.D.weight``, ``capacity.by_agency.XF.visits_per_day``); a value is written as
there, and quotes may be left out where no other reading is possible (``coverage.floor=6%``).
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from inspection.errors import InputError, Language, RuleError, message
from inspection.rules.policy import Policy, policy_from
from inspection.rules.policy_sections import AgencyCapacity, Section

KeyPath = tuple[str, ...]

FIXED = ("plan", "ceremony", "registers")
"""Tables that say whose plan it is and how it is drawn: another value is another plan, not another consequence."""

DAYS_ONLY = ("gap", "quiet", "calendar", "timetable", "after", "disclosure")
"""Tables that only days of visits depend on."""

MOST_CLOSE = 3
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def changed_policy(policy: Policy, settings: Sequence[str], agencies: Collection[str]) -> Policy:
    """The policy with every setting applied, free of contradictions like any other.

    Args:
        policy: left as it is.
        settings: ``key=value`` each; of two for one key the later counts.
        agencies: codes that ``by_agency`` may name.

    Raises:
        InputError: settings that are no ``key=value``, unknown keys with the closest known ones, unreadable values;
            all of a kind at once.
        RuleError: the values contradict each other.
    """
    pairs = [_pair(text) for text in settings]
    if malformed := [text for text, pair in zip(settings, pairs, strict=True) if pair is None]:
        raise InputError("whatif.setting", settings="; ".join(malformed))
    known = {path: ".".join(path) for path in known_paths(policy, agencies)}
    given = [pair for pair in pairs if pair is not None]
    if unknown := [path for path, _ in given if path not in known]:
        _refuse(unknown, list(known.values()))
    data = policy.canonical()
    data["tiers"] = {row["tier"]: {key: row[key] for key in row if key != "tier"} for row in data["tiers"]}
    for path, value in given:
        _put(data, path, value)
    try:
        return policy_from(data)
    except (InputError, RuleError) as error:
        told = {name: error.params[name] for name in ("faults_zh", "faults_en")}
        raise type(error)("whatif.values", **told) from error


def concerns_days_only(setting: str) -> bool:
    """Whether a well-formed setting changes nothing but the days of visits, which only a timetable shows."""
    path = _path(setting.partition("=")[0].strip())
    return path[0] in DAYS_ONLY or path[-1] in ("visits_per_officer_day", "visits_per_day")


def split_settings(text: str) -> list[str]:
    """The settings of ``key=value,key=value``; commas within brackets, braces or quotes belong to a value.

    >>> split_settings('coverage.floor=6%,quiet.days_of_month=[1,2]')
    ['coverage.floor=6%', 'quiet.days_of_month=[1,2]']
    """
    parts, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        else:
            depth += (sign in "[{") - (sign in "]}")
        if sign in ",，" and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _pair(setting: str) -> tuple[KeyPath, Any] | None:
    """KeyPath and value of ``key=value``; None when it is none."""
    key, sign, text = setting.partition("=")
    if not sign or not key.strip() or not text.strip():
        return None
    return _path(key.strip()), _value(text.strip())


def _path(key: str) -> KeyPath:
    """The parts of a dotted key; a part with a dot in it is quoted, as in the file."""
    try:
        node: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:  # codes in Chinese need no quotes here
        return tuple(part.strip(" \"'") for part in key.split("."))
    parts = []
    while isinstance(node, dict):
        part, node = next(iter(node.items()))
        parts.append(part)
    return tuple(parts)


def _value(text: str) -> Any:
    """The value as TOML reads it, or the bare text."""
    try:
        data = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return text
    return data["value"] if data.keys() == {"value"} else text


def known_paths(policy: Policy, agencies: Collection[str]) -> Iterator[KeyPath]:
    """Every table and key that may be changed: those of the policy's own tiers, and of each agency."""
    for name in Policy.model_fields:
        if name in FIXED:
            continue
        yield (name,)
        section = getattr(policy, name)
        if name == "tiers":
            for tier, rules in policy.tiers.items():
                yield (name, tier)
                yield from ((name, tier, key) for key in type(rules).model_fields)
        elif isinstance(section, Section):
            for key in type(section).model_fields:
                yield (name, key)
                if key == "by_agency":
                    yield from _of_agencies(name, policy, agencies)


def _of_agencies(section: str, policy: Policy, agencies: Collection[str]) -> Iterator[KeyPath]:
    for agency in sorted(agencies):
        place = (section, "by_agency", agency)
        yield place
        if section == "capacity":
            yield from ((*place, key) for key in AgencyCapacity.model_fields)
            yield from ((*place, "months", f"{policy.plan.year}-{month:02d}") for month in range(1, 13))


def _put(data: dict[str, Any], path: KeyPath, value: Any) -> None:
    """The value stands at the path; tables on the way are made where there is none."""
    for part in path[:-1]:
        if not isinstance(data.get(part), dict):
            data[part] = {}
        data = data[part]
    data[path[-1]] = value


def _refuse(unknown: Sequence[KeyPath], known: Sequence[str]) -> None:
    """All keys nobody knows are told, each with the closest ones.

    Raises:
        InputError: always.
    """
    words: dict[str, str] = {}
    for language in LANGUAGES:
        lines = []
        for path in unknown:
            key = ".".join(path)
            close = ", ".join(difflib.get_close_matches(key, known, n=MOST_CLOSE, cutoff=0.6))
            code = "whatif.key.fixed" if path[0] in FIXED else "whatif.key.close" if close else "whatif.key.none"
            lines.append(message(code, language, key=key, close=close))
        words[language] = "\n".join(lines)
    raise InputError("whatif.keys", lines_zh=words["zh"], lines_en=words["en"])
