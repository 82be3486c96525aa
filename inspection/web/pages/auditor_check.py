"""The auditor's proof of the plan, replayed in the browser; past draws examined for what chance does not explain."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from inspection.errors import InspectionError
from inspection.questions.plan_audit import examine_archives, examine_plan, whole_archive
from inspection.questions.public_view import checker_digests
from inspection.web.auditor_desk import auditor_page
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.refusal import Refused, status_of
from inspection.web.uploads import on_disk

if TYPE_CHECKING:
    from inspection.history.examine import Audit

router = APIRouter()

MOST_FILES = 20

MayAudit = Annotated[Visitor, allowed("bundle.read")]


@router.get("/audit/check")
def check(request: Request, visitor: MayAudit) -> Response:
    """The whole bundle, to be taken home or replayed here."""
    line = desk_of(request).office.line()
    return auditor_page(
        request,
        "check.html",
        "/audit/check",
        digests=checker_digests(),
        bundle="/audit/bundle.zip",
        is_ready=bool(line.workspace.log.checkpoints()),
    )


@router.get("/audit/bundle.zip")
def bundle(request: Request, visitor: MayAudit) -> Response:
    """Everything that proves the plan: registers, names of inspectors, secrets. The trail says who took it."""
    desk = desk_of(request)
    line = desk.office.line()
    folder = tempfile.TemporaryDirectory(prefix="bundle-")
    try:
        path = Path(folder.name) / f"bundle-{line.name}.zip"
        whole_archive(line, path)
    except BaseException:
        folder.cleanup()
        raise
    desk.record(visitor.actor, "bundle.read", line.name, "done")
    return FileResponse(
        path, filename=path.name, media_type="application/zip", background=BackgroundTask(folder.cleanup)
    )


@router.get("/audit/history")
def history(request: Request, visitor: MayAudit) -> Response:
    """The form: bundles of past years, or this plan's own draws."""
    return auditor_page(request, "history.html", "/audit/history", audit=None, fault="")


@router.post("/audit/history")
def examined(
    request: Request, visitor: MayAudit, bundles: Annotated[list[UploadFile] | None, File()] = None
) -> Response:
    """What chance does not explain in the bundles, or in this plan where none is given."""
    desk = desk_of(request)
    given = [each for each in bundles or () if each.filename]
    if len(given) > MOST_FILES:
        raise Refused(422, "auditor.history.many", most=MOST_FILES)
    if not given:
        return _shown(request, visitor, lambda: examine_plan(desk.office.line()))
    with on_disk(given) as stored:
        paths = [each.path for each in stored]
        return _shown(request, visitor, lambda: examine_archives(paths))


def _shown(request: Request, visitor: Visitor, examine: Callable[[], Audit]) -> Response:
    desk = desk_of(request)
    if not desk.examining.acquire(blocking=False):
        raise Refused(409, "auditor.history.busy")
    try:
        audit = examine()
    except InspectionError as error:
        request.state.outcome = error.code
        own = {"audit.folder.empty": "auditor.history.none", "audit.folder.public": "auditor.history.public"}
        told = Refused(422, own[error.code]) if error.code in own else error
        return auditor_page(
            request,
            "history.html",
            "/audit/history",
            status_of(told),
            audit=None,
            fault=told.text(visitor.language),
        )
    finally:
        desk.examining.release()
    return _report(request, visitor, audit)


def _report(request: Request, visitor: Visitor, audit: Audit) -> Response:
    from inspection.history import words

    language = visitor.language
    return auditor_page(
        request,
        "history.html",
        "/audit/history",
        fault="",
        audit=audit,
        verdict=words.verdict(audit, language),
        read=words.read_line(audit, language),
        alarms=[words.line(each, language) for each in audit.alarms],
        notable=[words.line(each, language) for each in audit.notable],
        families=[
            (name, basis, tests, "–" if least is None else words.chance(least, language), verdict)
            for name, basis, tests, least, verdict in (
                words.family_row(each, audit, language) for each in audit.families
            )
        ],
        changed=words.change_rows(audit.history.happenings, language),
        redraws=[words.redraw_line(each, language) for each in audit.history.redraws],
        notes=words.notes(audit, language),
        method=words.method(audit, language),
    )
