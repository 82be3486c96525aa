"""Papers to print, and files kept with visits: announcement, check notice, on-site record; photos, signed sheets."""

from __future__ import annotations

import tempfile
from pathlib import Path as File
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from inspection.documents.visit_papers import PaperName
from inspection.office import CHINA
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.own_visits import require_visible
from inspection.web.refusal import not_found
from inspection.work import paper_steps
from inspection.work.visit_sheet import VisitSheet, visit_sheet

router = APIRouter()

MayRead = Annotated[Visitor, allowed("visits.read")]
Label = Annotated[str, Path(max_length=200)]
Suffix = Literal["docx", "pdf"]


@router.get("/papers/announcement.{suffix}")
def announcement(request: Request, suffix: Suffix, visitor: Annotated[Visitor, allowed("plan.read")]) -> Response:
    """The announcement of the plan."""
    return _paper(request, "announcement", "", suffix)


@router.get("/papers/{name}/{label}.{suffix}")
def visit_paper(
    request: Request, name: Literal["notice", "record"], label: Label, suffix: Suffix, visitor: MayRead
) -> Response:
    """A check notice or an on-site record of a visit the visitor may see."""
    _visible(request, visitor, label)
    return _paper(request, name, label, suffix)


def _paper(request: Request, name: PaperName, label: str, suffix: Suffix) -> Response:
    desk = desk_of(request)
    line, today = desk.office.line(), desk.clock().astimezone(CHINA).date()
    folder = tempfile.TemporaryDirectory(prefix="paper-")
    path = File(folder.name) / f"paper.{suffix}"
    try:
        paper_steps.write(line, name, label, path, today, str(request.base_url))
    except BaseException:
        folder.cleanup()
        raise
    shown = paper_steps.file_name(line, name, label, path.suffix)
    return FileResponse(path, filename=shown, background=BackgroundTask(folder.cleanup))


def _visible(request: Request, visitor: Visitor, label: str) -> VisitSheet:
    """The sheet of a visit the visitor may see."""
    line = desk_of(request).office.line()
    sheet = visit_sheet(line, label)
    require_visible(line, visitor, label, [each.part.state for each in sheet.agencies])
    return sheet


@router.get("/papers/file/{label}/{digest}")
def kept_file(
    request: Request, label: Label, digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], visitor: MayRead
) -> Response:
    """A photo or signed paper of a visit the visitor may see."""
    files = (file for share in _visible(request, visitor, label).agencies for file in share.files)
    found = next((file for file in files if file.digest == digest), None)
    if found is None:
        raise not_found(digest[:12])
    # Sandboxed: nothing in a file acts for the page; browsers show pictures so, but no PDF, which is handed over.
    headers = {"Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"}
    shown = "inline" if found.media.startswith("image/") else "attachment"
    path = desk_of(request).office.line().kept(digest)
    return FileResponse(
        path, media_type=found.media, filename=found.name, content_disposition_type=shown, headers=headers
    )
