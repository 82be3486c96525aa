"""The public page of a check code: a firm scans what the officers show, and sees that its visit was drawn."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from inspection.errors import InputError
from inspection.office import CHINA
from inspection.web.desk import desk_of
from inspection.web.refusal import Refused
from inspection.web.view import page
from inspection.work.check_code import checked_visit

router = APIRouter()

Label = Annotated[str, Path(max_length=200)]
Given = Annotated[str, Path(max_length=60)]


@router.get("/check/{label}/{code}")
def check_visit(request: Request, label: Label, code: Given) -> Response:
    """The visit of the code: who comes, for what, and the proof. For whoever has the code, and nobody else."""
    desk = desk_of(request)
    line = desk.office.line()
    try:
        found = checked_visit(line, label, code, desk.clock())
    except InputError as error:
        raise Refused(404, error.code, **error.params) from None
    today = desk.clock().astimezone(CHINA).date()
    values: dict[str, Any] = {"sheet": found.sheet, "is_drawn": found.is_drawn, "plan": line.plan, "today": today}
    return page(request, "check/visit.html", **values)


@router.get("/check/{label}/{code}/proof.json")
def check_proof(request: Request, label: Label, code: Given) -> Response:
    """The proof of the code's visit: it needs nothing beside it, and verify-public.js checks it."""
    desk = desk_of(request)
    try:
        found = checked_visit(desk.office.line(), label, code, desk.clock())
    except InputError as error:
        raise Refused(404, error.code, **error.params) from None
    return Response(found.proof, media_type="application/json")
