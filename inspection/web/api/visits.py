"""Visits as work: lists, one visit in full, sent out, accepted, carried out; what is due."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from inspection.questions.machine_facts import plain
from inspection.rules.visit_life import State
from inspection.steps.standing import find_visit, standing_visits
from inspection.store import work
from inspection.store.work import Part, PartFilter
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Code, Facts, Form, Label, Line
from inspection.web.own_visits import Asked, require_visible, visible, working
from inspection.web.paging import Page, Paging, paging
from inspection.web.writing import once
from inspection.work import work_steps
from inspection.work.visit_facts import VisitFacts
from inspection.work.work_steps import DueRow, VisitRow

router = APIRouter(tags=["visits"])

Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class MonthForm(Form):
    """A month of the plan."""

    month: Month


class PartsForm(Form):
    """An agency's share of visits, by the visits' labels."""

    agency: Code
    visits: Annotated[list[Label], Field(min_length=1, max_length=1000)]


class CarriedOut(PartsForm):
    """Inspections that ended on a day."""

    finished: date
    note: Annotated[Line | None, Field()] = None


@router.get("/visits", response_model=Page[Facts])
def list_visits(
    request: Request,
    visitor: Annotated[Visitor, allowed("visits.read")],
    paged: Annotated[Paging, Depends(paging)],
    agency: Annotated[Code | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
    month: Annotated[Month | None, Query()] = None,
) -> Any:
    """Visits with how far each agency is; an agency sees its own once they are sent out, an officer the own ones."""
    office = desk_of(request).office
    after = paged.after(str, str)
    which = visible(office.line(), visitor, Asked(agency=agency, state=state, month=month))
    found = work_steps.visits(office, which, (after[0], after[1]) if after else None, paged.limit + 1)
    return paged.page(found.rows, lambda row: row.key, _row)


def _row(row: VisitRow) -> Facts:
    facts = {name: getattr(row, name) for name in ("label", "firm", "firm_name", "month", "day", "state")}
    return plain(facts | {"draw": row.key[0], "visit": row.key[1], "parts": [_part(part) for part in row.parts]})


def _part(part: Part) -> Facts:
    names = ("state", "since", "finished", "outcome", "version")
    return plain({"agency": part.key.agency, **{name: getattr(part, name) for name in names}})


@router.get("/visits/{label}", response_model=Facts)
def one_visit(
    request: Request,
    label: Annotated[str, Path(max_length=200)],
    visitor: Annotated[Visitor, allowed("visits.read")],
) -> Facts:
    """One visit: who goes, what is checked, what was found, what happened."""
    line = desk_of(request).office.line()
    facts = VisitFacts(line)
    with line.workspace.store.reading() as connection:
        visit = find_visit(standing_visits(connection, line.name), label)
        parts = work.parts(connection, line.name, PartFilter(visits=[visit.key]))
        found = list(work.findings(connection, line.name, [part.key for part in parts]))
        events = work.events(connection, *visit.key)
    require_visible(line, visitor, label, [part.state for part in parts])
    firm = facts.firms_of({visit.key: visit.firm})[visit.key]
    people = facts.inspectors
    return plain(
        {
            "label": facts.label(*visit.key),
            "draw": visit.draw,
            "visit": visit.visit,
            "firm": visit.firm,
            "firm_name": firm.name,
            "address": firm.address,
            "town": firm.town,
            "month": visit.month,
            "day": visit.day,
            "outcome": visit.outcome,
            "team": [
                {"agency": agency, "inspector": code, "name": people[code].name if code in people else code}
                for agency, code in visit.team
            ],
            "parts": [_part(part) for part in parts],
            "items": [
                {"item": item.item, "name": item.name, "agency": agency}
                for agency in visit.agencies
                for item in facts.items_of(visit.draw, visit.combination, agency)
            ],
            "findings": [
                {**asdict(row.finding), "entered_by": row.entered_by, "reviewed_by": row.reviewed_by} for row in found
            ],
            "events": [asdict(event) for event in events],
        }
    )


@router.post("/visits/dispatch", response_model=Facts)
def dispatch(request: Request, form: MonthForm, visitor: Annotated[Visitor, allowed("visits.work")]) -> Response:
    """Send the month's visits out to their agencies."""
    desk = desk_of(request)
    visitor.require("plan.run")

    def act() -> Facts:
        actor = visitor.acting("visits.work")
        return {"dispatched": work_steps.dispatch_month(desk.office, form.month, desk.clock(), actor)}

    return once(request, form.model_dump(), act)


@router.post("/visits/accept", response_model=Facts)
def accept(request: Request, form: PartsForm, visitor: Annotated[Visitor, allowed("visits.work")]) -> Response:
    """Accept an agency's share of visits sent out."""
    desk = desk_of(request)

    def act() -> Facts:
        actor, keys = working(desk.office.line(), visitor, "visits.work", form.agency, form.visits)
        return {"parts": [_part(part) for part in work_steps.accept_all(desk.office, keys, actor, desk.clock())]}

    return once(request, form.model_dump(), act)


@router.post("/visits/carry-out", response_model=Facts)
def carry_out(request: Request, form: CarriedOut, visitor: Annotated[Visitor, allowed("findings.write")]) -> Response:
    """Say that inspections ended on a day; their findings are due from then on."""
    desk = desk_of(request)

    def act() -> Facts:
        actor, keys = working(desk.office.line(), visitor, "findings.write", form.agency, form.visits)
        note = form.note or ""
        parts = work_steps.carry_out(desk.office, keys, form.finished, actor, desk.clock(), note=note)
        return {"parts": [_part(part) for part in parts]}

    return once(request, form.model_dump(), act)


@router.post("/disclose", response_model=Facts)
def disclose(request: Request, visitor: Annotated[Visitor, allowed("publish.manage")]) -> Response:
    """Make public what ought to be: visits on their day, findings and decisions reviewed, corrections."""
    desk = desk_of(request)
    return once(
        request,
        {},
        lambda: {"disclosed": work_steps.disclose_due(desk.office, desk.clock(), visitor.acting("publish.manage"))},
    )


@router.get("/due", response_model=Facts)
def due(
    request: Request,
    visitor: Annotated[Visitor, allowed("visits.read")],
    agency: Annotated[Code | None, Query()] = None,
    open_only: bool = True,
) -> Facts:
    """What an agency, or all, owes the public and by when, the earliest first."""
    desk = desk_of(request)
    which = visible(desk.office.line(), visitor, Asked(agency=agency))
    rows = work_steps.due_list(desk.office, which.agency, desk.clock(), is_open=True if open_only else None)
    if which.visits is not None:
        rows = [row for row in rows if row.owed.key[:2] in set(which.visits)]
    return {"due": [_due(row) for row in rows]}


def _due(row: DueRow) -> Facts:
    return plain(
        {
            "visit": row.label,
            "agency": row.owed.key.agency,
            "kind": row.owed.kind,
            "since": row.owed.since,
            "due": row.owed.due,
            "urgency": row.urgency,
            "is_certain": row.is_certain,
            "state": row.state,
            "reference": row.owed.reference,
            "document": row.document,
        }
    )
