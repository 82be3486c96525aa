"""Whether a record a receiver got has the form its adapter's table promises; written apart from the mapping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from inspection.publish.adapters import Adapter, FieldRule
from inspection.publish.facts import known_facts


def body_faults(adapter: Adapter, kind: str, action: str, body: Any) -> tuple[str, ...]:
    """Every field of a body that is missing, unknown or malformed; nothing for a body as it should be."""
    if not isinstance(body, Mapping):
        return ("the body is no object",)
    if kind in adapter.kinds:
        rule = adapter.kinds[kind]
        keys = rule.key if action == "d" else None
        return tuple(_faults(adapter, rule.fields, body, keys, ""))
    if kind in adapter.everything:
        unknown = sorted(set(body) - set(known_facts()[kind].facts))
        return tuple(f"{name}: unknown" for name in unknown)
    return (f"{adapter.name} has no records of kind {kind}",)


def _faults(
    adapter: Adapter, fields: Sequence[FieldRule], body: Mapping[str, Any], keys: Sequence[str] | None, place: str
) -> Iterator[str]:
    for name in sorted(set(body) - {field.name for field in fields}):
        yield f"{place}{name}: unknown"
    for field in fields:
        must = field.required and (keys is None or field.name in keys)
        value = body.get(field.name)
        if value in (None, "", []):
            if must:
                yield f"{place}{field.name}: missing"
        elif field.rows:
            yield from _row_faults(adapter, field, value, f"{place}{field.name}")
        elif fault := _value_fault(adapter, field, value):
            yield f"{place}{field.name}: {fault}"


def _row_faults(adapter: Adapter, field: FieldRule, value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        yield f"{place}: no list of rows"
        return
    for number, row in enumerate(value, 1):
        yield from _faults(adapter, field.rows, row, None, f"{place}[{number}].")


def _value_fault(adapter: Adapter, field: FieldRule, value: Any) -> str | None:
    if field.join is not None or field.each is not None:
        texts = value.split(field.join) if field.join and isinstance(value, str) else value
        if not isinstance(texts, list) or (field.least is not None and len(texts) < field.least):
            return f"expected at least {field.least or 1} entries"
        return next((fault for each in texts if (fault := _single_fault(adapter, field, each))), None)
    return _single_fault(adapter, field, value)


def _single_fault(adapter: Adapter, field: FieldRule, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return "expected text or a whole number"
    if field.dictionary is not None and value not in adapter.dictionaries[field.dictionary].values.values():
        return f"not in the dictionary {field.dictionary}"
    if field.type == "date" and not _is_day(value):
        return "expected YYYY-MM-DD"
    if field.most is not None and len(str(value)) > field.most:
        return f"longer than {field.most}"
    if field.pattern is not None and not re.fullmatch(field.pattern, str(value), re.ASCII):
        return f"expected {field.pattern}"
    return None


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
