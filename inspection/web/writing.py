"""Requests that write: carried out once however often they are sent with the same idempotency key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from inspection.questions.machine_facts import plain, to_json
from inspection.store import answers_kept
from inspection.web.desk import desk_of, visitor_of
from inspection.web.refusal import Refused

HEADER = "idempotency-key"
KEY = re.compile(r"[!-~]{1,100}")


def answer(facts: Mapping[str, Any], status: int = 200) -> JSONResponse:
    """The facts as JSON."""
    return JSONResponse(plain(facts), status)


def once(
    request: Request, given: Mapping[str, Any], act: Callable[[], Mapping[str, Any]], status: int = 200
) -> Response:
    """The answer to a request that writes; with an ``Idempotency-Key``, a repeat gets the first answer again.

    A refusal is not kept: whoever corrects what was wrong may use the key again.

    Args:
        given: what the request holds, beside method and path; the key stands for exactly this.
        act: does what is asked and says what came of it.

    Raises:
        Refused: 422, the key has another form or stands for another request; 409, the first is still being worked on.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return answer(act(), status)
    if not KEY.fullmatch(key):
        raise Refused(422, "web.idempotency.form")
    desk, actor = desk_of(request), visitor_of(request).actor
    digest = _digest(request, given)
    with desk.store.writing() as connection:
        kept = answers_kept.claim(connection, actor, key, digest, desk.clock())
    if kept is not None:
        return _again(request, kept, digest)
    try:
        body = to_json(act())
    except BaseException:
        with desk.store.writing() as connection:
            answers_kept.release(connection, actor, key)
        raise
    with desk.store.writing() as connection:
        answers_kept.keep(connection, actor, key, status, body)
    return Response(body, status, media_type="application/json")


def _again(request: Request, kept: answers_kept.Kept, digest: str) -> Response:
    if kept.request != digest:
        raise Refused(422, "web.idempotency.other")
    if kept.status is None or kept.body is None:
        raise Refused(409, "web.idempotency.running")
    request.state.outcome = "repeated"
    headers = {"Idempotency-Replayed": "true"}
    return Response(kept.body, kept.status, headers, media_type="application/json")


def _digest(request: Request, given: Mapping[str, Any]) -> str:
    text = json.dumps([request.method, request.url.path, plain(given)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
