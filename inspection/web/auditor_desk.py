"""What the auditor's pages share: the doors between them."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from inspection.web.open_desk import when
from inspection.web.view import page

DOORS = (
    ("/audit", "auditor.home"),
    ("/audit/draws", "auditor.draws"),
    ("/audit/log", "auditor.log"),
    ("/audit/changes", "auditor.changes"),
    ("/audit/figures", "auditor.figures"),
    ("/audit/check", "auditor.check"),
    ("/audit/history", "auditor.history"),
)


def auditor_page(request: Request, template: str, here: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the auditor with the doors to the others."""
    return page(request, f"auditor/{template}", status, doors=DOORS, here=here, when=when, **values)
