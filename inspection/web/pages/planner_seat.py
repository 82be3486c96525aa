"""A party's own page at a draw: its device makes the secret, hands over the commitment, and later opens it.

Nobody signs in: the link is the seat. What travels before the commitment is published is 64 digits of a digest.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, Response

from inspection.errors import InspectionError
from inspection.pledge_steps import Seat, pledge, seats
from inspection.steps.line import Line, refusals
from inspection.steps.reveal_steps import require_awaited, reveal_secret
from inspection.steps.supplements import present_line
from inspection.web.ceremony_links import Place, place_of
from inspection.web.desk import desk_of, visitor_of
from inspection.web.refusal import Refused, not_found
from inspection.web.view import page, see

router = APIRouter()
Short = Annotated[str, Form(max_length=500)]


def _seated(request: Request, token: str) -> tuple[Line, Place]:
    """The line and the place the link names.

    Raises:
        Refused: 404, it is no link of ours, or of a plan or round that is over.
    """
    # The link is as good as the seat: the trail names the seat alone.
    request.state.object = "-"
    desk = desk_of(request)
    place = place_of(desk, token)
    if place is None:
        raise not_found("seat")
    line = present_line(desk.office.line())
    if (line.name, line.round) != (place.plan, place.round):
        raise Refused(404, "planner.seat.ended")
    request.state.object = f"{place.plan} {place.party}"
    return line, place


@router.get("/ceremony/seat/{token}")
def sit_down(request: Request, token: str) -> Response:
    """The party's part in both draws of the round."""
    line, place = _seated(request, token)
    return _page(request, token, line, place)


def _page(request: Request, token: str, line: Line, place: Place, fault: str = "", status: int = 200) -> Response:
    own = [seat for seat in seats(line) if seat.party == place.party]
    is_rehearsal = line.workspace.origin.endswith("/rehearsal")
    name = line.plan.name
    return page(
        request,
        "planner/seat.html",
        status,
        seats=own,
        place=place,
        token=token,
        name=name,
        fault=fault,
        is_rehearsal=is_rehearsal,
    )


@router.get("/ceremony/seat/{token}/state")
def state(request: Request, token: str) -> JSONResponse:
    """Where each of the party's draws stands, for the page to follow."""
    line, place = _seated(request, token)
    return JSONResponse([_facts(seat) for seat in seats(line) if seat.party == place.party])


def _facts(seat: Seat) -> dict[str, Any]:
    return {"draw": seat.draw, "state": seat.state, "commitment": seat.commitment}


@router.post("/ceremony/seat/{token}/pledge")
def bring(request: Request, token: str, draw: Short = "", commitment: Short = "") -> Response:
    """The party's commitment is kept until those of all are there."""
    line, place = _seated(request, token)
    try:
        pledge(line, draw, place.party, commitment.partition("=")[2] or commitment)
    except InspectionError as error:
        request.state.outcome = error.code
        return _page(request, token, line, place, error.text(visitor_of(request).language), 409)
    return see(f"/ceremony/seat/{token}")


@router.post("/ceremony/seat/{token}/reveal")
def open_secret(request: Request, token: str, draw: Short = "", secret: Short = "") -> Response:
    """The party's secret is kept, now that its commitment is published."""
    line, place = _seated(request, token)
    try:
        if require_awaited(line).commitment.draw != draw:
            raise Refused(409, "planner.room.turn")
        with refusals():
            reveal_secret(line, place.party, secret.strip())
    except InspectionError as error:
        request.state.outcome = error.code
        return _page(request, token, line, place, error.text(visitor_of(request).language), 409)
    return see(f"/ceremony/seat/{token}")
