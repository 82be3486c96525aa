"""Findings by spreadsheet: the agency's open visits down, filled in up, what is wrong named row by row."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, UploadFile
from fastapi import File as Sent
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from inspection.errors import InspectionError
from inspection.rules.visit_life import Actor
from inspection.web.agency_desk import AgencyDesk, agency_desk, agency_page
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Code
from inspection.web.pages.clerk import Month
from inspection.web.refusal import not_found, status_of
from inspection.web.uploads import on_disk
from inspection.work import work_steps
from inspection.work.finding_sheets import finding_template
from inspection.work.work_steps import Entered

router = APIRouter()

MayRead = Annotated[Visitor, allowed("visits.read")]
MayWrite = Annotated[Visitor, allowed("findings.write")]


@router.get("/agency/sheets")
def sheets(request: Request, visitor: MayRead, agency: Annotated[Code | None, Query()] = None) -> Response:
    """The sheet to fill in, and the form to bring it back by."""
    of = agency_desk(desk_of(request).office.line(), visitor, agency)
    return _page(request, of)


def _page(
    request: Request, of: AgencyDesk, done: Entered | None = None, fault: str = "", status: int = 200
) -> Response:
    rejects = done.read.rejects.parent.name if done and done.read and done.read.rejects else None
    return agency_page(request, "sheets.html", "/agency/sheets", of, status, done=done, fault=fault, rejects=rejects)


@router.get("/agency/sheets/findings.xlsx")
def template(
    request: Request, visitor: MayRead, agency: Annotated[Code, Query()], month: Annotated[Month | None, Query()] = None
) -> Response:
    """The workbook with every item of the agency's open visits."""
    desk = desk_of(request)
    of = agency_desk(desk.office.line(), visitor, agency)
    folder = tempfile.TemporaryDirectory(prefix="sheet-")
    path = File(folder.name) / "findings.xlsx"
    try:
        finding_template(desk.office, path, of.code, desk.clock(), month=month)
    except InspectionError as error:
        folder.cleanup()
        return _page(request, of, fault=error.text(visitor.language), status=status_of(error))
    name = f"检查结果-{of.agency.name}{f'-{month}' if month else ''}.xlsx"
    return FileResponse(path, filename=name, background=BackgroundTask(folder.cleanup))


@router.post("/agency/sheets")
def bring(
    request: Request, visitor: MayWrite, files: Annotated[list[UploadFile], Sent()], agency: Annotated[str, Form()]
) -> Response:
    """Good rows are entered; every faulty one is named, with what to do about it."""
    desk = desk_of(request)
    of = agency_desk(desk.office.line(), visitor, agency, "findings.write")
    actor = visitor.acting("findings.write", of.code)
    with on_disk(files) as stored:
        paths = [file.path for file in stored]
        limited = Actor(name=actor.name, role=actor.role, agency=of.code)
        try:
            done = work_steps.import_findings(desk.office, paths, limited, desk.clock())
        except InspectionError as error:
            request.state.outcome = error.code
            return _page(request, of, fault=error.text(visitor.language), status=status_of(error))
    return _page(request, of, done)


@router.get("/agency/sheets/rejects/{digest}")
def rejects(request: Request, digest: Annotated[str, Path(max_length=64)], visitor: MayWrite) -> Response:
    """The workbook of the rows refused, to be mended and brought again."""
    path = desk_of(request).office.workspace.quarantine / digest / "rejects.xlsx"
    # The name is the digest of what was refused: only who brought it knows it.
    if not re.fullmatch("[0-9a-f]{16,64}", digest) or not path.is_file():
        raise not_found(digest)
    return FileResponse(path, filename="rejects.xlsx")
