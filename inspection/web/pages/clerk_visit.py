"""One visit as an agency works on it: findings item by item, files, papers, changes asked for and decided, events."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from inspection.changes import change_steps
from inspection.office import CHINA
from inspection.rules.findings import METHODS, categories
from inspection.rules.reasons import reasons
from inspection.rules.visit_life import AHEAD, can
from inspection.steps.line import Line
from inspection.store import changes as kept
from inspection.store.changes import Wish
from inspection.web.agency_desk import agency_desk, agency_page
from inspection.web.change_rights import may_see, require_asker, require_decider
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.own_visits import require_visible, working
from inspection.web.refusal import not_found
from inspection.web.view import see
from inspection.web.visit_forms import findings_of, sent_form
from inspection.work.field_steps import enter_seen
from inspection.work.visit_sheet import visit_sheet

router = APIRouter()

MayRead = Annotated[Visitor, allowed("visits.read")]
Reason = Annotated[str, Form(max_length=80)]


@router.get("/agency/visit/{label}")
def visit(request: Request, label: str, visitor: MayRead, agency: str | None = None) -> Response:
    """The whole visit, with forms for what the visitor may do."""
    desk = desk_of(request)
    line = desk.office.line()
    sheet = visit_sheet(line, label)
    require_visible(line, visitor, label, [each.part.state for each in sheet.agencies])
    own = [each.agency for each in sheet.agencies if visitor.may("visits.read", each.agency)]
    of = agency_desk(line, visitor, agency or (own[0] if own else None))
    now = desk.clock().astimezone(CHINA).date()
    shares = {each.agency: each for each in sheet.agencies}
    return agency_page(
        request,
        "visit.html",
        "/agency",
        of,
        sheet=sheet,
        agencies={each.agency: each.name for each in sheet.agencies},
        may_enter={code for code, each in shares.items() if visitor.may("findings.write", code) and _is_open(each)},
        may_ask=visitor.may("changes.request") and sheet.state in AHEAD and sheet.visit.outcome is None,
        may_replace=line.given.policy.after.unreachable == "replace",
        changes=[each for each in sheet.changes if may_see(line, visitor, each)],
        may_decide=visitor.may("changes.approve"),
        reasons=reasons(),
        results=categories(desk.office.policy().disclosure.categories).by_code.values(),
        methods=METHODS,
        found_on=sheet.visit.day if sheet.visit.day is not None and sheet.visit.day <= now else now,
        zone=CHINA,
    )


def _is_open(share: Any) -> bool:
    return can(share.part.state, "carry_out") or can(share.part.state, "enter")


@router.post("/agency/visit/{label}/findings")
async def enter(request: Request, label: str, visitor: Annotated[Visitor, allowed("findings.write")]) -> Response:
    """Findings of one agency, as a table."""
    form = await sent_form(request)

    def work() -> Response:
        desk = desk_of(request)
        line = desk.office.line()
        actor, (key,) = working(line, visitor, "findings.write", form.get("agency", ""), [label])
        share = next((each for each in visit_sheet(line, label).agencies if each.agency == key.agency), None)
        if share is None:
            raise not_found(f"{label} {key.agency}")
        enter_seen(desk.office, findings_of(form, key, share), actor, desk.clock())
        return see(f"/agency/visit/{label}?agency={key.agency}")

    return await run_in_threadpool(work)


@router.post("/agency/visit/{label}/close")
def close(
    request: Request, label: str, visitor: Annotated[Visitor, allowed("changes.request")], reason: Reason
) -> Response:
    """Ask that the visit be closed before it begins."""
    line = desk_of(request).office.line()
    return _ask(request, line, visitor, label, change_steps.close_wish(line, label, reason))


@router.post("/agency/visit/{label}/replace")
def replace(
    request: Request, label: str, visitor: Annotated[Visitor, allowed("changes.request")], reason: Reason
) -> Response:
    """Ask that the pool's next reserve firm be visited."""
    line = desk_of(request).office.line()
    return _ask(request, line, visitor, label, change_steps.replace_wish(line, label, reason))


@router.post("/agency/visit/{label}/substitute")
def substitute(
    request: Request,
    label: str,
    visitor: Annotated[Visitor, allowed("changes.request")],
    seat: Annotated[str, Form(max_length=200)],
    reason: Reason,
) -> Response:
    """Ask that the agency's next officer go; ``seat`` is agency and officer with a space between."""
    line = desk_of(request).office.line()
    agency, _, officer = seat.partition(" ")
    return _ask(request, line, visitor, label, change_steps.substitute_wish(line, label, (agency, officer), reason))


def _ask(request: Request, line: Line, visitor: Visitor, label: str, wish: Wish) -> Response:
    require_asker(line, visitor, wish)
    change = change_steps.request(line, wish, visitor.actor)
    request.state.object = str(change.number)
    return see(f"/agency/visit/{label}#changes")


@router.post("/agency/visit/{label}/changes/{number}")
def decide(
    request: Request,
    label: str,
    number: int,
    visitor: Annotated[Visitor, allowed("changes.approve")],
    decision: Annotated[str, Form(pattern="^(approve|refuse)$")],
) -> Response:
    """Approve or refuse what another person asked for."""
    line = desk_of(request).office.line()
    with line.workspace.store.reading() as connection:
        asked = kept.change(connection, line.name, number)
    require_decider(line, visitor, asked.wish)
    (change_steps.approve if decision == "approve" else change_steps.refuse)(line, number, visitor.actor)
    return see(f"/agency/visit/{label}#changes")
