"""What the public pages share: the doors between them, the plan they are about, records as cells of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from inspection.errors import Language, StoreError
from inspection.office import CHINA
from inspection.outgoing import Announcement
from inspection.publish.facts import Fact
from inspection.publish.open_data import Section, row_words, shown
from inspection.publish.website import CODES
from inspection.steps.line import Line
from inspection.store.outbox import standing_page
from inspection.store.plans import Store
from inspection.web.desk import desk_of
from inspection.web.view import page

DOORS = (
    ("/open", "open.home"),
    ("/open/records/tasks", "open.tasks"),
    ("/open/records/visits", "open.visits"),
    ("/open/records/results", "open.results"),
    ("/open/statistics", "open.statistics"),
    ("/open/log", "open.log"),
    ("/open/prove", "open.prove"),
    ("/open/check", "open.check"),
    ("/open/data", "open.data"),
)
"""Pages for everybody: path and title."""

LOOKED_THROUGH = 5000
"""Records that one search may look at: what nobody can find in them is asked for more exactly."""


def open_page(request: Request, template: str, here: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A public page with the doors to the others."""
    return page(request, f"open/{template}", status, doors=DOORS, here=here, when=when, **values)


def when(moment: datetime) -> str:
    """A time as people read it, in official time."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def open_line(request: Request) -> Line | None:
    """The plan the public pages are about; None where there is none, or none of several that is meant."""
    try:
        return desk_of(request).office.line()
    except StoreError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell: one text, or several one below the other; codes do not break."""

    lines: tuple[str, ...]
    is_code: bool


def cells(section: Section, announced: Announcement, language: Language) -> tuple[Cell, ...]:
    """A record's cells, in the order of the section's page; what is not said stays empty."""
    facts = announced.payload

    def cell(fact: Fact, value: Any) -> Cell:
        if fact is section.rows and isinstance(value, list):
            return Cell(lines=tuple(row_words(fact, row, facts, language) for row in value), is_code=False)
        return Cell(lines=(shown(fact, value, facts, language),), is_code=fact.name in CODES)

    return tuple(cell(fact, facts.get(fact.name)) for fact in section.page)


def find_records(
    store: Store, section: Section, now: datetime, *, after: str, limit: int, words: str
) -> tuple[list[Announcement], bool]:
    """Records that stand, after a record, whose firm's name or code holds the words; and whether there are more."""
    found: list[Announcement] = []
    seen = 0
    with store.reading() as connection:
        while len(found) <= limit and seen < LOOKED_THROUGH:
            some = standing_page(connection, section.kind, now, after=after, limit=limit + 1, words=words)
            found += [each for each in some if not words or _names(each, words)]
            seen += len(some)
            if len(some) <= limit:
                break
            after = some[-1].record
    return found[:limit], len(found) > limit


def _names(announced: Announcement, words: str) -> bool:
    return any(words in str(announced.payload.get(name, "")) for name in ("firm", "firm_name"))


def is_of_firms(section: Section) -> bool:
    """Whether the records of a section name a firm to search for."""
    return any(fact.name == "firm" for fact in section.columns)


def section_of(sections: Sequence[Section], file: str) -> Section | None:
    """The section whose files are called so."""
    return next((each for each in sections if each.file == file), None)
