"""Draws: what is committed and what came of it; what the parties bring to them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import Field

from inspection import service
from inspection.beacon.evidence import check_value
from inspection.errors import BeaconError
from inspection.questions.machine_facts import plain
from inspection.questions.plan_status import steps_of
from inspection.steps.line import Silent, refusals
from inspection.steps.meeting import ReplayRow, record_of, replay
from inspection.steps.reveal_steps import awaited, keep_public, require_awaited, reveal_secret
from inspection.steps.supplements import present_line
from inspection.store.draws import DrawRecord, draws
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Code, Digest, Facts, Form, Line
from inspection.web.paging import Page, Paging, paging
from inspection.web.refusal import Refused
from inspection.web.writing import once

router = APIRouter(tags=["draws"])

Folder = Annotated[str, Path(pattern=r"^[1-9][0-9]{0,4}-(firms|inspectors)$", examples=["1-firms"])]


class Commitments(Form):
    """The commitments of all parties to the next draw of the kind, by the parties' names."""

    commitments: Annotated[dict[Code, Digest], Field(min_length=1, max_length=50)]


class Secret(Form):
    """What a party committed to."""

    party: Code
    secret: Line


class PublicValue(Form):
    """Dice as digits in order, or the numbers of a lottery as announced."""

    value: Line


@router.get("/draws", response_model=Facts)
def list_draws(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Facts:
    """The plan's draws in the order they were opened, and the one that waits for its reveal."""
    line = present_line(desk_of(request).office.line())
    with line.workspace.store.reading() as connection:
        known = draws(connection, line.name)
    waiting = awaited(line)
    return {
        "plan": line.name,
        "parties": list(line.given.policy.ceremony.parties),
        "draws": [_facts(record) for record in known],
        "steps": steps_of(line),
        "awaited": None
        if waiting is None
        else {
            "folder": waiting.folder,
            "revealed": sorted(waiting.revealed),
            "awaited": sorted({party.name for party in waiting.commitment.parties} - waiting.revealed),
            "public": json.loads(waiting.commitment.canonical).get("public"),
            "has_public": waiting.public is not None,
        },
    }


def _facts(record: DrawRecord) -> Facts:
    return {
        "draw": record.draw,
        "folder": record.folder,
        "kind": record.kind,
        "round": record.round,
        "commitment": record.commitment,
        "root": record.root,
        "void": record.void,
    }


@router.get("/draws/{folder}", response_model=Facts)
def one_draw(request: Request, folder: Folder, visitor: Annotated[Visitor, allowed("plan.read")]) -> Facts:
    """One draw with its commitment in full."""
    line = desk_of(request).office.line()
    record = record_of(line, folder)
    kept = record.files.get("commitment.json")
    return {**_facts(record), "committed": json.loads(line.read(kept)) if kept and record.commitment else None}


@router.get("/draws/{folder}/rows", response_model=Page[Facts])
def draw_rows(
    request: Request,
    folder: Folder,
    visitor: Annotated[Visitor, allowed("bundle.read")],
    paged: Annotated[Paging, Depends(paging)],
) -> Any:
    """The rows of a finished draw in the order of its result: a replay, never the drawing itself."""
    after = paged.after(int)
    line = desk_of(request).office.line()
    if record_of(line, folder).root is None:
        raise Refused(409, "web.draw.unfinished", draw=folder)
    first = after[0] + 1 if after else 0
    rows = list(enumerate(replay(line, folder)))[max(first, 0) : max(first, 0) + paged.limit + 1]
    return paged.page(rows, lambda row: (row[0],), lambda row: _row(row[1]))


def _row(row: ReplayRow) -> Facts:
    return {"number": row.number, "who": row.who, "what": row.what}


@router.post("/draws/{kind}/commitments", response_model=Facts)
def hand_in(
    request: Request,
    kind: Annotated[Any, Path(pattern="^(firms|inspectors)$")],
    form: Commitments,
    visitor: Annotated[Visitor, allowed("ceremony")],
) -> Response:
    """Take in the commitments of all parties to the next draw of firms or of inspectors."""
    desk = desk_of(request)

    def act() -> Facts:
        line, discarded = desk.office.start(Silent())
        with refusals():
            draw = service.hand_in(present_line(line), "firms" if kind == "firms" else "inspectors", form.commitments)
        return {"draw": draw, "discarded": discarded}

    return once(request, form.model_dump(), act)


@router.post("/draws/{folder}/secrets", response_model=Facts)
def reveal(
    request: Request, folder: Folder, form: Secret, visitor: Annotated[Visitor, allowed("ceremony")]
) -> Response:
    """Take in one party's secret after the commitment was published; it is checked at once."""
    desk = desk_of(request)

    def act() -> Facts:
        line = present_line(desk.office.line())
        _require_turn(line_folder=require_awaited(line).folder, folder=folder)
        with refusals():
            reveal_secret(line, form.party, form.secret)
        waiting = require_awaited(line)
        left = {party.name for party in waiting.commitment.parties} - waiting.revealed
        return {"draw": waiting.commitment.draw, "revealed": sorted(waiting.revealed), "awaited": sorted(left)}

    return once(request, form.model_dump(), act)


@router.post("/draws/{folder}/public", response_model=Facts)
def bring_value(
    request: Request, folder: Folder, form: PublicValue, visitor: Annotated[Visitor, allowed("ceremony")]
) -> Response:
    """Take in the public value, dice or lottery numbers; the first that is kept stays."""
    desk = desk_of(request)

    def act() -> Facts:
        line = present_line(desk.office.line())
        waiting = require_awaited(line)
        _require_turn(line_folder=waiting.folder, folder=folder)
        source = waiting.commitment.public
        if source is None:
            raise BeaconError("beacon.public.uncommitted", draw=waiting.commitment.draw)
        if source.opens_at > line.clock():
            raise Refused(409, "line.reveal.early", draw=waiting.commitment.draw, opens=source.not_before)
        value = "".join(form.value.split()) if source.kind == "dice" else form.value.strip()
        with refusals():
            check_value(source, value)
        if waiting.public not in (None, value):
            raise BeaconError("beacon.public.kept", draw=waiting.commitment.draw)
        keep_public(line, value)
        return plain({"draw": waiting.commitment.draw, "kind": source.kind})

    return once(request, form.model_dump(), act)


def _require_turn(line_folder: str, folder: str) -> None:
    if line_folder != folder:
        raise Refused(409, "web.draw.other", draw=folder, awaited=line_folder)
