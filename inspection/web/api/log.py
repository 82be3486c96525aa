"""The public log: readable by anybody, as C2SP tiles for standard witnesses and as entries in order."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import PlainTextResponse, Response

from inspection.draw.log import LogCopy
from inspection.draw.tiles import log_files
from inspection.publish.log_tiles import pack_notes
from inspection.web.desk import desk_of
from inspection.web.forms import Facts
from inspection.web.paging import Page, Paging, paging
from inspection.web.refusal import not_found

router = APIRouter(tags=["log"])

IS_PUBLIC = True
"""The log is everybody's to read."""

FOR_EVER = "public, max-age=31536000, immutable"
"""A tile once published never changes."""


def _copy(request: Request) -> LogCopy:
    return desk_of(request).office.workspace.log.copy()


@router.get("/log", response_model=Page[Facts])
def entries(request: Request, paged: Annotated[Paging, Depends(paging)]) -> Any:
    """Entries that the newest checkpoint covers, in order."""
    after = paged.after(int)
    first = max(after[0] + 1, 0) if after else 0
    lines = list(enumerate(_copy(request).lines))[first : first + paged.limit + 1]
    return paged.page(lines, lambda row: (row[0],), lambda row: {"position": row[0], "entry": json.loads(row[1])})


@router.get("/log/key", response_class=PlainTextResponse)
def key(request: Request) -> PlainTextResponse:
    """The log's verifier key."""
    return PlainTextResponse(f"{desk_of(request).office.workspace.log.key.text}\n")


@router.get("/log/checkpoint", response_class=PlainTextResponse)
def checkpoint(request: Request) -> PlainTextResponse:
    """The newest signed checkpoint, with the lines of witnesses."""
    notes = desk_of(request).office.workspace.log.checkpoints()
    if not notes:
        raise not_found("checkpoint")
    return PlainTextResponse(notes[max(notes)])


@router.get("/log/checkpoints.jsonl", response_class=PlainTextResponse)
def checkpoints(request: Request) -> Response:
    """Every checkpoint ever signed, one canonical JSON object a line."""
    return Response(pack_notes(desk_of(request).office.workspace.log.checkpoints()), media_type="text/plain")


@router.get("/log/checkpoints/{size}", response_class=PlainTextResponse)
def checkpoint_of(request: Request, size: Annotated[int, Path(ge=1, le=2**53)]) -> PlainTextResponse:
    """The checkpoint over so many entries."""
    note = desk_of(request).office.workspace.log.checkpoints().get(size)
    if note is None:
        raise not_found(f"checkpoint {size}")
    return PlainTextResponse(note)


@router.get("/log/tile/{place:path}", response_class=Response)
def tile(request: Request, place: Annotated[str, Path(max_length=200)]) -> Response:
    """A tile of hashes or a bundle of entries (C2SP tlog-tiles); the log's prefix is /api/v1/log."""
    copy = _copy(request)
    wanted = f"tile/{place}"
    found = next((data for name, data in log_files(copy.lines, copy.notes) if name == wanted), None)
    if found is None:
        raise not_found(wanted)
    return Response(found, media_type="application/octet-stream", headers={"Cache-Control": FOR_EVER})


@router.get("/log/timestamps/{size}/{name}", response_class=Response)
def timestamp(
    request: Request, size: Annotated[int, Path(ge=1, le=2**53)], name: Annotated[str, Path(max_length=80)]
) -> Response:
    """A timestamp authority's answer over a checkpoint."""
    answers = desk_of(request).office.workspace.log.timestamps().get(size, {})
    found = answers.get(name.removesuffix(".tsr"))
    if found is None or not name.endswith(".tsr"):
        raise not_found(f"timestamp {size}/{name}")
    return Response(found, media_type="application/timestamp-reply")
