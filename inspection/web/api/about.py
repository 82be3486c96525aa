"""What answers here."""

from __future__ import annotations

from importlib import metadata

from fastapi import APIRouter

from inspection.web.forms import Facts

router = APIRouter(tags=["access"])

IS_PUBLIC = True
"""Nobody has to be known."""


@router.get("/", response_model=Facts)
def about() -> Facts:
    """The product, its version, and where its OpenAPI is."""
    return {"product": "open draw", "version": metadata.version("open-draw"), "openapi": "/api/openapi.json"}
