"""The rules: a form over the policy file, tried out while it is filled in, and proposed to a second person."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from inspection import policy_proposals
from inspection.errors import InputError, InspectionError
from inspection.rules.policy_form import faults_in, filled, policy_form
from inspection.store import errands, proposals
from inspection.store.errands import Errand
from inspection.web import questions
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.pages import Tile
from inspection.web.planner_desk import desk_page
from inspection.web.refusal import not_found
from inspection.web.view import see

router = APIRouter()

TILES = (Tile(path="/policy", title="planner.policy", permission="policy.read", order=12),)
Text = Annotated[str, Form(max_length=60_000)]


@router.get("/policy")
def policy(request: Request, visitor: Annotated[Visitor, allowed("policy.read")]) -> Response:
    """The rules as they stand in the file, to be filled in anew."""
    return _form(request, _file(request))


async def sent(request: Request) -> Mapping[str, str]:
    """What a form holds, texts alone."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _draft(fields: Mapping[str, str]) -> str:
    """The file somebody has filled in: its text with the fields of the form, and those of a remedy, put in.

    Raises:
        InputError: the text is not TOML.
    """
    text = fields.get("text", "").replace("\r\n", "\n")
    remedy: Any = {}
    try:
        remedy = json.loads(fields.get("remedy") or "{}")
    except ValueError:
        raise InputError("planner.policy.remedy") from None
    if not isinstance(remedy, dict):
        raise InputError("planner.policy.remedy")
    chosen = {name: value for name, value in fields.items() if "." in name}
    return filled(filled(text, chosen), {str(name): str(value) for name, value in remedy.items()})


@router.post("/policy/try")
def try_out(
    request: Request,
    visitor: Annotated[Visitor, allowed("policy.read")],
    fields: Annotated[Mapping[str, str], Depends(sent)],
) -> Response:
    """What the rules filled in would come to is being worked out, or their faults are told beside the fields."""
    text = _draft(fields)
    is_part = "hx-request" in request.headers
    if faults := faults_in(text):
        request.state.outcome = "policy.invalid"
        return _form(request, text, faults=faults, is_part=is_part, status=200 if is_part else 422)
    errand = questions.ask(desk_of(request), text, visitor.actor)
    request.state.object = errand.errand
    return _form(request, text, errand=errand, is_part=True) if is_part else see(f"/policy/whatif/{errand.errand}")


@router.get("/policy/whatif/{name}")
def answer(request: Request, name: str, visitor: Annotated[Visitor, allowed("policy.read")]) -> Response:
    """How far the answer is, or the answer; with the form it was asked by, unless it is asked for alone."""
    with desk_of(request).store.reading() as connection:
        errand = errands.find_errand(connection, name)
    if errand is None or errand.kind != questions.KIND or errand.account != visitor.actor:
        raise not_found(name)
    return _form(request, _asked(request, errand), errand=errand, is_part="hx-request" in request.headers)


def _asked(request: Request, errand: Errand) -> str:
    text: str = errand.outcome.get("policy") or _file(request)
    return text


@router.get("/policy/text")
def whole(
    request: Request, visitor: Annotated[Visitor, allowed("policy.read")], ask: Annotated[str, Query()] = ""
) -> Response:
    """The policy file as it is written: for exemptions, and for what the form has no field for."""
    return desk_page(request, "policy_text.html", "/policy", text=_file(request), fault="")


@router.post("/policy/text")
def try_text(request: Request, visitor: Annotated[Visitor, allowed("policy.read")], text: Text = "") -> Response:
    """As ``try_out``, for the file as a whole."""
    draft = text.replace("\r\n", "\n")
    try:
        faults = faults_in(draft)
    except InspectionError as error:
        request.state.outcome = error.code
        return desk_page(request, "policy_text.html", "/policy", 422, text=draft, fault=error.text(visitor.language))
    if faults:
        request.state.outcome = "policy.invalid"
        told = "\n".join(fault.text(visitor.language) for fault in faults)
        return desk_page(request, "policy_text.html", "/policy", 422, text=draft, fault=told)
    errand = questions.ask(desk_of(request), draft, visitor.actor)
    return see(f"/policy/whatif/{errand.errand}")


@router.post("/policy/propose")
def propose(
    request: Request,
    visitor: Annotated[Visitor, allowed("policy.propose")],
    fields: Annotated[Mapping[str, str], Depends(sent)],
) -> Response:
    """The rules filled in wait for a second person; faults are told beside the fields."""
    desk, text = desk_of(request), _draft(fields)
    if faults := faults_in(text):
        request.state.outcome = "policy.invalid"
        return _form(request, text, faults=faults, status=422)
    made = policy_proposals.propose_policy(desk.office, text, visitor.actor, desk.clock())
    request.state.object = str(made.number)
    return see(f"/policy/proposals/{made.number}")


@router.get("/policy/proposals/{number}")
def proposal(request: Request, number: int, visitor: Annotated[Visitor, allowed("policy.read")]) -> Response:
    """What somebody proposes, line by line against the file."""
    with desk_of(request).store.reading() as connection:
        found = proposals.proposal(connection, number)
    lines = [
        line
        for line in difflib.unified_diff(_file(request).splitlines(), found.text.splitlines(), n=1, lineterm="")
        if not line.startswith(("---", "+++"))
    ]
    return desk_page(request, "proposal.html", "/policy", proposal=found, lines=lines)


@router.post("/policy/proposals/{number}")
def decide(
    request: Request,
    number: int,
    visitor: Annotated[Visitor, allowed("policy.approve")],
    decision: Annotated[str, Form()] = "",
) -> Response:
    """The second person decides."""
    desk = desk_of(request)
    act = policy_proposals.approve_policy if decision == "approve" else policy_proposals.refuse_policy
    request.state.action = f"policy.{'approve' if decision == 'approve' else 'refuse'}"
    act(desk.office, number, visitor.actor, desk.clock())
    return see(f"/policy/proposals/{number}")


def _file(request: Request) -> str:
    return desk_of(request).office.policy_file.read_text(encoding="utf-8-sig")


def _form(
    request: Request,
    text: str,
    *,
    faults: tuple[Any, ...] = (),
    errand: Errand | None = None,
    is_part: bool = False,
    status: int = 200,
) -> Response:
    desk = desk_of(request)
    with desk.store.reading() as connection:
        waiting = [each for each in proposals.proposals(connection, limit=20) if each.state == "pending"]
    sections = policy_form(text)
    known = {field.name for section in sections for field in section.fields}
    beside: dict[str, list[Any]] = {}
    for fault in faults:
        name = next((name for name in known if fault.key == name or fault.key.startswith((f"{name}.", f"{name}["))), "")
        beside.setdefault(name, []).append(fault)
    original = {field.name: field.shown for section in policy_form(_file(request)) for field in section.fields}
    return desk_page(
        request,
        "policy_answer.html" if is_part else "policy.html",
        "/policy",
        status,
        sections=sections,
        text=text,
        beside=beside,
        original=original,
        is_changed=text != _file(request),
        errand=errand,
        is_interrupted=errand is not None and errand.is_interrupted(desk.clock()),
        waiting=waiting,
        is_part=is_part,
    )
