"""Before any handler runs: form tokens, rate limits. After it: the trail. Around it: headers and sizes of bodies."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders

from inspection.web.desk import SAFE, SESSION, Desk, Visitor, desk_of, is_api, visitor_of
from inspection.web.refusal import Refused

logger = logging.getLogger(__name__)

TOKEN_HEADER = "x-csrf-token"
TOKEN_FIELD = "csrf"
SMALL_BODY: Final = 2 * 1024 * 1024
FORM: Final = 64 * 1024

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(self), payment=()",
}


async def guarded(request: Request, visitor: Visitor = Depends(visitor_of)) -> None:  # noqa: B008 FastAPI's way
    """What writes is meant by who sends it, and not too often.

    Raises:
        Refused: 403, the form token is missing or another's; 429, too many writes.
    """
    if request.method in SAFE:
        return
    desk = desk_of(request)
    if visitor.via != "key" and (visitor.account is not None or not is_api(request)):
        _require_same_site(request)
        await _require_token(request, desk, visitor)
    who = visitor.actor or f"address {address_of(request)}"
    if wait := desk.writes.seconds_to_wait(who, desk.clock()):
        raise Refused(429, "web.too_many", seconds=wait)


def _require_same_site(request: Request) -> None:
    """Browsers say where a request comes from; one from elsewhere is refused whatever token it bears."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(403, "web.form")


async def _require_token(request: Request, desk: Desk, visitor: Visitor) -> None:
    given = request.headers.get(TOKEN_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        field = (await request.form()).get(TOKEN_FIELD)
        given = field if isinstance(field, str) else None
    expected = desk.form_token(visitor.browser)
    if not visitor.browser or given is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refused(403, "web.form")


def address_of(request: Request) -> str:
    """Where the request came from; behind a proxy only if the server was told to trust its word."""
    return request.client.host if request.client is not None else "-"


class Frame:
    """Around the whole application: headers on every answer, a bound on every body, a line of the trail for every
    write.
    """

    def __init__(self, app: App, desk: Desk) -> None:
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        bound = self._bound(headers)

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(scope, message)
                if scope["method"] not in SAFE:
                    await run_in_threadpool(self._record, scope, message["status"])
            await send(message)

        if int(_digits(headers.get("content-length"))) > bound:
            await _too_large(framed)
            return
        await self.app(scope, _bounded(receive, bound), framed)

    def _bound(self, headers: Headers) -> int:
        """The most bytes a body may have; files are taken from those alone who may be known."""
        kind = headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            return FORM if kind.startswith("application/x-www-form-urlencoded") else SMALL_BODY
        cookies = headers.get("cookie", "")
        token = next((part.strip() for part in cookies.split(";") if part.strip().startswith(f"{SESSION}=")), "")
        is_known = self.desk.signed(SESSION, token.removeprefix(f"{SESSION}=")) is not None
        if is_known or headers.get("authorization"):
            return self.desk.settings.upload_megabytes * 1024 * 1024
        return FORM

    def _add_headers(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if self.desk.settings.secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        headers.setdefault("Cache-Control", "no-store")

    def _record(self, scope: Scope, status: int) -> None:
        """The trail says who wrote what; what nobody may (404, 405) is not an action."""
        route = scope.get("route")
        if route is None:
            return
        state = scope.get("state", {})
        visitor: Visitor | None = state.get("visitor")
        action = state.get("action") or getattr(route, "name", "-")
        object = state.get("object") or "/".join(str(value) for value in scope.get("path_params", {}).values())
        outcome = state.get("outcome") or ("done" if status < 400 else str(status))
        try:
            actor = state.get("actor", visitor.actor if visitor else "")
            self.desk.record(actor, action, object, outcome)
        except Exception:
            # The action itself is stored and has its own record there; the answer must not say that it failed.
            logger.exception("an action is missing from the trail", extra={"event": "trail.failed", "action": action})


def _digits(text: str | None) -> str:
    return text if text is not None and text.isdecimal() and len(text) < 16 else "0"


class BodyTooLarge(Refused):
    """More bytes came than were announced or allowed."""

    def __init__(self) -> None:
        super().__init__(413, "web.body")


def _bounded(receive: Receive, bound: int) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > bound:
            raise BodyTooLarge
        return message

    return bounded


async def _too_large(send: Send) -> None:
    body = b'{"type":"urn:open-draw:error:web.body","title":"Content Too Large","status":413,"code":"web.body"}'
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
