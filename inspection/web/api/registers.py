"""Registers: taken in with every bad row named, and looked up."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi import Path as Segment
from fastapi.responses import FileResponse, Response

from inspection.errors import Language
from inspection.office import missing_registers
from inspection.questions.machine_facts import import_facts, plain
from inspection.registry.firm_pages import page_of_firms
from inspection.registry.report import Fault
from inspection.registry.settings import REGISTER_KINDS, RegisterKind
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.forms import Facts
from inspection.web.paging import Page, Paging, paging
from inspection.web.refusal import Refused, not_found
from inspection.web.uploads import Stored, on_disk
from inspection.web.writing import once

router = APIRouter(tags=["registers"])

MOST_FILES = 50


@router.get("/registers", response_model=Facts)
def registers(request: Request, visitor: Annotated[Visitor, allowed("registers.read")]) -> Facts:
    """Rows of the registers imported last."""
    snapshot = desk_of(request).office.snapshot()
    return {
        "snapshot": snapshot.digest,
        "rows": dict(snapshot.counts),
        "firms": plain(snapshot.firm_counts),
        "missing": list(missing_registers(snapshot)),
    }


@router.post("/registers", response_model=Facts)
def import_registers(
    request: Request,
    visitor: Annotated[Visitor, allowed("registers.write")],
    files: Annotated[list[UploadFile], File(max_length=MOST_FILES)],
    kinds: Annotated[list[str], Form(max_length=MOST_FILES)],
    as_of: Annotated[date | None, Form()] = None,
    strict: Annotated[bool, Form()] = False,
) -> Response:
    """Take registers in: ``kinds`` names the register of each of ``files``, in the same order.

    Every fault is counted, the first of each kind is shown with file, row, column, value and remedy; all bad rows are
    in the workbook at ``rejects``.
    """
    desk = desk_of(request)
    if len(kinds) == 1 and len(files) > 1:
        # Programs that cannot repeat a field send the kinds in one.
        kinds = kinds[0].split(",")
    if len(kinds) != len(files) or set(kinds) - set(REGISTER_KINDS):
        raise Refused(422, "web.registers.kinds", known=", ".join(REGISTER_KINDS), files=len(files), kinds=len(kinds))
    day = as_of or desk.clock().date()

    with on_disk(files) as stored:
        given = {"files": [[kind, file.digest] for kind, file in zip(kinds, stored, strict=True)]}
        paths = _by_register(kinds, stored)
        return once(
            request,
            given | {"as_of": day, "strict": strict},
            lambda: _import(request, paths, day, strict, visitor.language),
        )


def _by_register(kinds: list[str], stored: list[Stored]) -> dict[RegisterKind, list[Path]]:
    return {
        register: [file.path for kind, file in zip(kinds, stored, strict=True) if kind == register]
        for register in REGISTER_KINDS
        if register in kinds
    }


def _import(
    request: Request, files: dict[RegisterKind, list[Path]], day: date, strict: bool, language: Language
) -> Facts:
    report = desk_of(request).office.import_files(files, mappings={}, as_of=day, strict=strict)
    facts = import_facts(report, language)
    facts["examples"] = [_fault(fault, language) for fault in report.examples]
    facts["rejects"] = f"/api/v1/registers/rejects/{report.rejects.parent.name}" if report.rejects else None
    request.state.object = report.snapshot.digest if report.snapshot else "-"
    return facts


def _fault(fault: Fault, language: Language) -> Facts:
    return {**asdict(fault), "reason": fault.reason(language), "remedy": fault.remedy(language)}


@router.get("/registers/rejects/{digest}", response_class=FileResponse)
def rejects(
    request: Request,
    digest: Annotated[str, Segment(max_length=64)],
    visitor: Annotated[Visitor, allowed("registers.read")],
) -> FileResponse:
    """The workbook of all rows an import refused, to be mended and imported again."""
    path = desk_of(request).office.workspace.quarantine / digest / "rejects.xlsx"
    if not re.fullmatch("[0-9a-f]{16,64}", digest) or not path.is_file():
        raise not_found(digest)
    return FileResponse(path, filename="rejects.xlsx")


@router.get("/firms", response_model=Page[Facts])
def firms(
    request: Request,
    visitor: Annotated[Visitor, allowed("registers.read")],
    paged: Annotated[Paging, Depends(paging)],
    text: Annotated[str, Query(max_length=100, description="part of a name or code")] = "",
) -> Any:
    """Firms of the registers imported last, by code."""
    after = paged.after(str)
    snapshot = desk_of(request).office.snapshot()
    found = page_of_firms(snapshot.firms, text.strip(), after[0] if after else "", paged.limit + 1)
    return paged.page(found, lambda firm: (firm.firm,), lambda firm: plain(asdict(firm)))
