"""What the planner's pages share: the doors between them, and words of registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from inspection.errors import Language, catalogue, message
from inspection.office import CHINA
from inspection.steps.line import step_name
from inspection.web.desk import visitor_of
from inspection.web.roles import Permission
from inspection.web.view import page


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page that every other page of the planner leads to."""

    path: str
    title: str
    permission: Permission


PLACES = (
    Place(path="/registers", title="planner.registers", permission="registers.read"),
    Place(path="/firms", title="planner.firms", permission="registers.read"),
    Place(path="/policy", title="planner.policy", permission="policy.read"),
    Place(path="/plan", title="planner.plan", permission="plan.read"),
    Place(path="/plan/figures", title="planner.figures", permission="plan.read"),
    Place(path="/plan/calendar", title="planner.calendar", permission="plan.read"),
    Place(path="/plan/towns", title="planner.towns", permission="plan.read"),
    Place(path="/changes", title="planner.changes", permission="changes.read"),
)


def desk_page(request: Request, template: str, here: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the planner with the doors to the others; ``words(name, value)`` says what a register's value means."""
    language = visitor_of(request).language
    common = {
        "places": PLACES,
        "here": here,
        "words": register_words(language),
        "when": when,
        "step_words": partial(step_name, language=language),
    }
    return page(request, f"planner/{template}", status, **common, **values)


def when(moment: datetime | None) -> str:
    """A time as people read it, in official time."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if moment is not None else "–"


def register_words(language: Language) -> Callable[[str, Any], str]:
    """What a value of a firm's column is called; the value itself where it needs no words."""

    def words(name: str, value: Any) -> str:
        code = f"explain.{name}.{value}"
        return message(code, language) if code in catalogue() else str(value)

    return words
