"""Publication: how every receiver stands, what was given up, and what people do about it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from inspection.outgoing import State
from inspection.publish.targets import read_targets
from inspection.questions.machine_facts import plain
from inspection.store import dead_letters
from inspection.store.dead_letters import Letter
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Code, Facts, Form, Line
from inspection.web.paging import Page, Paging, paging
from inspection.web.writing import once

router = APIRouter(tags=["publishing"])


class ResendForm(Form):
    """Dead letters to be sent again: those of the keys, or all; of one target, or of all."""

    keys: Annotated[tuple[Line, ...] | None, Field(max_length=1000)] = None
    target: Code | None = None


class DropForm(Form):
    """Dead letters set aside for a reason, so that what waits behind them may go."""

    keys: Annotated[tuple[Line, ...], Field(min_length=1, max_length=1000)]
    reason: Line
    target: Code | None = None


@router.get("/publishing", response_model=Facts)
def standings(request: Request, visitor: Annotated[Visitor, allowed("publish.read")]) -> Facts:
    """How many records every target has, waits for, or was given up on."""
    desk = desk_of(request)
    targets = read_targets(desk.office.workspace.folder)
    with desk.store.reading() as connection:
        known = {each.target: each for each in dead_letters.standings(connection)}
    rows: list[Facts] = [
        asdict(known[name]) if name in known else {"target": name, "counts": {}} for name in sorted({*targets, *known})
    ]
    for row in rows:
        target = targets.get(row["target"])
        row["unconfirmed"] = list(target.adapter.unconfirmed) if target is not None else []
    return plain({"targets": rows})


@router.get("/publishing/{target}", response_model=Page[Facts])
def letters(
    request: Request,
    target: Annotated[Code, Path()],
    visitor: Annotated[Visitor, allowed("publish.read")],
    paged: Annotated[Paging, Depends(paging)],
    state: Annotated[State, Query()] = "dead",
) -> Any:
    """A target's records in a state, in the order they were announced."""
    after = paged.after(int)
    with desk_of(request).store.reading() as connection:
        found = dead_letters.letters(connection, state, target, after=after[0] if after else 0, limit=paged.limit + 1)
    return paged.page(found, lambda letter: (letter.announcement.seq,), _letter)


def _letter(letter: Letter) -> Facts:
    facts = asdict(letter)
    return plain(facts | {"receipt": json.loads(letter.receipt) if letter.receipt else None})


@router.post("/publishing/resend", response_model=Facts)
def resend(request: Request, form: ResendForm, visitor: Annotated[Visitor, allowed("publish.manage")]) -> Response:
    """Send dead letters again."""
    desk = desk_of(request)

    def act() -> Facts:
        with desk.store.writing() as connection:
            count = dead_letters.resend(connection, form.keys, form.target, by=visitor.actor, now=desk.clock())
        return {"resent": count}

    return once(request, form.model_dump(), act)


@router.post("/publishing/drop", response_model=Facts)
def drop(request: Request, form: DropForm, visitor: Annotated[Visitor, allowed("publish.manage")]) -> Response:
    """Set dead letters aside."""
    desk = desk_of(request)

    def act() -> Facts:
        with desk.store.writing() as connection:
            count = dead_letters.drop(
                connection, form.keys, form.target, by=visitor.actor, note=form.reason, now=desk.clock()
            )
        return {"dropped": count}

    return once(request, form.model_dump(), act)
