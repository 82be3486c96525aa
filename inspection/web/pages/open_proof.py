"""Proofs for everybody: the log, a firm's own proof, and the whole draw checked in the visitor's browser."""

from __future__ import annotations

import json
import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import FileResponse, Response

from inspection.documents.firm_proof import proof_lines
from inspection.errors import InspectionError, PublishError
from inspection.questions.public_view import (
    changes_told,
    checker_digests,
    opened_visits,
    public_archive,
    public_entries,
    sighted_checkpoints,
)
from inspection.steps.line import Line
from inspection.steps.public_proof import prove
from inspection.web.desk import desk_of, visitor_of
from inspection.web.guard import address_of
from inspection.web.open_desk import open_line, open_page
from inspection.web.refusal import Refused, not_found

router = APIRouter()

ROWS = 100
FIRM = re.compile(r"[0-9A-Z]{1,40}")


@router.get("/open/log")
def log(request: Request, before: Annotated[int, Query(ge=0, le=2**53)] = 2**53) -> Response:
    """The log, newest entries first; checkpoints and who saw them; how often a draw was changed afterwards."""
    line = open_line(request)
    if line is None:
        return open_page(request, "log.html", "/open/log", line=None)
    entries = public_entries(line)
    shown = [each for each in reversed(entries) if each.position < before][:ROWS]
    return open_page(
        request,
        "log.html",
        "/open/log",
        line=line,
        entries=shown,
        older=shown[-1].position if shown and shown[-1].position else 0,
        total=len(entries),
        checkpoints=sighted_checkpoints(line),
        changes=changes_told(entries),
        key=line.workspace.log.key.text,
    )


@router.get("/open/prove")
def prove_form(request: Request) -> Response:
    """The box for a firm's code."""
    return open_page(request, "prove.html", "/open/prove", firm="", proof=None, told=(), fault="")


@router.post("/open/prove")
def proof_of_firm(
    request: Request, firm: Annotated[str, Form(max_length=80)] = "", form: Annotated[str, Form()] = "page"
) -> Response:
    """The firm's own proof: shown and checked in its browser, or as a file. What was typed is written down nowhere."""
    desk, language = desk_of(request), visitor_of(request).language
    code = "".join(firm.upper().split())
    line = open_line(request)
    try:
        proof = _proof(request, line, code)
    except InspectionError as error:
        # The trail tells that somebody asked and what came of it, never for which firm.
        request.state.outcome = error.code
        status = error.status if isinstance(error, Refused) else 404
        told = error.text(language)
        return open_page(request, "prove.html", "/open/prove", status, firm=code[:40], proof=None, told=(), fault=told)
    name = f"{code}.proof.json"
    if form == "file":
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(proof, media_type="application/json", headers=headers)
    lines = proof_lines(json.loads(proof), name, language)
    return open_page(
        request, "prove.html", "/open/prove", firm=code, proof=proof.decode(), told=lines, fault="", now=desk.clock()
    )


def _proof(request: Request, line: Line | None, code: str) -> bytes:
    desk = desk_of(request)
    if not FIRM.fullmatch(code):
        raise Refused(422, "open.prove.code")
    if line is None:
        raise Refused(404, "open.none")
    if wait := desk.proofs.seconds_to_wait(address_of(request), desk.clock()):
        raise Refused(429, "web.too_many", seconds=wait)
    with desk.making:
        try:
            return prove(line, code, desk.clock(), opened_visits(line, desk.clock()))
        except PublishError as error:
            if error.code != "public.prove.unregistered":
                raise
            raise Refused(404, "open.prove.unknown", firm=code, plan=line.plan.name) from None


@router.get("/open/check")
def check(request: Request) -> Response:
    """Check this draw yourself: the bundle is fetched and replayed in the visitor's browser."""
    line = open_line(request)
    return open_page(
        request,
        "check.html",
        "/open/check",
        line=line,
        is_committed=line is not None and bool(line.workspace.log.checkpoints()),
        digests=checker_digests(),
        bundle="/open/bundle.zip",
        checker="verify_public.py",
    )


@router.get("/open/bundle.zip")
def bundle(request: Request) -> Response:
    """The public bundle: without tiers, inspectors and visits that are not open."""
    desk, line = desk_of(request), open_line(request)
    if line is None:
        raise not_found("bundle")
    with desk.making:
        path = public_archive(line, desk.clock())
    return FileResponse(path, filename=f"public-{line.name}.zip", media_type="application/zip")
