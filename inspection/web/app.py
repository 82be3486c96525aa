"""The application: one workspace's page and API, made by ``create_app`` and served by any ASGI server."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from inspection.office import Office, now
from inspection.web.api import api_modules
from inspection.web.desk import Desk, keep_secret
from inspection.web.guard import Frame, guarded
from inspection.web.limits import Limit
from inspection.web.pages import all_tiles, page_modules
from inspection.web.problem import RESPONSES, add_handlers
from inspection.web.settings import Settings, read_settings
from inspection.web.view import HERE, environment

if TYPE_CHECKING:
    from os import PathLike, stat_result

    from starlette.types import Scope

MEDIA = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
WORKSPACE = "INSPECTION_SERVE_WORKSPACE"
"""How the workspace reaches workers that import ``serve_app`` by name."""


def create_app(
    folder: Path, settings: Settings | None = None, clock: Callable[[], datetime] = now, office: Office | None = None
) -> FastAPI:
    """Page and API of the workspace in the folder.

    Args:
        settings: those of the workspace's web.toml when left out.
        office: opened already; its database stays open as long as the application lives.

    Raises:
        StoreError, InputError: there is no workspace, or its settings cannot be used.
    """
    desk = _desk(office or Office.opened(folder), settings or read_settings(folder), clock)
    app = FastAPI(
        title="open draw 开放抽取",
        version=metadata.version("open-draw"),
        description="Plans, draws and proves the yearly random joint inspection of firms (双随机、一公开).",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(guarded)],
    )
    app.state.desk = desk
    app.add_middleware(Frame, desk=desk)
    add_handlers(app)
    # Said in the OpenAPI alone: who calls is found out by ``visitor_of``.
    bearer = HTTPBearer(auto_error=False, description="An API key (inspection account key); or a session's cookie.")
    for module in api_modules():
        needs = [] if getattr(module, "IS_PUBLIC", False) else [Depends(bearer)]
        app.include_router(module.router, prefix="/api/v1", responses=RESPONSES, dependencies=needs)
    for module in page_modules():
        app.include_router(module.router, include_in_schema=False)
    app.mount("/static", Assets(directory=HERE / "static"), name="static")
    return app


def serve_app() -> FastAPI:
    """As ``create_app``, for a worker that knows its workspace by the environment."""
    return create_app(Path(os.environ[WORKSPACE]))


def _desk(office: Office, settings: Settings, clock: Callable[[], datetime]) -> Desk:
    return Desk(
        office=office,
        settings=settings,
        secret=keep_secret(office.workspace.folder),
        templates=environment(),
        tiles=all_tiles(),
        clock=clock,
        writes=Limit(most=settings.writes_a_minute, span=timedelta(minutes=1)),
    )


class Assets(StaticFiles):
    """Scripts, styles and pictures of the page: always asked for anew, sent again only when they changed."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file with its media type, which is never left to what the machine knows of types."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        kind = MEDIA.get(Path(full_path).suffix)
        if kind is not None and "content-type" in response.headers:
            response.headers["Content-Type"] = f"{kind}; charset=utf-8"
        response.headers["Cache-Control"] = "no-cache"
        return response
