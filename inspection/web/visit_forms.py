"""Findings of one agency's share of a visit as a form sends them: a result, note and disposal for each item."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import Request

from inspection.errors import InputError
from inspection.rules.findings import METHODS, Finding, Method
from inspection.store.work import PartKey
from inspection.work.field_steps import SeenFinding
from inspection.work.visit_sheet import SheetAgency

MOST_TEXT = 500


async def sent_form(request: Request) -> Mapping[str, str]:
    """The texts of a form; files are left out."""
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


def findings_of(form: Mapping[str, str], key: PartKey, share: SheetAgency) -> list[SeenFinding]:
    """A finding for each item that has a result; items left empty stay empty.

    Raises:
        InputError: day or method is none.
    """
    found_on, method = _day(form.get("found_on", "")), _method(form.get("method", "site"))
    rows = []
    for each in share.items:
        code = each.item.item
        if not (result := form.get(f"result.{code}", "")):
            continue
        finding = Finding(
            draw=key.draw,
            visit=key.visit,
            agency=key.agency,
            item=code,
            result=result,
            found_on=found_on,
            method=method,
            note=form.get(f"note.{code}", "")[:MOST_TEXT],
            disposal=form.get(f"disposal.{code}", "")[:MOST_TEXT],
        )
        seen = form.get(f"seen.{code}", "0")
        rows.append(SeenFinding(finding=finding, seen=int(seen) if seen.isdecimal() else 0))
    if not rows:
        raise InputError("field.nothing")
    return _without_unchanged(rows, share)


def _without_unchanged(rows: list[SeenFinding], share: SheetAgency) -> list[SeenFinding]:
    """Rows that differ from what is stored, leaving aside day and method, which the form has once for all items."""
    stored = {each.item.item: each.found.finding for each in share.items if each.found is not None}

    def is_same(one: Finding) -> bool:
        known = stored.get(one.item)
        return known is not None and (known.result, known.note, known.disposal) == (one.result, one.note, one.disposal)

    return [each for each in rows if not is_same(each.finding)]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("field.day", got=text or "-") from None


def _method(text: str) -> Method:
    found: Any = next((method for method in METHODS if method == text), None)
    if found is None:
        raise InputError("field.method.unknown", got=text)
    method: Method = found
    return method
