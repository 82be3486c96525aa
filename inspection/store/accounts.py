"""Accounts with their roles, their sessions and the keys of programs, as they are stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from inspection.errors import StoreError
from inspection.store.account_tables import accounts as table
from inspection.store.account_tables import api_keys, grants, sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role, in one agency or one region; '' means in all."""

    role: str
    agency: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who signs in, or a program that calls.

    Attributes:
        password: an Argon2id hash; None where nobody signs in by password.
        subject: "issuer subject" at an OpenID provider.
        inspector: the owner's code in the register of inspectors.
        disabled_at: nothing of the account is accepted from then on; it is never deleted, since the trail names it.
    """

    account: str
    name: str
    created_at: datetime
    grants: tuple[Grant, ...]
    password: str | None = None
    subject: str | None = None
    inspector: str | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody signed in; ``digest`` is the SHA-256 of the cookie's token in hex."""

    digest: str
    account: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A program's key: its public half, and the SHA-256 of its secret half in hex."""

    key: str
    account: str
    digest: str
    created_at: datetime
    disabled_at: datetime | None = None


def add_account(connection: Connection, account: Account) -> None:
    """The account exists.

    Raises:
        StoreError: its name or its subject is taken.
    """
    if find_account(connection, account.account) is not None:
        raise StoreError("store.account.taken", account=account.account)
    if account.subject is not None and account_of_subject(connection, account.subject) is not None:
        raise StoreError("store.account.subject", subject=account.subject)
    names = ("account", "name", "password", "subject", "inspector", "created_at", "disabled_at")
    connection.execute(insert(table), {name: getattr(account, name) for name in names})
    _write_grants(connection, account.account, account.grants)


def _write_grants(connection: Connection, account: str, given: Iterable[Grant]) -> None:
    rows = [
        {"account": account, "role": each.role, "agency": each.agency, "region": each.region}
        for each in sorted(set(given), key=lambda each: (each.role, each.agency, each.region))
    ]
    if rows:
        connection.execute(insert(grants), rows)


def find_account(connection: Connection, account: str) -> Account | None:
    """The account of this name; None when there is none."""
    row = connection.execute(select(table).filter_by(account=account)).one_or_none()
    return None if row is None else _as_account(row, _grants(connection, account)[account])


def account_of_subject(connection: Connection, subject: str) -> Account | None:
    """The account of somebody an OpenID provider vouches for; None when there is none."""
    name = connection.scalar(select(table.c.account).filter_by(subject=subject))
    return None if name is None else find_account(connection, name)


def known_accounts(connection: Connection) -> tuple[Account, ...]:
    """All accounts by name, those disabled too."""
    given = _grants(connection)
    rows = connection.execute(select(table).order_by(table.c.account))
    return tuple(_as_account(row, given[row.account]) for row in rows)


def disable_account(connection: Connection, account: str, now: datetime) -> None:
    """Nobody is signed in by the account any more, nor will be; its keys are refused too.

    Raises:
        StoreError: there is no such account.
    """
    _require(connection, account)
    connection.execute(update(table).filter_by(account=account, disabled_at=None).values(disabled_at=now))
    connection.execute(delete(sessions).filter_by(account=account))


def set_password(connection: Connection, account: str, password: str) -> None:
    """The account has another password hash, and whoever was signed in by the old one no longer is.

    Raises:
        StoreError: there is no such account.
    """
    _require(connection, account)
    connection.execute(update(table).filter_by(account=account).values(password=password))
    connection.execute(delete(sessions).filter_by(account=account))


def add_session(connection: Connection, session: Session) -> None:
    """The session exists."""
    names = ("digest", "account", "created_at", "seen_at")
    connection.execute(insert(sessions), {name: getattr(session, name) for name in names})


def find_session(connection: Connection, digest: str) -> Session | None:
    """The session of this digest; None when there is none."""
    row = connection.execute(select(sessions).filter_by(digest=digest)).one_or_none()
    if row is None:
        return None
    return Session(digest=row.digest, account=row.account, created_at=row.created_at, seen_at=row.seen_at)


def touch_session(connection: Connection, digest: str, now: datetime) -> None:
    """The session was used at this time."""
    connection.execute(update(sessions).filter_by(digest=digest).values(seen_at=now))


def end_session(connection: Connection, digest: str) -> None:
    """The session is over."""
    connection.execute(delete(sessions).filter_by(digest=digest))


def end_old_sessions(connection: Connection, seen_before: datetime) -> None:
    """Sessions not used since are gone."""
    connection.execute(delete(sessions).where(sessions.c.seen_at < seen_before))


def add_key(connection: Connection, key: ApiKey) -> None:
    """The key is accepted from now on.

    Raises:
        StoreError: there is no such account.
    """
    _require(connection, key.account)
    names = ("key", "account", "digest", "created_at", "disabled_at")
    connection.execute(insert(api_keys), {name: getattr(key, name) for name in names})


def find_key(connection: Connection, key: str) -> ApiKey | None:
    """The key of this public half; None when there is none."""
    row = connection.execute(select(api_keys).filter_by(key=key)).one_or_none()
    return None if row is None else _as_key(row)


def keys_of(connection: Connection, account: str) -> tuple[ApiKey, ...]:
    """The account's keys in the order they were made, those disabled too."""
    query = select(api_keys).filter_by(account=account).order_by(api_keys.c.created_at, api_keys.c.key)
    return tuple(map(_as_key, connection.execute(query)))


def disable_key(connection: Connection, key: str, now: datetime) -> None:
    """The key is refused from now on.

    Raises:
        StoreError: there is no such key.
    """
    if find_key(connection, key) is None:
        raise StoreError("store.account.key", key=key)
    connection.execute(update(api_keys).filter_by(key=key, disabled_at=None).values(disabled_at=now))


def _require(connection: Connection, account: str) -> None:
    if find_account(connection, account) is None:
        raise StoreError("store.account.unknown", account=account)


def _grants(connection: Connection, account: str | None = None) -> dict[str, list[Grant]]:
    query = select(grants).order_by(*grants.primary_key.columns)
    if account is not None:
        query = query.filter_by(account=account)
    found: dict[str, list[Grant]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.account].append(Grant(role=row.role, agency=row.agency, region=row.region))
    return found


def _as_account(row: Row[tuple[object, ...]], given: Iterable[Grant]) -> Account:
    return Account(**row._asdict(), grants=tuple(given))


def _as_key(row: Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(**row._asdict())
