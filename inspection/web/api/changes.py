"""Changes after a draw, asked for by one account and approved by another; days fitted again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import Field

from inspection.changes import change_steps
from inspection.changes.change_report import count_changes, flags
from inspection.changes.redating import redate
from inspection.planning.day_changes import Absence
from inspection.questions.machine_facts import change_facts
from inspection.steps.line import Line
from inspection.steps.standing import first_draw, label_of, standing_visits
from inspection.store import changes as kept
from inspection.store.changes import Change, Wish
from inspection.web.change_rights import require_asker, require_decider, seen_by
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Code, Facts, Form, Label, Number
from inspection.web.paging import Page, Paging, paging
from inspection.web.writing import once

router = APIRouter(tags=["changes"])


class VoidForm(Form):
    """A draw to be given up, in full or by its folder."""

    draw: Label
    reason: Code


class VisitForm(Form):
    """A visit whose firm is to be replaced, or that is to be closed before it begins."""

    visit: Label
    reason: Code


class SubstituteForm(Form):
    """A visit to which another officer of the agency is to go."""

    visit: Label
    agency: Code
    inspector: Code
    reason: Code


class AbsenceForm(Form):
    """An officer for whom others are to go from today on."""

    inspector: Code
    reason: Code


class Away(Form):
    """Days on which an officer is away."""

    inspector: Code
    first: date
    last: date


class RedateForm(Form):
    """Days fitted again; ``trial`` stores nothing."""

    away: Annotated[tuple[Away, ...], Field(max_length=500)] = ()
    trial: bool = False


@router.get("/changes", response_model=Page[Facts])
def list_changes(
    request: Request, visitor: Annotated[Visitor, allowed("changes.read")], paged: Annotated[Paging, Depends(paging)]
) -> Any:
    """Everything asked for after the draws, in that order."""
    after = paged.after(int)
    line = desk_of(request).office.line()
    with line.workspace.store.reading() as connection:
        found = [each for each in kept.changes(connection, line.name) if after is None or each.number > after[0]]
    seen = seen_by(line, visitor, found)
    return paged.page(seen[: paged.limit + 1], lambda each: (each.number,), change_facts)


@router.get("/changes/counts", response_model=Facts)
def change_counts(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Facts:
    """How many changes of each kind there were, and which thresholds they pass."""
    line = desk_of(request).office.line()
    with line.workspace.store.reading() as connection:
        counts = count_changes(standing_visits(connection, line.name), kept.changes(connection, line.name))
    return {"counts": asdict(counts), "flags": flags(counts, line.given.policy, visitor.language)}


@router.post("/changes/void", response_model=Facts, status_code=201)
def void(request: Request, form: VoidForm, visitor: Annotated[Visitor, allowed("plan.run")]) -> Response:
    """Ask that a draw not yet revealed be given up."""
    return _ask(request, form, visitor, lambda line: [change_steps.void_wish(line, form.draw, form.reason)])


@router.post("/changes/replace", response_model=Facts, status_code=201)
def replace(request: Request, form: VisitForm, visitor: Annotated[Visitor, allowed("changes.request")]) -> Response:
    """Ask that the pool's next reserve firm be visited."""
    return _ask(request, form, visitor, lambda line: [change_steps.replace_wish(line, form.visit, form.reason)])


@router.post("/changes/close", response_model=Facts, status_code=201)
def close(request: Request, form: VisitForm, visitor: Annotated[Visitor, allowed("changes.request")]) -> Response:
    """Ask that a visit be closed before it begins."""
    return _ask(request, form, visitor, lambda line: [change_steps.close_wish(line, form.visit, form.reason)])


@router.post("/changes/substitute", response_model=Facts, status_code=201)
def substitute(
    request: Request, form: SubstituteForm, visitor: Annotated[Visitor, allowed("changes.request")]
) -> Response:
    """Ask that the agency's next officer go."""
    seat = (form.agency, form.inspector)
    return _ask(
        request, form, visitor, lambda line: [change_steps.substitute_wish(line, form.visit, seat, form.reason)]
    )


@router.post("/changes/absence", response_model=Facts, status_code=201)
def absence(request: Request, form: AbsenceForm, visitor: Annotated[Visitor, allowed("changes.request")]) -> Response:
    """Ask that others go to all visits an officer was to make from today on."""
    return _ask(request, form, visitor, lambda line: change_steps.absence_wishes(line, form.inspector, form.reason))


def _ask(request: Request, form: Form, visitor: Visitor, wishes_of: Callable[[Line], Sequence[Wish]]) -> Response:
    """The wishes wait for a second person."""
    desk = desk_of(request)

    def act() -> Facts:
        line = desk.office.line()
        wishes = wishes_of(line)
        for wish in wishes:
            require_asker(line, visitor, wish)
        asked = [change_steps.request(line, wish, visitor.actor) for wish in wishes]
        request.state.object = " ".join(str(change.number) for change in asked)
        return {"changes": [change_facts(change) for change in asked]}

    return once(request, form.model_dump(), act, 201)


@router.post("/changes/{number}/approve", response_model=Facts)
def approve(
    request: Request, number: Annotated[Number, Path()], visitor: Annotated[Visitor, allowed("changes.approve")]
) -> Response:
    """Approve what another account asked for; it is carried out and in the log."""
    return _decide(request, number, visitor, change_steps.approve)


@router.post("/changes/{number}/refuse", response_model=Facts)
def refuse(
    request: Request, number: Annotated[Number, Path()], visitor: Annotated[Visitor, allowed("changes.approve")]
) -> Response:
    """Refuse what another account asked for."""
    return _decide(request, number, visitor, change_steps.refuse)


def _decide(request: Request, number: int, visitor: Visitor, decide: Callable[[Line, int, str], Change]) -> Response:
    desk = desk_of(request)

    def act() -> Facts:
        line = desk.office.line()
        with line.workspace.store.reading() as connection:
            asked = kept.change(connection, line.name, number)
        require_decider(line, visitor, asked.wish)
        return change_facts(decide(line, number, visitor.actor))

    return once(request, {}, act)


@router.post("/plan/redate", response_model=Facts)
def fit_days(request: Request, form: RedateForm, visitor: Annotated[Visitor, allowed("plan.run")]) -> Response:
    """Fit the days again, moving as few visits as possible; what was carried out stays."""
    desk = desk_of(request)

    def act() -> Facts:
        line = desk.office.line()
        absences = [Absence(inspector=each.inspector, first=each.first, last=each.last) for each in form.away]
        moved = redate(line, desk.office.policy(), absences, is_trial=form.trial)
        with line.workspace.store.reading() as connection:
            visits = standing_visits(connection, line.name)
        labels = {visit.key: label_of(visit, first_draw(visits)) for visit in visits}
        rows = [{"visit": labels[key], "from": old, "to": new} for key, (old, new) in moved.changed.items()]
        return {"moved": rows, "bound": moved.bound, "unplaced": [labels[key] for key in moved.unplaced]}

    return once(request, form.model_dump(), act)
