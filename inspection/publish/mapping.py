"""From the facts of an announcement to another system's record, by an adapter's table; all faults told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta, timezone
from typing import Any

from inspection.errors import Language, PublishError, message
from inspection.outgoing import Announcement
from inspection.publish.adapters import Adapter, FieldRule, KindRule

CHINA = timezone(timedelta(hours=8))
"""Official time, in which other systems state points in time."""

Faults = list[tuple[str, dict[str, Any]]]
"""Codes of data/messages/publish.toml with their parameters."""


def map_record(adapter: Adapter, announced: Announcement, batch: str) -> dict[str, Any]:
    """Their record of what is announced; absent facts that are not required are left out.

    Raises:
        PublishError: facts are missing or do not fit the fields; every fault is named.
    """
    if announced.kind not in adapter.kinds:
        if announced.kind in adapter.everything:
            return dict(announced.payload)
        raise PublishError("publish.mapping.kind", adapter=adapter.name, kind=announced.kind)
    rule = adapter.kinds[announced.kind]
    faults: Faults = []
    record = _Mapper(adapter, rule, announced, batch, faults).record()
    faults.extend(_broken(rule, record))
    if faults:
        told = {f"faults_{language}": _told(faults, language) for language in ("zh", "en")}
        raise PublishError("publish.mapping.faults", key=announced.key, adapter=adapter.name, **told)
    return record


def _told(faults: Faults, language: Language) -> str:
    return "; ".join(message(code, language, **params) for code, params in faults)


class _Mapper:
    """One announcement on its way through a table."""

    def __init__(self, adapter: Adapter, rule: KindRule, announced: Announcement, batch: str, faults: Faults) -> None:
        self._adapter, self._rule, self._announced, self._faults = adapter, rule, announced, faults
        self._special: Mapping[str, str] = {
            "$record": announced.record,
            "$action": announced.action,
            "$batch": batch,
            "$key": announced.key,
            "$announced_at": announced.announced_at.astimezone(CHINA).isoformat(sep=" ", timespec="seconds")[:19],
        }

    def record(self) -> dict[str, Any]:
        """The fields that have a value, in the table's order."""
        return self._mapped(self._rule.fields, self._announced.payload, 0, "")

    def _mapped(self, fields: Sequence[FieldRule], facts: Mapping[str, Any], number: int, place: str) -> dict[str, Any]:
        record = {}
        for field in fields:
            where = f"{place}{field.label or field.name}"
            value = self._value(field, facts, number, where)
            if value in (None, "", []):
                if self._must(field, place):
                    self._fault("missing", where, fact=field.from_)
                continue
            record[field.name] = value
        return record

    def _must(self, field: FieldRule, place: str) -> bool:
        is_key = not place and field.name in self._rule.key
        return field.required and (is_key or self._announced.action != "d")

    def _value(self, field: FieldRule, facts: Mapping[str, Any], number: int, where: str) -> Any:
        if field.value is not None:
            return field.value
        source = field.from_ or ""
        if source == "$number":
            return number
        value = self._special[source] if source.startswith("$") else facts.get(source)
        if value is None:
            return None
        if field.rows:
            return self._rows(field, value, where)
        if field.each is not None or isinstance(value, list):
            return self._list(field, value, where)
        return self._one(field, value, where)

    def _rows(self, field: FieldRule, value: Any, where: str) -> Any:
        if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
            self._fault("rows", where, got=_shown(value))
            return None
        return [self._mapped(field.rows, row, number, f"{where} {number} ") for number, row in enumerate(value, 1)]

    def _list(self, field: FieldRule, value: Any, where: str) -> Any:
        if not isinstance(value, list):
            self._fault("list", where, got=_shown(value))
            return None
        if field.each is not None:
            value = [row.get(field.each) for row in value if isinstance(row, Mapping) and row.get(field.each)]
        found = [self._one(field, each, where) for each in value]
        if field.distinct:
            found = list(dict.fromkeys(found))
        if field.least is not None and len(found) < field.least and self._announced.action != "d":
            self._fault("least", where, expected=field.least, got=len(found))
        return field.join.join(map(str, found)) if field.join is not None else found

    def _one(self, field: FieldRule, value: Any, where: str) -> Any:
        if field.dictionary is not None:
            dictionary = self._adapter.dictionaries[field.dictionary]
            given = self._announced.payload.get("categories")
            # The same code means another thing in another list of results.
            if dictionary.file is not None and given is not None and given != dictionary.categories:
                self._fault("categories", where, expected=dictionary.categories, got=given)
                return value
            known = dictionary.values
            if value not in known:
                self._fault("dictionary", where, dictionary=field.dictionary, got=_shown(value))
                return value
            value = known[value]
        if not _TYPES[field.type](value):
            self._fault(field.type, where, got=_shown(value))
        elif field.most is not None and len(str(value)) > field.most:
            self._fault("most", where, expected=field.most, got=len(str(value)))
        elif field.pattern is not None and not re.fullmatch(field.pattern, str(value), re.ASCII):
            self._fault("pattern", where, expected=field.pattern, got=_shown(value))
        return value

    def _fault(self, fault: str, where: str, **params: Any) -> None:
        self._faults.append((f"publish.fault.{fault}", {"where": where, **params}))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or _is_integer(value)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_TYPES: Mapping[str, Callable[[Any], bool]] = {"text": _is_text, "integer": _is_integer, "date": _is_date}


def _broken(rule: KindRule, record: Mapping[str, Any]) -> Faults:
    """Rules between fields that do not hold; both sides are ISO days or times, so text order is order in time."""
    return [
        (
            "publish.fault.later",
            {"where": each.later, "got": record[each.later], "than": each.than, "expected": record[each.than]},
        )
        for each in rule.rules
        if each.later in record and each.than in record and str(record[each.later]) < str(record[each.than])
    ]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
