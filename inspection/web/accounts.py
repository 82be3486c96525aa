"""Who it is: passwords (Argon2id), sessions of people, keys of programs. Secrets are stored as digests alone."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from inspection.errors import InputError
from inspection.store import accounts as kept
from inspection.store.accounts import Account, ApiKey, Session
from inspection.store.plans import Store
from inspection.web.roles import OF_AN_AGENCY, ROLES

if TYPE_CHECKING:
    from argon2 import PasswordHasher

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
"""What an account may be called; lower case, so that no two differ by case alone."""

LEAST_PASSWORD = 10
LONGEST_PASSWORD = 200
KEY = re.compile(r"od_([0-9a-f]{16})_([0-9a-f]{64})")
SEEN_EVERY = timedelta(minutes=5)
"""A session's last use is stored this often, not at each request."""


def new_account(store: Store, account: Account, password: str | None = None) -> None:
    """The account exists; with a password people sign in by it.

    Raises:
        InputError: its name, a role or the password cannot be used, or a role lacks its agency.
        StoreError: the name is taken.
    """
    if not NAME.fullmatch(account.account):
        raise InputError("web.account.name", got=account.account)
    if not account.grants:
        raise InputError("web.account.roles", roles=", ".join(ROLES))
    for grant in account.grants:
        if grant.role not in ROLES:
            raise InputError("web.account.role", got=grant.role, roles=", ".join(ROLES))
        if grant.role in OF_AN_AGENCY and not grant.agency:
            raise InputError("web.account.agency", role=grant.role)
    hashed = None if password is None else hash_password(account.account, password)
    with store.writing() as connection:
        kept.add_account(connection, replace(account, password=hashed))


def change_password(store: Store, account: str, password: str) -> None:
    """The account signs in by this password from now on; whoever is signed in has to do so again."""
    hashed = hash_password(account, password)
    with store.writing() as connection:
        kept.set_password(connection, account, hashed)


@cache
def hasher() -> PasswordHasher:
    """Argon2id with the parameters of RFC 9106 for little memory: 64 MiB, 3 passes."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)


@cache
def _nobody() -> str:
    """The hash of a password nobody has: an unknown account takes as long to refuse as a known one."""
    return hasher().hash(secrets.token_hex(16))


def hash_password(account: str, password: str) -> str:
    """The Argon2id hash of a password.

    Raises:
        InputError: it is too short or too long, holds hardly any different characters, or is the account's name.
    """
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InputError("web.password.length", least=LEAST_PASSWORD, most=LONGEST_PASSWORD, got=len(password))
    if len(set(password)) < 5 or account in password.lower():
        raise InputError("web.password.weak")
    return hasher().hash(password)


def sign_in(store: Store, name: str, password: str, now: datetime) -> Account | None:
    """The account whose password this is; None for every other case, all of which take the same time."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with store.reading() as connection:
        account = kept.find_account(connection, name) if NAME.fullmatch(name) else None
    hashed = account.password if account is not None and account.password is not None else _nobody()
    try:
        hasher().verify(hashed, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return None
    if account is None or account.password is None or account.disabled_at is not None:
        return None
    if hasher().check_needs_rehash(hashed):
        with store.writing() as connection:
            kept.set_password(connection, account.account, hasher().hash(password))
    return account


def digest_of(token: str) -> str:
    """What is stored in place of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(store: Store, account: Account, now: datetime, longest: timedelta) -> str:
    """A session is open; its token. Sessions that ended by themselves are swept away."""
    token = secrets.token_urlsafe(32)
    session = Session(digest=digest_of(token), account=account.account, created_at=now, seen_at=now)
    with store.writing() as connection:
        kept.end_old_sessions(connection, now - longest)
        kept.add_session(connection, session)
    return token


def account_of_session(store: Store, token: str, now: datetime, idle: timedelta, longest: timedelta) -> Account | None:
    """Whose session the token opens; None when it is over, by time or by decision."""
    digest = digest_of(token)
    with store.reading() as connection:
        session = kept.find_session(connection, digest)
        account = kept.find_account(connection, session.account) if session is not None else None
    if session is None or account is None or account.disabled_at is not None:
        return None
    if now - session.seen_at > idle or now - session.created_at > longest:
        return None
    if now - session.seen_at > SEEN_EVERY:
        with store.writing() as connection:
            kept.touch_session(connection, digest, now)
    return account


def close_session(store: Store, token: str) -> None:
    """The token opens nothing any more."""
    with store.writing() as connection:
        kept.end_session(connection, digest_of(token))


def new_key(store: Store, account: str, now: datetime) -> str:
    """The account has another key; its text, which is shown once and never stored.

    Raises:
        StoreError: there is no such account.
    """
    public, secret = secrets.token_hex(8), secrets.token_hex(32)
    with store.writing() as connection:
        kept.add_key(connection, ApiKey(key=public, account=account, digest=digest_of(secret), created_at=now))
    return f"od_{public}_{secret}"


def account_of_key(store: Store, text: str) -> Account | None:
    """Whose key this is; None when it is nobody's, or it or its account was disabled."""
    parts = KEY.fullmatch(text)
    if parts is None:
        return None
    with store.reading() as connection:
        key = kept.find_key(connection, parts[1])
        account = kept.find_account(connection, key.account) if key is not None else None
    if key is None or account is None or not hmac.compare_digest(key.digest, digest_of(parts[2])):
        return None
    return None if key.disabled_at is not None or account.disabled_at is not None else account
