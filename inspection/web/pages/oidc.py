"""To the bureau's own sign-in service and back."""

from __future__ import annotations

import hmac
import json

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from inspection.store.accounts import account_of_subject
from inspection.web.desk import desk_of
from inspection.web.guard import address_of
from inspection.web.oidc import Provider
from inspection.web.pages.start import signed_in
from inspection.web.refusal import Refused, not_found
from inspection.web.view import own_path, set_cookie

router = APIRouter()

COOKIE = "od_oidc"
MINUTES = 10


@router.get("/oidc/start")
def start(request: Request, next: str = "/") -> Response:
    """The browser goes to the service; a signed cookie keeps what its answer must match."""
    desk = desk_of(request)
    if desk.settings.oidc is None:
        raise not_found("oidc")
    if wait := desk.tries_of_address.seconds_to_wait(address_of(request), desk.clock()):
        raise Refused(429, "web.too_many", seconds=wait)
    address, kept = Provider.discovered(desk.settings.oidc).begin(_back(request))
    response = RedirectResponse(address, status_code=303)
    text = json.dumps({**kept, "next": own_path(next), "until": desk.clock().timestamp() + MINUTES * 60})
    set_cookie(desk, response, COOKIE, desk.sign(COOKIE, text), MINUTES * 60)
    return response


@router.get("/oidc/back")
def back(request: Request, code: str = "", state: str = "") -> Response:
    """Whoever the service vouches for is signed in, where an account is bound to that identity."""
    desk = desk_of(request)
    settings, text = desk.settings.oidc, desk.signed(COOKIE, request.cookies.get(COOKIE))
    if settings is None:
        raise not_found("oidc")
    kept = json.loads(text) if text else None
    is_ours = kept is not None and hmac.compare_digest(kept["state"].encode(), state.encode())
    if kept is None or not is_ours or not code or desk.clock().timestamp() > kept["until"]:
        raise Refused(403, "web.oidc.refused", name=settings.name)
    subject = Provider.discovered(settings).subject(_back(request), code, kept)
    with desk.store.reading() as connection:
        account = account_of_subject(connection, subject)
    if account is None or account.disabled_at is not None:
        desk.record("", "sign_in.oidc", "-", "web.oidc.unknown")
        raise Refused(403, "web.oidc.unknown", name=settings.name)
    response = signed_in(request, account, kept["next"])
    desk.record(account.account, "sign_in.oidc", account.account, "done")
    response.delete_cookie(COOKIE, path="/")
    return response


def _back(request: Request) -> str:
    """Our own address, as the browser knows it."""
    return str(request.url_for("back"))
