"""An agency's visits by month and state: sent out, accepted, carried out, all clear, reviewed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import Field

from inspection.errors import InputError
from inspection.office import CHINA
from inspection.rules.visit_life import STATES, Actor, State
from inspection.store.work import PartFilter, PartKey
from inspection.web.agency_desk import agency_desk, agency_page
from inspection.web.desk import Desk, Visitor, allowed, desk_of
from inspection.web.forms import Code
from inspection.web.own_visits import SENT_OUT, sees_all, working
from inspection.web.pages import Tile
from inspection.web.paging import Paging, cursor_of
from inspection.web.roles import Permission
from inspection.web.view import see
from inspection.work import work_steps
from inspection.work.agency_year import states_by_month
from inspection.work.visit_facts import VisitFacts

router = APIRouter()

TILES = (Tile(path="/agency", title="agency.visits", permission="visits.work", order=25),)

SHOWN = 50
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
MayRead = Annotated[Visitor, allowed("visits.read")]
Labels = Annotated[Sequence[str], Form(max_length=1000)]
Act = Callable[[list[PartKey], Actor, Desk], object]


@router.get("/agency")
def visits(
    request: Request,
    visitor: MayRead,
    agency: Annotated[Code | None, Query()] = None,
    month: Annotated[Month | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """The agency's visits, some at a time, with what can be done to those marked."""
    desk = desk_of(request)
    line = desk.office.line()
    of = agency_desk(line, visitor, agency)
    known = STATES if sees_all(line, visitor) else SENT_OUT
    counts = states_by_month(line, of.code)
    which = PartFilter(agency=of.code, month=month, states=[each for each in known if state in (None, each)])
    after = Paging(SHOWN, cursor).after(str, str)
    found = work_steps.visits(desk.office, which, (after[0], after[1]) if after else None, SHOWN)
    facts = VisitFacts(line)
    partners = {
        row.key: [
            facts.agencies[each].name
            for each in facts.combination(row.key[0], row.parts[0].combination).agencies
            if each != of.code
        ]
        for row in found.rows
    }
    return agency_page(
        request,
        "visits.html",
        "/agency",
        of,
        months={each: sum(own[one] for one in known) for each, own in counts.items()},
        states={each: sum(own[each] for at, own in counts.items() if month in (None, at)) for each in known},
        month=month,
        state=state,
        rows=found.rows,
        partners=partners,
        next=cursor_of(found.next) if found.next else None,
        today=desk.clock().astimezone(CHINA).date(),
    )


@router.post("/agency/dispatch")
def dispatch(
    request: Request, visitor: Annotated[Visitor, allowed("plan.run")], month: Annotated[str, Form(max_length=7)]
) -> Response:
    """The month's visits are sent out to all agencies."""
    desk = desk_of(request)
    work_steps.dispatch_month(desk.office, month, desk.clock(), visitor.acting("visits.work"))
    return see(f"/agency?month={month}")


@router.post("/agency/accept")
def accept(request: Request, visitor: MayRead, agency: Annotated[str, Form()], visits: Labels = ()) -> Response:
    """The marked visits are accepted."""
    return _act(request, visitor, "visits.work", (agency, visits), _accept)


def _accept(keys: list[PartKey], actor: Actor, desk: Desk) -> None:
    work_steps.accept_all(desk.office, keys, actor, desk.clock())


@router.post("/agency/carry-out")
def carry_out(
    request: Request,
    visitor: MayRead,
    agency: Annotated[str, Form()],
    finished: Annotated[str, Form()],
    visits: Labels = (),
) -> Response:
    """The inspections of the marked visits ended on a day."""
    day = _day(finished)

    def act(keys: list[PartKey], actor: Actor, desk: Desk) -> None:
        work_steps.carry_out(desk.office, keys, day, actor, desk.clock())

    return _act(request, visitor, "findings.write", (agency, visits), act)


@router.post("/agency/all-clear")
def all_clear(
    request: Request,
    visitor: MayRead,
    agency: Annotated[str, Form()],
    finished: Annotated[str, Form()],
    visits: Labels = (),
) -> Response:
    """Items of the marked visits without a result are "no problem found", because this person says so."""
    day = _day(finished)

    def act(keys: list[PartKey], actor: Actor, desk: Desk) -> None:
        work_steps.all_clear(desk.office, keys, actor, desk.clock(), finished=day)

    return _act(request, visitor, "findings.write", (agency, visits), act)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("field.day", got=text or "-") from None


@router.post("/agency/review")
def review(request: Request, visitor: MayRead, agency: Annotated[str, Form()], visits: Labels = ()) -> Response:
    """The findings of the marked visits were reviewed by somebody who entered none of them."""

    def act(keys: list[PartKey], actor: Actor, desk: Desk) -> None:
        work_steps.review(desk.office, keys, actor, desk.clock())

    return _act(request, visitor, "findings.review", (agency, visits), act)


@router.post("/agency/return")
def send_back(
    request: Request,
    visitor: MayRead,
    agency: Annotated[str, Form()],
    visits: Labels = (),
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The findings of the marked visits go back to be corrected."""

    def act(keys: list[PartKey], actor: Actor, desk: Desk) -> None:
        work_steps.return_findings(desk.office, keys, actor, desk.clock(), note=note)

    return _act(request, visitor, "findings.review", (agency, visits), act)


def _act(
    request: Request, visitor: Visitor, permission: Permission, marked: tuple[str, Sequence[str]], act: Act
) -> Response:
    """What was asked for is done to all the marked visits, or to none."""
    desk, (agency, labels) = desk_of(request), marked
    if not labels:
        raise InputError("agency.unmarked")
    actor, keys = working(desk.office.line(), visitor, permission, agency, labels)
    request.state.object = " ".join(labels)[:500]
    act(keys, actor, desk)
    back = request.headers.get("referer", "")
    query = back.partition("?")[2] if "/agency" in back else ""
    return see(f"/agency?{query}" if query and query.isprintable() else f"/agency?agency={agency}")
