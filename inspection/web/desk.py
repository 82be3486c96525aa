"""What every request works on, and who sent it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends, Request
from itsdangerous import BadSignature, URLSafeSerializer

from inspection.errors import Language, message
from inspection.model import Agency
from inspection.office import Office, now
from inspection.rules.visit_life import Actor
from inspection.store import trail
from inspection.store.accounts import Account
from inspection.store.keys import read_secret, write_secret
from inspection.store.plans import Store
from inspection.store.trail import Deed
from inspection.web.accounts import account_of_key, account_of_session
from inspection.web.limits import Limit
from inspection.web.refusal import NotSignedIn, Refused
from inspection.web.roles import MAY, Permission, is_allowed, known_role
from inspection.web.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

    from inspection.web.pages import Tile

SESSION, VISITOR, LANGUAGE = "od_session", "od_visitor", "od_lang"
"""Cookies: who is signed in; a number of the browser's, for the form tokens of those who are not; the language."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass
class Desk:
    """One bureau's workspace as the page and the API serve it."""

    office: Office
    settings: Settings
    secret: bytes
    templates: Environment
    tiles: tuple[Tile, ...] = ()
    clock: Callable[[], datetime] = now
    writes: Limit = field(default_factory=lambda: Limit(most=240, span=timedelta(minutes=1)))
    tries_of_address: Limit = field(default_factory=lambda: Limit(most=30, span=timedelta(minutes=5)))
    tries_of_account: Limit = field(default_factory=lambda: Limit(most=5, span=timedelta(minutes=15)))

    proofs: Limit = field(default_factory=lambda: Limit(most=10, span=timedelta(minutes=10)))
    """Proofs an address may ask for: nobody walks through the register by them."""
    making: threading.Lock = field(default_factory=threading.Lock)
    """Held while something costly is made that everybody may ask for."""
    examining: threading.Lock = field(default_factory=threading.Lock)
    """Held while past draws are examined: a second audit is told to wait."""

    @property
    def store(self) -> Store:
        """The living data."""
        return self.office.workspace.store

    def sign(self, purpose: str, text: str) -> str:
        """The text with a signature, fit for a cookie of this purpose."""
        signed = self._signer(purpose).dumps(text)
        return signed if isinstance(signed, str) else signed.decode()

    def signed(self, purpose: str, text: str | None) -> str | None:
        """The text that was signed for the purpose; None when it was not."""
        try:
            found = self._signer(purpose).loads(text or "")
        except BadSignature:
            return None
        return found if isinstance(found, str) else None

    def _signer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256})

    def form_token(self, browser: str) -> str:
        """What a form of this session (or of this browser, before signing in) sends along."""
        return hmac.new(self.secret, f"form/{browser}".encode(), hashlib.sha256).hexdigest()

    def record(self, actor: str, action: str, object: str, outcome: str) -> None:
        """The trail says so."""
        with self.store.writing() as connection:
            deed = Deed(
                number=0, at=self.clock(), actor=actor, action=action, object=object[:500], outcome=outcome[:100]
            )
            trail.record(connection, deed)


