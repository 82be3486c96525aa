"""Registers: uploaded, and what is wrong with them seen in place."""

from __future__ import annotations

import re
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile

from inspection.errors import StoreError, message
from inspection.office import missing_registers
from inspection.registry.kept_faults import fault_counts, page_of_faults
from inspection.registry.settings import REGISTER_KINDS, RegisterKind
from inspection.registry.template import write_template
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.pages import Tile
from inspection.web.planner_desk import desk_page
from inspection.web.refusal import Refused, not_found
from inspection.web.uploads import on_disk

router = APIRouter()

TILES = (Tile(path="/registers", title="planner.registers", permission="registers.read", order=10),)
MOST_FAULTS = 100
MOST_FILES = 50


@router.get("/registers")
def registers(request: Request, visitor: Annotated[Visitor, allowed("registers.read")]) -> Response:
    """Rows of the registers imported last, and the form to import others."""
    desk = desk_of(request)
    snapshot, problem = None, ""
    try:
        snapshot = desk.office.snapshot()
    except StoreError as error:
        problem = "" if error.code == "cli.workspace.nosnapshot" else error.text(visitor.language)
    if problem:
        snapshot = desk.office.latest_snapshot()
    today = desk.clock().date().isoformat()
    return desk_page(
        request,
        "registers.html",
        "/registers",
        snapshot=snapshot,
        problem=problem,
        kinds=REGISTER_KINDS,
        today=today,
    )


async def uploads(request: Request) -> dict[RegisterKind, list[UploadFile]]:
    """The files of a form by the register they were chosen for; fields left empty are left out."""
    form = await request.form()
    found: dict[RegisterKind, list[UploadFile]] = {}
    for kind in REGISTER_KINDS:
        files = [each for each in form.getlist(kind) if isinstance(each, UploadFile) and each.filename]
        if files:
            found[kind] = files
    return found


async def import_day(request: Request) -> tuple[date | None, bool]:
    """The day certificates must be valid on, and whether one bad row stops the import."""
    form = await request.form()
    day = form.get("as_of")
    try:
        return date.fromisoformat(str(day)) if day else None, bool(form.get("strict"))
    except ValueError:
        raise Refused(422, "web.request", faults=f"as_of: {day}") from None


@router.post("/registers")
def import_registers(
    request: Request,
    visitor: Annotated[Visitor, allowed("registers.write")],
    files: Annotated[dict[RegisterKind, list[UploadFile]], Depends(uploads)],
    how: Annotated[tuple[date | None, bool], Depends(import_day)],
) -> Response:
    """The registers are taken in; every fault is on the page that follows."""
    desk = desk_of(request)
    if not files or sum(map(len, files.values())) > MOST_FILES:
        raise Refused(422, "planner.registers.nothing", most=MOST_FILES)
    day, strict = how
    flat = [(kind, file) for kind, several in files.items() for file in several]
    with on_disk([file for _, file in flat]) as stored:  # type: ignore[misc]  # FastAPI's class is a subclass
        paths: dict[RegisterKind, list[Path]] = {}
        for (kind, _), kept in zip(flat, stored, strict=True):
            paths.setdefault(kind, []).append(kept.path)
        report = desk.office.import_files(paths, mappings={}, as_of=day or desk.clock().date(), strict=strict)
    request.state.object = report.snapshot.digest if report.snapshot else "-"
    return desk_page(
        request,
        "imported.html",
        "/registers",
        report=report,
        missing=missing_registers(report.snapshot) if report.snapshot else (),
        digest=report.rejects.parent.name if report.rejects else "",
    )


@router.get("/registers/templates/{kind}")
def template(request: Request, kind: str, visitor: Annotated[Visitor, allowed("registers.read")]) -> Response:
    """An empty register to fill in."""
    known = next((each for each in REGISTER_KINDS if each == kind), None)
    if known is None:
        raise not_found(kind)
    folder = tempfile.TemporaryDirectory(prefix="template-")
    path = Path(folder.name) / f"{kind}.xlsx"
    write_template(known, path)
    name = message(f"file.{kind}", visitor.language)
    return FileResponse(path, filename=name, background=BackgroundTask(folder.cleanup))


@router.get("/registers/rejects/{digest}")
def rejects(
    request: Request,
    digest: str,
    visitor: Annotated[Visitor, allowed("registers.read")],
    after: Annotated[int, Query(ge=0)] = 0,
    which: Annotated[str, Query(max_length=120)] = "",
) -> Response:
    """Every fault of an import, page by page; of one register and reason where one is chosen."""
    folder = _folder(request, digest)
    register, _, code = which.partition(" ")
    found = page_of_faults(folder, after, MOST_FAULTS + 1, register=register, code=code)
    counts = fault_counts(folder)
    return desk_page(
        request,
        "rejects.html",
        "/registers",
        digest=digest,
        counts=counts,
        total=sum(each.count for each in counts),
        which=which,
        faults=[fault for _, fault in found[:MOST_FAULTS]],
        following=found[MOST_FAULTS - 1][0] if len(found) > MOST_FAULTS else None,
    )


@router.get("/registers/rejects/{digest}/rejects.xlsx")
def workbook(request: Request, digest: str, visitor: Annotated[Visitor, allowed("registers.read")]) -> Response:
    """The workbook of all refused rows, to be mended and imported again."""
    return FileResponse(_folder(request, digest) / "rejects.xlsx", filename="rejects.xlsx")


def _folder(request: Request, digest: str) -> Path:
    folder: Path = desk_of(request).office.workspace.quarantine / digest
    if not re.fullmatch("[0-9a-f]{16,64}", digest) or not (folder / "rejects.xlsx").is_file():
        raise not_found(digest)
    return folder
