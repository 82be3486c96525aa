"""The plan's line: how far it is, what comes next, what cannot be undone; its papers when it is drawn."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from inspection import service
from inspection.errors import InspectionError
from inspection.publication_steps import approve_publication, ask_publication, refuse_publication
from inspection.questions.line_report import LineReport, line_report
from inspection.questions.plan_status import finished_year
from inspection.steps.draw_steps import ESCROW
from inspection.steps.meeting import minutes_of, record_of, replay
from inspection.steps.supplements import present_line
from inspection.store import errands, publications
from inspection.store.publications import Publication
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.errands import send
from inspection.web.pages import Tile
from inspection.web.planner_desk import desk_page
from inspection.web.refusal import Refused, not_found
from inspection.web.view import see

router = APIRouter()

TILES = (Tile(path="/plan", title="planner.plan", permission="plan.read", order=13),)
FINAL = ("commit", "draw")
"""What is confirmed by typing the plan's code."""


@router.get("/plan")
def plan(request: Request, visitor: Annotated[Visitor, allowed("plan.read")]) -> Response:
    """The line with every step; only its present state where a script asks for that."""
    report = line_report(desk_of(request).office)
    return _page(request, report)


def _page(request: Request, report: LineReport, fault: str = "", status: int = 200) -> Response:
    desk = desk_of(request)
    with desk.store.reading() as connection:
        errand = errands.latest(connection, "run")
    is_interrupted = errand is not None and errand.is_interrupted(desk.clock())
    return desk_page(
        request,
        "plan_state.html" if "hx-request" in request.headers else "plan.html",
        "/plan",
        status,
        report=report,
        errand=errand,
        is_running=errand is not None and errand.state == "running" and not is_interrupted,
        is_interrupted=is_interrupted,
        fault=fault,
        finals=FINAL,
        publication=_publication(request, report),
    )


def _publication(request: Request, report: LineReport) -> Publication | None:
    """The latest request to publish the plan's present round; None when there is none."""
    with desk_of(request).store.reading() as connection:
        found = [each for each in publications.publications(connection, report.plan) if each.round == report.round]
    return found[-1] if found else None


@router.post("/plan/publication")
def ask_to_publish(request: Request, visitor: Annotated[Visitor, allowed("publish.manage")]) -> Response:
    """The finished plan waits for a second person's approval to be published."""
    made = ask_publication(desk_of(request).office.line(), visitor.actor)
    request.state.object = str(made.number)
    return see("/plan")


@router.post("/plan/publication/{number}")
def decide_publication(
    request: Request,
    number: int,
    visitor: Annotated[Visitor, allowed("policy.approve")],
    decision: Annotated[str, Form()] = "",
) -> Response:
    """The second person decides; an approved plan is in the outbox."""
    act = approve_publication if decision == "approve" else refuse_publication
    request.state.action = f"publication.{'approve' if decision == 'approve' else 'refuse'}"
    act(desk_of(request).office.line(), number, visitor.actor)
    return see("/plan")


@router.post("/plan/run")
def run(
    request: Request,
    visitor: Annotated[Visitor, allowed("plan.run")],
    confirm: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The plan is taken as far as it goes without people; what is final must have been confirmed.

    Raises:
        Refused: 409, people are awaited, or it is being taken further already.
    """
    desk = desk_of(request)
    report = line_report(desk.office)
    request.state.object = report.code
    if report.next not in ("run", *FINAL):
        raise Refused(409, "planner.plan.awaited")
    if report.next in FINAL and confirm.strip() != report.code:
        request.state.outcome = "planner.plan.unconfirmed"
        fault = InspectionError("planner.plan.unconfirmed", plan=report.code, got=confirm.strip()[:60] or "-")
        return _page(request, report, fault.text(visitor.language), 422)
    send(desk, "run", visitor.actor)
    return see("/plan")


@router.get("/plan/draws/{folder}/replay")
def show_replay(request: Request, folder: str, visitor: Annotated[Visitor, allowed("plan.read")]) -> Response:
    """The rows of a draw that is over, said to be a replay."""
    line = present_line(desk_of(request).office.line())
    record = record_of(line, folder)
    if record.root is None:
        raise Refused(409, "planner.replay.unfinished", folder=folder)
    rows, minutes = replay(line, folder), minutes_of(line, folder, visitor.language)
    return desk_page(request, "replay.html", "/plan", rows=rows, minutes=minutes, record=record, escrow=ESCROW)


@router.get("/plan/papers/plan.xlsx")
def workbook(request: Request, visitor: Annotated[Visitor, allowed("bundle.read")]) -> Response:
    """The plan as a spreadsheet: overview, every agency, every inspector."""
    from inspection.documents.workbook import write_plan_workbook

    line = desk_of(request).office.line()
    year = finished_year(line, visitor.language)
    folder, path = _scratch("plan.xlsx")
    language = visitor.language
    write_plan_workbook(path, service.plan_rows(line, year), service.summary(line, year, language), language)
    return _file(folder, path, f"{line.name}.xlsx")


@router.get("/plan/papers/bundle.zip")
def bundle(request: Request, visitor: Annotated[Visitor, allowed("bundle.read")]) -> Response:
    """The proof anyone can check alone, as one archive."""
    line = desk_of(request).office.line()
    folder, path = _scratch("bundle.zip")
    made = service.bundle(line, path.parent / "bundle")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(made.rglob("*")):
            if file.is_file():
                archive.write(file, f"{line.name}/{file.relative_to(made)}")
    return _file(folder, path, f"{line.name}.zip")


@router.get("/plan/papers/{folder}.{kind}")
def minutes(request: Request, folder: str, kind: str, visitor: Annotated[Visitor, allowed("plan.read")]) -> Response:
    """The minutes of a draw, as Word or PDF."""
    from inspection.documents.minutes import write_docx, write_pdf

    line = desk_of(request).office.line()
    if kind not in ("docx", "pdf"):
        raise not_found(f"{folder}.{kind}")
    stated = minutes_of(line, folder, visitor.language)
    scratch, path = _scratch(f"{folder}.{kind}")
    own, fonts = line.workspace.folder / "minutes.docx", line.workspace.folder / "fonts"
    if kind == "docx":
        write_docx(path, stated, own if own.is_file() else None)
    else:
        write_pdf(path, stated, (fonts,) if fonts.is_dir() else ())
    return _file(scratch, path, f"{line.name}-{folder}.{kind}")


def _scratch(name: str) -> tuple[tempfile.TemporaryDirectory[str], Path]:
    folder = tempfile.TemporaryDirectory(prefix="paper-")
    return folder, Path(folder.name) / name


def _file(folder: tempfile.TemporaryDirectory[str], path: Path, name: str) -> FileResponse:
    return FileResponse(path, filename=name, background=BackgroundTask(folder.cleanup))