@dataclass(kw_only=True)
class Visitor:
    """Who sent a request: an account through a session or a key, or nobody in particular."""

    account: Account | None
    via: Literal["session", "key", "nothing"]
    browser: str
    """What form tokens are bound to."""
    language: Language

    @property
    def actor(self) -> str:
        """The account's name; '' for nobody."""
        return self.account.account if self.account is not None else ""

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """Roles, each once, in the order of roles."""
        held = {grant.role for grant in self.account.grants} if self.account is not None else set()
        return tuple(role for role in MAY if role in held)

    def may(self, permission: Permission, agency: str = "", region: str = "") -> bool:
        """Whether the visitor has the permission, in this agency and region where these are named."""
        return self.account is not None and is_allowed(self.account.grants, permission, agency, region)

    def require(self, permission: Permission, agency: str = "", region: str = "") -> Account:
        """The account, which has the permission.

        Raises:
            NotSignedIn: nobody is signed in.
            Refused: 403, the account has it not.
        """
        if self.account is None:
            raise NotSignedIn
        if not self.may(permission, agency, region):
            what = message(f"web.may.{permission}", self.language)
            raise Refused(403, "web.forbidden", what=what, agency=agency or "-")
        return self.account

    def agencies(self, permission: Permission, known: Iterable[Agency]) -> frozenset[str]:
        """Those of the agencies in which the visitor has the permission."""
        return frozenset(each.agency for each in known if self.may(permission, each.agency, each.region))

    def acting(self, permission: Permission, agency: str = "") -> Actor:
        """The visitor as the year's work knows people, in the role that gives the permission.

        Raises:
            NotSignedIn, Refused: nobody is signed in, or the account may not.
        """
        account = self.require(permission, agency)
        for grant in account.grants:
            role = known_role(grant.role)
            if role is not None and is_allowed([grant], permission, agency):
                return Actor(name=account.account, role=role, agency=grant.agency or None)
        raise Refused(403, "web.forbidden", what=permission, agency=agency or "-")


def desk_of(request: Request) -> Desk:
    """The desk of the application."""
    desk: Desk = request.app.state.desk
    return desk


def visitor_of(request: Request) -> Visitor:
    """Who sent the request; found once and kept with it."""
    known: Visitor | None = getattr(request.state, "visitor", None)
    if known is None:
        known = request.state.visitor = _visitor(request, desk_of(request))
    return known


def _visitor(request: Request, desk: Desk) -> Visitor:
    language = language_of(request)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        account = account_of_key(desk.store, key.strip())
        if account is None:
            raise Refused(401, "web.key")
        return Visitor(account=account, via="key", browser="", language=language)
    token = desk.signed(SESSION, request.cookies.get(SESSION))
    if token is not None:
        settings = desk.settings
        account = account_of_session(desk.store, token, desk.clock(), settings.idle, settings.longest)
        if account is not None:
            return Visitor(account=account, via="session", browser=token, language=language)
    browser = desk.signed(VISITOR, request.cookies.get(VISITOR)) or ""
    return Visitor(account=None, via="nothing", browser=browser, language=language)


def allowed(permission: Permission) -> Any:
    """A dependency: the visitor, who has the permission somewhere (and everywhere, where it is of the whole plan)."""

    def check(visitor: Annotated[Visitor, Depends(visitor_of)]) -> Visitor:
        visitor.require(permission)
        return visitor

    return Depends(check)


def is_api(request: Request) -> bool:
    """Whether a program is answered rather than a person."""
    return request.url.path.startswith("/api/")


def language_of(request: Request) -> Language:
    """The page speaks Chinese until its switch says English; a program is heard by Accept-Language."""
    if not is_api(request):
        return "en" if request.cookies.get(LANGUAGE) == "en" else "zh"
    best: tuple[float, Language] = (0.0, "zh")
    for place, part in enumerate(request.headers.get("accept-language", "").split(",")[:20]):
        name, _, rest = part.strip().partition(";")
        with contextlib.suppress(ValueError):
            weight = float(rest.strip().removeprefix("q=") or 1) - place / 1000
            language: Language | None = {"zh": "zh", "en": "en"}.get(name[:2].lower())  # type: ignore[assignment]  # two keys
            if language is not None and weight > best[0]:
                best = (weight, language)
    return best[1]


def keep_secret(folder: Path) -> bytes:
    """The secret that cookies are signed by, made where there is none yet; all workers find the same."""
    path = folder / "keys" / "web"
    if not path.is_file():
        # Several workers may start at once: the first file that is whole stays.
        made = path.with_name(f".web.{os.getpid()}")
        made.unlink(missing_ok=True)
        write_secret(made, os.urandom(32))
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return read_secret(path)
