"""Pages: templates with the visitor's language, form token and tiles at hand."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from inspection.errors import InspectionError, Language, message
from inspection.web.desk import VISITOR, Desk, Visitor, desk_of, is_api, language_of, visitor_of
from inspection.web.refusal import NotSignedIn, status_of

HERE = Path(__file__).parent


def environment() -> Environment:
    """Templates of the pages: everything is escaped, and a name that does not exist is an error, not a blank."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["count"] = lambda number: f"{number:,}"
    made.filters["percent"] = lambda share: f"{float(share) * 100:.1f}%"
    return made


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page made from a template.

    A template finds beside its own values: ``t(code, **params)`` for words, ``visitor``, ``csrf`` for its forms,
    ``language``, ``path``, and ``plan_name``.
    """
    desk, visitor = desk_of(request), visitor_of(request)
    browser = visitor.browser or secrets.token_urlsafe(16)
    values |= {
        "t": partial(_words, visitor.language),
        "visitor": visitor,
        "language": visitor.language,
        "csrf": desk.form_token(browser),
        "path": request.url.path,
        "is_htmx": "hx-request" in request.headers,
    }
    response = HTMLResponse(desk.templates.get_template(template).render(values), status)
    if not visitor.browser:
        set_cookie(desk, response, VISITOR, desk.sign(VISITOR, browser))
    response.headers["Content-Language"] = "zh-CN" if visitor.language == "zh" else "en"
    return response


def _words(language: Language, code: str, **params: object) -> str:
    return message(code, language, **params)


def see(path: str) -> RedirectResponse:
    """What was sent is done; look there (303). A reload sends nothing again."""
    return RedirectResponse(path, status_code=303)


def set_cookie(desk: Desk, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """The browser keeps the cookie, out of reach of scripts and other sites; without seconds until it ends."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=desk.settings.secure, path="/"
    )


def own_path(text: str | None) -> str:
    """A path of this site to go to next; the first page for anything else, so that nobody is led away."""
    if text is None or not text.startswith("/") or text.startswith(("//", "/\\")) or not text.isprintable():
        return "/"
    return text


def error_page(request: Request, error: InspectionError) -> Response:
    """The error as a page; whoever has to sign in first is sent there."""
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return see(f"/sign-in?next={_quoted(request)}")
    return _error_page(request, status_of(error), error.text(language_of(request)))


def plain_error_page(request: Request, status: int) -> Response:
    """A status of HTTP as a page."""
    known = status if status in (404, 405) else 500
    return _error_page(request, status, message(f"web.error.{known}", language_of(request)))


def _error_page(request: Request, status: int, text: str) -> Response:
    try:
        visitor_of(request)
    except Exception:
        # The error is about who it is, or the store does not answer: the page then knows nobody.
        request.state.visitor = Visitor(account=None, via="nothing", browser="", language=language_of(request))
    return page(request, "error.html", status, number=status, text=text)


def _quoted(request: Request) -> str:
    from urllib.parse import quote

    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path + query, safe="/")


__all__ = ["environment", "error_page", "is_api", "own_path", "page", "plain_error_page", "see", "set_cookie"]
