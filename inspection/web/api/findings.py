"""Findings: entered one by one, by sheet, or all clear; reviewed by somebody else."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import Response
from pydantic import Field

from inspection.errors import Language
from inspection.questions.machine_facts import plain
from inspection.rules.findings import Finding, Method, categories
from inspection.rules.visit_life import Actor
from inspection.store import work
from inspection.web.api.visits import PartsForm
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Code, Facts, Label
from inspection.web.forms import Form as Body
from inspection.web.forms import Line as Text
from inspection.web.own_visits import Asked, visible, working
from inspection.web.refusal import Refused
from inspection.web.uploads import on_disk
from inspection.web.writing import once
from inspection.work import work_steps
from inspection.work.visit_facts import VisitFacts
from inspection.work.work_steps import Entered

router = APIRouter(tags=["findings"])


class FindingForm(Body):
    """What was found for one item of a visit; ``result`` is a code of the official categories."""

    visit: Label
    item: Code
    result: Code
    found_on: date
    method: Method = "site"
    note: Text | None = None
    disposal: Text | None = None


class FindingsForm(Body):
    """Findings of one agency."""

    agency: Code
    findings: Annotated[list[FindingForm], Field(min_length=1, max_length=5000)]


class ClearForm(PartsForm):
    """Visits of which every item without a result is "no problem found", because the person says so."""

    finished: date | None = None


class ReviewForm(PartsForm):
    """Findings reviewed, or sent back with a reason."""

    note: Text | None = None


@router.get("/findings/categories", response_model=Facts)
def result_categories(request: Request, visitor: Annotated[Visitor, allowed("visits.read")]) -> Facts:
    """The official categories of results, with their exact codes."""
    return plain(asdict(categories(desk_of(request).office.policy().disclosure.categories)))


@router.get("/findings", response_model=Facts)
def list_findings(
    request: Request,
    visitor: Annotated[Visitor, allowed("visits.read")],
    visits: Annotated[list[Label], Query(min_length=1, max_length=100)],
    agency: Annotated[Code | None, Query()] = None,
) -> Facts:
    """Findings of visits as entered; an item without one has no finding, which is not the same as no problem."""
    line = desk_of(request).office.line()
    facts = VisitFacts(line)
    which = visible(line, visitor, Asked(agency=agency))
    with line.workspace.store.reading() as connection:
        keys = {part.key for part in work.parts(connection, line.name, which)}
        wanted = set(facts.keys(visits))
        found = list(work.findings(connection, line.name, [key for key in keys if key[:2] in wanted]))
    rows = [
        {
            **asdict(row.finding),
            "label": facts.label(row.finding.draw, row.finding.visit),
            "entered_by": row.entered_by,
            "entered_at": row.entered_at,
            "reviewed_by": row.reviewed_by,
            "version": row.version,
        }
        for row in found
    ]
    return plain({"findings": rows})


@router.post("/findings", response_model=Facts)
def enter(request: Request, form: FindingsForm, visitor: Annotated[Visitor, allowed("findings.write")]) -> Response:
    """Enter findings: all of them, or none where one cannot be."""
    desk = desk_of(request)

    def act() -> Facts:
        labels = [each.visit for each in form.findings]
        actor, keys = working(desk.office.line(), visitor, "findings.write", form.agency, labels)
        rows = [
            Finding(
                draw=key.draw,
                visit=key.visit,
                agency=key.agency,
                item=each.item,
                result=each.result,
                found_on=each.found_on,
                method=each.method,
                note=each.note or "",
                disposal=each.disposal or "",
            )
            for key, each in zip(keys, form.findings, strict=True)
        ]
        return _entered(work_steps.enter_findings(desk.office, rows, actor, desk.clock()), visitor.language)

    return once(request, form.model_dump(), act)


def _entered(done: Entered, language: Language) -> Facts:
    facts: Facts = {name: getattr(done, name) for name in ("entered", "unchanged", "parts", "complete")}
    if (read := done.read) is not None:
        counts = read.counts
        facts["read"] = {"rows": counts.read, "accepted": counts.accepted, "rejected": counts.rejected}
        facts["empty"] = read.empty
        facts["reasons"] = dict(read.reasons)
        facts["examples"] = [
            {**asdict(fault), "reason": fault.reason(language), "remedy": fault.remedy(language)}
            for fault in read.examples
        ]
        facts["rejects"] = f"/api/v1/registers/rejects/{read.rejects.parent.name}" if read.rejects else None
    return plain(facts)


@router.post("/findings/all-clear", response_model=Facts)
def all_clear(request: Request, form: ClearForm, visitor: Annotated[Visitor, allowed("findings.write")]) -> Response:
    """Say of visits that every item without a result had no problem."""
    desk = desk_of(request)

    def act() -> Facts:
        actor, keys = working(desk.office.line(), visitor, "findings.write", form.agency, form.visits)
        done = work_steps.all_clear(desk.office, keys, actor, desk.clock(), finished=form.finished)
        return _entered(done, visitor.language)

    return once(request, form.model_dump(), act)


@router.post("/findings/review", response_model=Facts)
def review(request: Request, form: ReviewForm, visitor: Annotated[Visitor, allowed("findings.review")]) -> Response:
    """Review findings somebody else entered; they may be disclosed then."""
    desk = desk_of(request)

    def act() -> Facts:
        actor, keys = working(desk.office.line(), visitor, "findings.review", form.agency, form.visits)
        parts = work_steps.review(desk.office, keys, actor, desk.clock(), note=form.note or "")
        return {"reviewed": len(parts)}

    return once(request, form.model_dump(), act)


@router.post("/findings/return", response_model=Facts)
def send_back(request: Request, form: ReviewForm, visitor: Annotated[Visitor, allowed("findings.review")]) -> Response:
    """Send findings back to be corrected, for a reason."""
    desk = desk_of(request)

    def act() -> Facts:
        actor, keys = working(desk.office.line(), visitor, "findings.review", form.agency, form.visits)
        parts = work_steps.return_findings(desk.office, keys, actor, desk.clock(), note=form.note or "")
        return {"returned": len(parts)}

    return once(request, form.model_dump(), act)


@router.post("/findings/sheets", response_model=Facts)
def import_sheets(
    request: Request,
    visitor: Annotated[Visitor, allowed("findings.write")],
    files: Annotated[list[UploadFile], File(max_length=50)],
    agency: Annotated[Code, Form()],
) -> Response:
    """Enter findings from filled-in sheets of one agency; good rows are entered, every bad one is named."""
    desk = desk_of(request)
    if visitor.roles == ("inspector",):
        # A sheet may name any visit of the agency; an officer enters for the own visits, one by one.
        raise Refused(403, "web.agency", agencies=agency)

    def act(paths: list[Path]) -> Facts:
        _, _ = working(desk.office.line(), visitor, "findings.write", agency, [])
        actor = visitor.acting("findings.write", agency)
        limited = Actor(name=actor.name, role=actor.role, agency=agency)
        return _entered(work_steps.import_findings(desk.office, paths, limited, desk.clock()), visitor.language)

    with on_disk(files) as stored:
        given = {"agency": agency, "files": [file.digest for file in stored]}
        return once(request, given, lambda: act([file.path for file in stored]))


@router.post("/findings/attachments", response_model=Facts, status_code=201)
def attach(
    request: Request,
    visitor: Annotated[Visitor, allowed("findings.write")],
    file: Annotated[UploadFile, File()],
    agency: Annotated[Code, Form()],
    visit: Annotated[Label, Form()],
) -> Response:
    """Keep a photo or signed sheet with an agency's share of a visit, under the digest of its bytes."""
    desk = desk_of(request)

    def act(path: Path) -> Facts:
        actor, keys = working(desk.office.line(), visitor, "findings.write", agency, [visit])
        kept = work_steps.attach(desk.office, keys[0], path, actor, desk.clock())
        return plain({"digest": kept.digest, "name": kept.name, "media": kept.media, "size": kept.size})

    with on_disk([file]) as stored:
        given = {"agency": agency, "visit": visit, "file": stored[0].digest}
        return once(request, given, lambda: act(stored[0].path), 201)
