"""The meeting in which a draw is made: what everybody in the room sees, and what the chair does."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import Response

from inspection.beacon.announcing import source_words
from inspection.beacon.evidence import check_value
from inspection.draw.canonical import canonical_json
from inspection.draw.printed import printed_line
from inspection.errors import BeaconError, InputError
from inspection.pledge_steps import Seat, hand_in_pledges, seats, take_back
from inspection.questions.line_report import line_report
from inspection.steps.line import Line, refusals
from inspection.steps.reveal_steps import Awaited, awaited, bring_public, keep_public, open_escrow, require_awaited
from inspection.steps.supplements import present_line
from inspection.web.ceremony_links import picture, seat_token
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.planner_desk import desk_page
from inspection.web.refusal import Refused
from inspection.web.view import see

router = APIRouter()
Short = Annotated[str, Form(max_length=500)]
Party = Annotated[str, Form(max_length=100)]


def _line(request: Request) -> Line:
    return present_line(desk_of(request).office.line())


@router.get("/plan/ceremony")
def room(
    request: Request,
    visitor: Annotated[Visitor, allowed("plan.read")],
    seen: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Who has brought what, the commitment as it was published, and the chair's next act.

    A page that asks again and again names the state it has ``seen``, and gets no answer (204) while that stands: what
    somebody has under the keyboard is not taken away.
    """
    desk, line = desk_of(request), _line(request)
    report, waiting = line_report(desk.office), awaited(line)
    taken = seats(line)
    draw = waiting.commitment.draw if waiting else report.draw
    mark = _mark(report.next, draw, taken, waiting)
    if seen == mark:
        return Response(status_code=204)
    base = str(request.base_url).rstrip("/")
    links = {
        party: f"{base}/ceremony/seat/{seat_token(desk, line.name, line.round, party)}"
        for party in line.given.policy.ceremony.parties
    }
    return desk_page(
        request,
        "room_state.html" if "hx-request" in request.headers else "room.html",
        "/plan",
        mark=mark,
        report=report,
        seats=[seat for seat in taken if seat.draw == draw],
        other=[seat for seat in taken if seat.draw != draw],
        draw=draw,
        waiting=waiting,
        source=source_words(waiting.commitment.public) if waiting and waiting.commitment.public else "",
        is_open=waiting is None
        or waiting.commitment.public is None
        or waiting.commitment.public.opens_at <= line.clock(),
        published=_published(line, waiting),
        key=line.workspace.log.key.text,
        links=links if visitor.may("ceremony") else {},
        pictures={party: picture(link) for party, link in links.items()} if visitor.may("ceremony") else {},
        rules=line.given.policy.ceremony,
        grouped=grouped,
        all_pledged=_all_pledged(taken, draw),
    )


def _mark(following: str, draw: str, taken: tuple[Seat, ...], waiting: Awaited | None) -> str:
    """A digest of all that the page shows and that may change while it is open."""
    shown: dict[str, Any] = {
        "next": following,
        "draw": draw,
        "seats": [[seat.draw, seat.party, seat.state, seat.commitment] for seat in taken],
        "public": waiting.public if waiting else None,
    }
    return hashlib.sha256(canonical_json(shown)).hexdigest()


def _is_open(line: Line, waiting: Awaited | None) -> bool:
    """Whether the public value may exist by now."""
    source = waiting.commitment.public if waiting else None
    return source is None or source.opens_at <= line.clock()


def _published(line: Line, waiting: Awaited | None) -> str:
    """The checkpoint that covers the commitment, as one line of print."""
    position = line.workspace.log.position(waiting.commitment.draw, "commit") if waiting else None
    return printed_line(line.workspace.log.published(position).checkpoint) if position is not None else ""


def _all_pledged(taken: tuple[Seat, ...], draw: str) -> bool:
    return all(seat.state == "pledged" for seat in taken if seat.draw == draw)


def grouped(digits: str) -> str:
    """Digits in groups of eight, to be read out and compared."""
    return " ".join(digits[at : at + 8] for at in range(0, len(digits), 8))


@router.post("/plan/ceremony/hand-in")
def hand_in(request: Request, visitor: Annotated[Visitor, allowed("ceremony")]) -> Response:
    """The commitments of all parties are handed in together."""
    line = _line(request)
    report = line_report(desk_of(request).office)
    if report.next != "parties":
        raise Refused(409, "planner.room.turn")
    request.state.object = report.draw
    hand_in_pledges(line, "inspectors" if report.draw.endswith("-inspectors") else "firms")
    return see("/plan/ceremony")


@router.post("/plan/ceremony/take-back")
def clear(
    request: Request, visitor: Annotated[Visitor, allowed("ceremony")], draw: Short = "", party: Party = ""
) -> Response:
    """The party brings its commitment anew."""
    request.state.object = f"{draw} {party}"
    take_back(_line(request), draw, party)
    return see("/plan/ceremony")


@router.post("/plan/ceremony/public")
def bring_value(
    request: Request, visitor: Annotated[Visitor, allowed("ceremony")], value: Short = "", again: Short = ""
) -> Response:
    """The public value, typed by one and read back by another, is kept.

    Raises:
        InputError: the two differ.
        BeaconError, DrawRefusal: no draw waits, or the value has another form.
    """
    line = _line(request)
    waiting = require_awaited(line)
    request.state.object = waiting.commitment.draw
    source = waiting.commitment.public
    if source is None:
        raise BeaconError("beacon.public.uncommitted", draw=waiting.commitment.draw)
    if source.opens_at > line.clock():
        raise Refused(409, "line.reveal.early", draw=waiting.commitment.draw, opens=source.not_before)
    first, second = (_clean(each, source.kind) for each in (value, again))
    if first != second:
        raise InputError("planner.room.differ")
    with refusals():
        check_value(source, first)
    if waiting.public not in (None, first):
        raise BeaconError("beacon.public.kept", draw=waiting.commitment.draw)
    keep_public(line, first)
    return see("/plan/ceremony")


def _clean(text: str, kind: str) -> str:
    """Digits however they were spaced; full-width ones become plain."""
    if kind != "dice":
        return text.strip()
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text if not sign.isspace())


@router.post("/plan/ceremony/proof")
def bring_file(
    request: Request, visitor: Annotated[Visitor, allowed("ceremony")], file: Annotated[UploadFile, File()]
) -> Response:
    """The file of a beacon's round, with its signature, is kept with the value it proves."""
    line = _line(request)
    request.state.object = require_awaited(line).commitment.draw
    with refusals():
        bring_public(line, file.file.read(200_000))
    return see("/plan/ceremony")


@router.post("/plan/ceremony/escrow")
def escrow(
    request: Request,
    visitor: Annotated[Visitor, allowed("ceremony")],
    party: Party = "",
    secret: Short = "",
    opened_by: Short = "",
    reason: Short = "",
) -> Response:
    """A secret from a sealed envelope stands in for a party that does not reveal; who opened it and why is kept."""
    line = _line(request)
    request.state.object = f"{require_awaited(line).commitment.draw} {party}"
    with refusals():
        open_escrow(line, party, secret.strip(), opened_by=opened_by, reason=reason)
    return see("/plan/ceremony")
