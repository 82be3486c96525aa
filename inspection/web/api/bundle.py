"""Bundles as archives: the auditor's with everything, the public's without tiers, names and unopened visits."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from inspection import service
from inspection.web.desk import Visitor, allowed, desk_of

router = APIRouter(tags=["bundle"])


@router.get("/bundle", response_class=FileResponse)
def bundle(request: Request, visitor: Annotated[Visitor, allowed("bundle.read")]) -> FileResponse:
    """The auditor's proof of the plan as a zip: unpack it and run its verify.py. The trail says who took it."""
    desk = desk_of(request)
    line = desk.office.line()
    folder = tempfile.TemporaryDirectory(prefix="bundle-")
    try:
        made = service.bundle(line, Path(folder.name) / f"bundle-{line.name}")
        archive = shutil.make_archive(str(made), "zip", made.parent, made.name)
    except BaseException:
        folder.cleanup()
        raise
    desk.record(visitor.actor, "bundle.read", line.name, "done")
    return FileResponse(
        archive,
        filename=f"bundle-{line.name}.zip",
        media_type="application/zip",
        background=BackgroundTask(folder.cleanup),
    )
