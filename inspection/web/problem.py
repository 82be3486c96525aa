"""Errors as programs get them: application/problem+json (RFC 9457), in the language they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from inspection.errors import InspectionError, message
from inspection.web.desk import is_api, language_of
from inspection.web.guard import HEADERS
from inspection.web.refusal import Refused, status_of
from inspection.web.view import error_page, plain_error_page

MEDIA = "application/problem+json"


class Fault(BaseModel):
    """One thing wrong with a request: where, and what."""

    where: str
    what: str


class Problem(BaseModel):
    """RFC 9457, with our code and, where a request has several faults, all of them."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault] = []


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": HTTPStatus(status).phrase, "content": {MEDIA: {}}}
    for status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503)
}
"""What any operation may answer beside what it is for."""


def problem(request: Request, status: int, code: str, detail: str, errors: Sequence[Fault] = ()) -> JSONResponse:
    """The answer that says what is wrong."""
    body = Problem(
        type=f"urn:open-draw:error:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=list(errors),
    )
    headers = {"Content-Language": "zh-CN" if language_of(request) == "zh" else "en", "Vary": "Accept-Language"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(), status, headers, media_type=MEDIA)


def _domain(request: Request, error: InspectionError) -> Response:
    request.state.outcome = error.code
    if not is_api(request):
        return error_page(request, error)
    answer = problem(request, status_of(error), error.code, error.text(language_of(request)))
    if isinstance(error, Refused) and error.status == 429:
        answer.headers["Retry-After"] = str(error.params["seconds"])
    return answer


def _malformed(request: Request, error: RequestValidationError) -> Response:
    language = language_of(request)
    faults = [
        Fault(where=".".join(map(str, each["loc"])), what=_what(each, language == "zh")) for each in error.errors()
    ]
    detail = message("web.request", language, faults="; ".join(f"{each.where}: {each.what}" for each in faults[:20]))
    if not is_api(request):
        return error_page(request, Refused(422, "web.request", faults=detail))
    return problem(request, 422, "web.request", detail, faults)


def _what(fault: dict[str, Any], is_chinese: bool) -> str:
    if not is_chinese:
        return str(fault["msg"])
    code = {"missing": "missing", "json_invalid": "json", "extra_forbidden": "extra"}.get(fault["type"], "value")
    return message(f"web.request.{code}", "zh", reason=fault["msg"])


def _plain(request: Request, error: HTTPException) -> Response:
    if not is_api(request):
        return plain_error_page(request, error.status_code)
    known = error.status_code if error.status_code in (404, 405) else 400
    answer = problem(
        request, error.status_code, f"web.error.{known}", message(f"web.error.{known}", language_of(request))
    )
    answer.headers.update({k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"})
    return answer


def _unforeseen(request: Request, error: Exception) -> Response:
    if is_api(request):
        answer: Response = problem(request, 500, "web.error.500", message("web.error.500", language_of(request)))
    else:
        answer = plain_error_page(request, 500)
    # This one answer is given outside the frame that adds them to all others.
    answer.headers.update(HEADERS)
    return answer


def add_handlers(app: FastAPI) -> None:
    """Every error becomes a page for people and a problem for programs, never a trace."""
    handlers: dict[type[Exception], Any] = {
        InspectionError: _domain,
        RequestValidationError: _malformed,
        HTTPException: _plain,
        Exception: _unforeseen,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
