"""The first page, signing in and out, the language, one's own password."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from inspection.errors import InspectionError
from inspection.store import trail
from inspection.store.accounts import Account, find_account
from inspection.web import accounts
from inspection.web.desk import LANGUAGE, SESSION, Desk, desk_of, language_of, visitor_of
from inspection.web.guard import address_of
from inspection.web.refusal import NotSignedIn, Refused
from inspection.web.view import own_path, page, see, set_cookie

router = APIRouter()

YEAR = 365 * 24 * 3600
MOST_FAILURES, FAILURE_SPAN = 50, timedelta(hours=1)
"""Wrong passwords for one account from anywhere, as the trail counts them for all workers together."""
FAILED = "sign_in.failed"


@router.get("/")
def home(request: Request) -> Response:
    """What the visitor may do, as tiles."""
    visitor = visitor_of(request)
    if visitor.account is None:
        raise NotSignedIn
    tiles = [tile for tile in desk_of(request).tiles if visitor.may(tile.permission)]
    return page(request, "home.html", tiles=tiles)


@router.get("/sign-in")
def sign_in_form(request: Request, next: str = "/") -> Response:
    """The form to sign in by."""
    if visitor_of(request).account is not None:
        return see(own_path(next))
    return _form(request, next)


@router.post("/sign-in")
def sign_in(
    request: Request,
    account: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Somebody is signed in, or told that name and password do not belong together, never which was wrong."""
    desk, name = desk_of(request), account.strip().lower()
    _refuse_guessing(desk, name, address_of(request))
    found = accounts.sign_in(desk.store, name, password, desk.clock())
    if found is None:
        _note_failure(request, name)
        return _form(request, next, "web.sign_in.wrong", name, status=401)
    desk.tries_of_account.forget(f"{name} {address_of(request)}")
    return signed_in(request, found, own_path(next))


def signed_in(request: Request, account: Account, path: str) -> Response:
    """A fresh session: one from before signing in is never carried on."""
    desk = desk_of(request)
    token = accounts.open_session(desk.store, account, desk.clock(), desk.settings.longest)
    visitor = visitor_of(request)
    visitor.account = account
    request.state.object = account.account
    response = see(path)
    set_cookie(desk, response, SESSION, desk.sign(SESSION, token))
    return response


def _refuse_guessing(desk: Desk, name: str, address: str) -> None:
    """At most so many tries an address, an account from an address, and an account from anywhere."""
    now = desk.clock()
    wait = desk.tries_of_address.seconds_to_wait(address, now) or desk.tries_of_account.seconds_to_wait(
        f"{name} {address}", now
    )
    if wait:
        raise Refused(429, "web.too_many", seconds=wait)
    with desk.store.reading() as connection:
        if trail.count_since(connection, name, FAILED, now - FAILURE_SPAN) >= MOST_FAILURES:
            raise Refused(429, "web.too_many", seconds=int(FAILURE_SPAN.total_seconds()))


def _note_failure(request: Request, name: str) -> None:
    """The trail will say whose password was not known; what was typed for a name may be a password, and is not told."""
    with desk_of(request).store.reading() as connection:
        is_known = accounts.NAME.fullmatch(name) and find_account(connection, name) is not None
    request.state.action, request.state.outcome = FAILED, "web.sign_in.wrong"
    request.state.actor = request.state.object = name if is_known else ""


def _form(request: Request, next: str, fault: str = "", name: str = "", status: int = 200) -> Response:
    desk = desk_of(request)
    oidc = desk.settings.oidc.name if desk.settings.oidc is not None else ""
    return page(request, "sign_in.html", status, next=own_path(next), fault=fault, name=name, oidc=oidc)


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """Nobody is signed in by this browser any more, and the session's token opens nothing."""
    desk, visitor = desk_of(request), visitor_of(request)
    if visitor.via == "session":
        accounts.close_session(desk.store, visitor.browser)
    response = see("/sign-in")
    response.delete_cookie(SESSION, path="/")
    return response


@router.post("/language")
def choose_language(
    request: Request, language: Annotated[str, Form()] = "zh", next: Annotated[str, Form()] = "/"
) -> Response:
    """The page speaks the other language from now on."""
    response = see(own_path(next))
    set_cookie(desk_of(request), response, LANGUAGE, "en" if language == "en" else "zh", YEAR)
    return response


@router.get("/password")
def password_form(request: Request) -> Response:
    """The form to change one's password by."""
    _own_account(request)
    return page(request, "password.html", fault="")


@router.post("/password")
def change_password(request: Request, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = "") -> Response:
    """The visitor has another password, and signs in again with it everywhere."""
    desk, account = desk_of(request), _own_account(request)
    _refuse_guessing(desk, account.account, address_of(request))
    try:
        if accounts.sign_in(desk.store, account.account, old, desk.clock()) is None:
            _note_failure(request, account.account)
            raise Refused(403, "web.password.old")
        accounts.change_password(desk.store, account.account, new)
    except InspectionError as error:
        if not hasattr(request.state, "outcome"):
            request.state.outcome = error.code
        return page(request, "password.html", 422, fault=error.text(language_of(request)))
    return see("/sign-in")


def _own_account(request: Request) -> Account:
    account = visitor_of(request).account
    if account is None:
        raise NotSignedIn
    return account
