"""The policy: as it stands, checked, and changed by two people."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import Field

from inspection.errors import InputError, Language, RuleError
from inspection.policy_proposals import approve_policy, propose_policy, refuse_policy
from inspection.questions.machine_facts import plain
from inspection.rules.policy import parse_policy
from inspection.store import proposals
from inspection.store.proposals import Proposal
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Facts, Form, Number
from inspection.web.paging import Page, Paging, paging
from inspection.web.writing import once

router = APIRouter(tags=["policy"])


class PolicyText(Form):
    """A policy file as TOML."""

    text: Annotated[str, Field(max_length=200_000)]


@router.get("/policy", response_model=Facts)
def policy(request: Request, visitor: Annotated[Visitor, allowed("policy.read")]) -> Facts:
    """The rules in force: the file, and its values with defaults filled in. A committed plan keeps its own."""
    office = desk_of(request).office
    return {"text": office.policy_file.read_text(encoding="utf-8-sig"), "values": plain(office.policy().canonical())}


@router.post("/policy/check", response_model=Facts)
def check_policy(form: PolicyText, visitor: Annotated[Visitor, allowed("policy.read")]) -> Facts:
    """Whether a policy file can be used; every fault with its line and key. Nothing is stored."""
    try:
        parse_policy(form.text)
    except (InputError, RuleError) as error:
        return {"usable": False, "faults": _faults(error, visitor.language)}
    return {"usable": True, "faults": []}


def _faults(error: InputError | RuleError, language: Language) -> list[Facts]:
    """Each fault of the file; the one there is, where it is no TOML."""
    faults: Any = error.params.get("faults")
    if not faults:
        return [{"line": error.params.get("line"), "key": "", "code": error.code, "text": error.text(language)}]
    return [
        {"line": each.line, "key": each.key, "code": f"policy.problem.{each.code}", "text": each.text(language)}
        for each in faults
    ]


@router.get("/policy/proposals", response_model=Page[Facts])
def list_proposals(
    request: Request,
    visitor: Annotated[Visitor, allowed("policy.read")],
    paged: Annotated[Paging, Depends(paging)],
) -> Any:
    """Policies proposed, the latest first."""
    after = paged.after(int)
    with desk_of(request).store.reading() as connection:
        found = proposals.proposals(connection, before=after[0] if after else None, limit=paged.limit + 1)
    return paged.page(found, lambda each: (each.number,), _facts)


@router.post("/policy/proposals", response_model=Facts, status_code=201)
def propose(request: Request, form: PolicyText, visitor: Annotated[Visitor, allowed("policy.propose")]) -> Response:
    """Propose a policy: it waits for somebody else's approval."""
    desk = desk_of(request)

    def act() -> Facts:
        made = propose_policy(desk.office, form.text, visitor.actor, desk.clock())
        request.state.object = str(made.number)
        return _facts(made)

    return once(request, form.model_dump(), act, 201)


@router.post("/policy/proposals/{number}/approve", response_model=Facts)
def approve_proposal(
    request: Request, number: Annotated[Number, Path()], visitor: Annotated[Visitor, allowed("policy.approve")]
) -> Response:
    """Approve a policy that somebody else proposed; it is in force at once."""
    desk = desk_of(request)
    return once(request, {}, lambda: _facts(approve_policy(desk.office, number, visitor.actor, desk.clock())))


@router.post("/policy/proposals/{number}/refuse", response_model=Facts)
def refuse_proposal(
    request: Request, number: Annotated[Number, Path()], visitor: Annotated[Visitor, allowed("policy.approve")]
) -> Response:
    """Refuse a policy that somebody else proposed."""
    desk = desk_of(request)
    return once(request, {}, lambda: _facts(refuse_policy(desk.office, number, visitor.actor, desk.clock())))


def _facts(proposal: Proposal) -> Facts:
    return plain(asdict(proposal))
