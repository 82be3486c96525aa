"""The year's plan: how far it is, whether its rules can be met, what if they were others, its figures."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as Segment
from fastapi.responses import FileResponse, Response
from pydantic import Field
from starlette.background import BackgroundTask

from inspection import service
from inspection.errors import PlanError, message
from inspection.office import CHINA
from inspection.planning.summary import expected_visits, tier_chances
from inspection.questions.explain import explain
from inspection.questions.machine_facts import comparison_facts, explanation_facts, plain
from inspection.questions.plan_status import finished_year, missing_step, next_words, steps_of
from inspection.questions.standing_plan import standing
from inspection.questions.whatif import Variant, compare
from inspection.steps.line import Line, step_name
from inspection.steps.supplements import present_line
from inspection.steps.workers import spreading
from inspection.store import errands
from inspection.store.errands import Errand
from inspection.web.desk import Desk, Visitor, allowed, desk_of
from inspection.web.errands import send
from inspection.web.forms import Code, Facts, Form
from inspection.web.forms import Line as Text
from inspection.web.refusal import not_found
from inspection.web.writing import once

router = APIRouter(tags=["plan"])


class WhatIfCase(Form):
    """What would change: ``settings`` as ``key=value``, inspectors who are not there."""

    name: Text
    settings: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    without: Annotated[tuple[Code, ...], Field(max_length=500)] = ()


class WhatIf(Form):
    """Cases to be compared with the plan as it stands."""

    cases: Annotated[list[WhatIfCase], Field(max_length=8)]


@router.get("/plan", response_model=Facts)
def plan(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Facts:
    """Which steps of the plan are stored, and what comes next."""
    line = present_line(desk_of(request).office.line())
    done = {step.name: step.finished_at.astimezone(CHINA) for step in line.workspace.store.steps(line.name)}
    code, params = next_words(line)
    return {
        "plan": line.name,
        "name": line.plan.name,
        "year": line.plan.year,
        "round": line.round,
        "steps": [
            {
                "step": step,
                "name": step_name(step, visitor.language),
                "finished": done[step].isoformat() if step in done else None,
            }
            for step in steps_of(line)
        ],
        "missing": missing_step(line),
        "next": {"code": code, "text": message(code, visitor.language, **params)},
    }


@router.post("/plan/check", response_model=Facts)
def check_rules(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Facts:
    """Whether the rules can be met with the registers imported last; if not, what is short and what would help."""
    office = desk_of(request).office
    try:
        pools, quotas = service.check_feasible(office.policy(), office.snapshot(), processes=1)
    except PlanError as error:
        return {"feasible": False, "code": error.code, "message": error.text(visitor.language)}
    return {
        "feasible": True,
        "pools": len(pools),
        "visits": sum(sum(each.visits.values()) for each in quotas.combinations),
        "checks": sum(sum(each.visits.values()) * len(each.tasks) for each in quotas.combinations),
        "bound": quotas.bound,
        "combinations": len(quotas.combinations),
    }


@router.post("/plan/whatif", response_model=Facts)
def what_if(request: Request, form: WhatIf, visitor: Annotated[Visitor, allowed("plan.read")]) -> Facts:
    """The consequences of changed rules or rosters beside those of the plan as it stands, which is not touched."""
    desk = desk_of(request)
    variants = [
        Variant(name=case.name, settings=tuple(case.settings), without=tuple(case.without)) for case in form.cases
    ]
    name, today = message("whatif.standing", visitor.language), desk.clock().date()
    found = compare(desk.office, name, variants, today, partial(spreading, 1))
    return plain(comparison_facts(found, visitor.language))


@router.post("/plan/run", response_model=Facts, status_code=202)
def run_plan(request: Request, visitor: Annotated[Visitor, allowed("plan.run")]) -> Response:
    """Take the plan as far as it goes without people; see the errand for what comes of it."""
    desk = desk_of(request)
    return once(request, {}, lambda: _errand(desk, send(desk, "run", visitor.actor)), 202)


@router.get("/errands/{errand}", response_model=Facts)
def errand(
    request: Request, errand: Annotated[str, Segment(max_length=40)], visitor: Annotated[Visitor, allowed("plan.read")]
) -> Facts:
    """What became of work that outlasts a request: running, done, waiting for people, failed, interrupted."""
    desk = desk_of(request)
    with desk.store.reading() as connection:
        found = errands.find_errand(connection, errand)
    if found is None:
        raise not_found(errand)
    return _errand(desk, found)


def _errand(desk: Desk, found: Errand) -> Facts:
    state = "interrupted" if found.is_interrupted(desk.clock()) else found.state
    return plain({**asdict(found), "state": state, "href": f"/api/v1/errands/{found.errand}"})


@router.get("/plan/chances", response_model=Facts)
def chances(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Facts:
    """Quotas by combination and month, and the chance of a firm by tier; of the stored plan, or of the draft."""
    base = standing(desk_of(request).office)
    if base.stored is None:
        raise not_found("quotas")
    quotas, pools = base.stored.quotas, base.stored.pools
    tiers = tier_chances(pools, expected_visits(quotas.flow), list(base.given.policy.tiers))
    return plain(
        {
            "committed": base.is_committed,
            "bound": quotas.bound,
            "pools": len(pools),
            "tiers": [{**asdict(tier), "mean": tier.mean} for tier in tiers],
            "combinations": [asdict(each) for each in quotas.combinations],
        }
    )


@router.get("/plan/summary", response_model=Facts)
def summary(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Facts:
    """The figures of the finished plan: coverage, joint share, chances by tier, months, load of agencies."""
    line, year = _finished(request, visitor)
    found = service.summary(line, year, visitor.language)
    facts = asdict(found) | {"cut": found.cut}
    facts["tiers"] = [{**asdict(tier), "mean": tier.mean} for tier in found.tiers]
    facts["rules"] = [{"text": rule.text(visitor.language), "ok": rule.ok} for rule in year.rules]
    return plain(facts)


@router.get("/plan/workbook", response_class=FileResponse)
def workbook(request: Request, visitor: Annotated[Visitor, allowed("bundle.read")]) -> FileResponse:
    """The plan as a spreadsheet: overview, every agency, every inspector."""
    from inspection.documents.workbook import write_plan_workbook

    line, year = _finished(request, visitor)
    folder = tempfile.TemporaryDirectory(prefix="plan-")
    path = Path(folder.name) / "plan.xlsx"
    language = visitor.language
    write_plan_workbook(path, service.plan_rows(line, year), service.summary(line, year, language), language)
    return FileResponse(path, filename=f"{line.name}.xlsx", background=BackgroundTask(folder.cleanup))


def _finished(request: Request, visitor: Visitor) -> tuple[Line, service.PlannedYear]:
    line = desk_of(request).office.line()
    return line, finished_year(line, visitor.language)


@router.get("/firms/{firm}", response_model=Facts, tags=["registers"])
def explain_firm(
    request: Request,
    firm: Annotated[str, Segment(max_length=100)],
    visitor: Annotated[Visitor, allowed("registers.read")],
) -> Any:
    """What chance a firm has and why; after a draw, its rank and its proofs. Part of a name finds firms."""
    return plain(explanation_facts(explain(desk_of(request).office, firm)))
