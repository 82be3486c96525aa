"""Serving page and API on one port; accounts for them."""

from __future__ import annotations

import json as jsonlib
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from inspection.errors import Language, StoreError, message
from inspection.office import Office, now

NEEDED = ("fastapi", "uvicorn", "jinja2", "itsdangerous", "multipart", "argon2")
"""What the ``web`` extra installs."""


def require_web() -> None:
    """The page's libraries are installed.

    Raises:
        StoreError: which are not, and how to install them.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise StoreError("web.extra", missing=", ".join(missing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How the page is served.

    Attributes:
        workers: processes; each opens the database.
        proxies: addresses whose word about client and scheme is taken, ``*`` for any; None: nobody's.
        beside: what is done as long as it is served.
    """

    host: str
    port: int
    workers: int
    proxies: str | None
    beside: AbstractContextManager[None]


def serve(workspace: Path, serving: Serving, language: Language) -> None:
    """Page and API of the workspace answer until they are stopped."""
    require_web()
    import uvicorn

    from inspection.web.app import WORKSPACE
    from inspection.web.desk import keep_secret
    from inspection.web.settings import read_settings

    # What is wrong with the workspace is said here, once, and not by every worker.
    office = Office.opened(workspace)
    read_settings(workspace)
    keep_secret(workspace)
    has_accounts = _has_accounts(office)
    office.workspace.store.close()
    click.echo(message("web.serving", language, url=_url(serving.host, serving.port)), err=True)
    if not has_accounts:
        click.echo(message("web.serving.nobody", language, workspace=workspace), err=True)
    os.environ[WORKSPACE] = str(workspace.resolve())
    with serving.beside:
        uvicorn.run(
            "inspection.web.app:serve_app",
            factory=True,
            host=serving.host,
            port=serving.port,
            workers=serving.workers,
            **server_options(serving.proxies),
        )


def server_options(proxies: str | None) -> dict[str, Any]:
    """How the server listens: nobody's word about who calls is taken unless it is a proxy's that was named."""
    return {
        "proxy_headers": proxies is not None,
        "forwarded_allow_ips": proxies or "",
        "server_header": False,
        "access_log": False,
        "log_level": "warning",
        "timeout_graceful_shutdown": 20,
        "timeout_worker_healthcheck": 60,
    }


def _url(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def _has_accounts(office: Office) -> bool:
    from inspection.store.accounts import known_accounts

    with office.workspace.store.reading() as connection:
        return any(account.disabled_at is None for account in known_accounts(connection))


def add_account(
    workspace: Path, account: str, roles: tuple[str, ...], about: dict[str, str | None], password: str | None
) -> None:
    """The account exists; see ``inspection.web.accounts.new_account``.

    Args:
        roles: ``role``, ``role:AGENCY`` or ``role@REGION`` each.
        about: ``name``, ``subject`` (OIDC), ``inspector``.
    """
    require_web()
    from inspection.store.accounts import Account
    from inspection.web.accounts import new_account
    from inspection.web.oidc import bound_subject
    from inspection.web.roles import grant_of
    from inspection.web.settings import read_settings

    made = Account(
        account=account,
        name=about["name"] or "",
        subject=bound_subject(read_settings(workspace).oidc, subject) if (subject := about["subject"]) else None,
        inspector=about["inspector"],
        created_at=now(),
        grants=tuple(map(grant_of, roles)),
    )
    office = Office.opened(workspace)
    new_account(office.workspace.store, made, password)
    _record(office, "account.add", account)


def list_accounts(workspace: Path, json: bool, language: Language) -> None:
    """All accounts with their roles."""
    from inspection.store.accounts import known_accounts

    with Office.opened(workspace).workspace.store.reading() as connection:
        known = known_accounts(connection)
    rows = [
        {
            "account": each.account,
            "name": each.name,
            "roles": [_role_text(grant.role, grant.agency, grant.region) for grant in each.grants],
            "inspector": each.inspector,
            "password": each.password is not None,
            "subject": each.subject,
            "disabled": each.disabled_at is not None,
        }
        for each in known
    ]
    if json:
        click.echo(jsonlib.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo(message("web.account.none", language))
    for row, each in zip(rows, known, strict=True):
        state = message("web.account.disabled", language) if row["disabled"] else ""
        roles = " ".join(_role_text(grant.role, grant.agency, grant.region) for grant in each.grants)
        click.echo(f"{each.account:<20} {each.name:<12} {roles} {state}".rstrip())


def _role_text(role: str, agency: str, region: str) -> str:
    return role + (f":{agency}" if agency else "") + (f"@{region}" if region else "")


def disable_account(workspace: Path, account: str) -> None:
    """The account opens nothing any more."""
    from inspection.store import accounts

    office = Office.opened(workspace)
    with office.workspace.store.writing() as connection:
        accounts.disable_account(connection, account, now())
    _record(office, "account.disable", account)


def set_password(workspace: Path, account: str, password: str) -> None:
    """The account signs in by this password from now on."""
    require_web()
    from inspection.web.accounts import change_password

    office = Office.opened(workspace)
    change_password(office.workspace.store, account, password)
    _record(office, "account.password", account)


def make_key(workspace: Path, account: str) -> str:
    """A new key of the account; it is shown once."""
    require_web()
    from inspection.web.accounts import new_key

    office = Office.opened(workspace)
    key = new_key(office.workspace.store, account, now())
    _record(office, "account.key", f"{account} {key.split('_')[1]}")
    return key


def list_keys(workspace: Path, account: str) -> list[str]:
    """Public halves of the account's keys; a key disabled has a cross."""
    from inspection.store.accounts import keys_of

    with Office.opened(workspace).workspace.store.reading() as connection:
        found = keys_of(connection, account)
    return [f"{each.key}  {each.created_at:%Y-%m-%d}{'  ×' if each.disabled_at else ''}" for each in found]


def disable_key(workspace: Path, key: str) -> None:
    """The key opens nothing any more."""
    from inspection.store import accounts

    office = Office.opened(workspace)
    with office.workspace.store.writing() as connection:
        accounts.disable_key(connection, key.removeprefix("od_")[:16], now())
    _record(office, "account.key.disable", key.removeprefix("od_")[:16])


def _record(office: Office, action: str, object: str) -> None:
    """The trail says what was done at the console, by whoever may read the workspace's keys."""
    from inspection.store import trail

    with office.workspace.store.writing() as connection:
        deed = trail.Deed(number=0, at=now(), actor="console", action=action, object=object, outcome="done")
        trail.record(connection, deed)


def show_trail(workspace: Path, limit: int, json: bool) -> None:
    """The latest deeds of the trail, newest first."""
    from inspection.office import CHINA
    from inspection.store.trail import deeds

    with Office.opened(workspace).workspace.store.reading() as connection:
        found = deeds(connection, before=None, limit=limit)
    if json:
        rows = [
            {"number": d.number, "at": d.at.isoformat(), "actor": d.actor, "action": d.action, "object": d.object}
            | {"outcome": d.outcome}
            for d in found
        ]
        click.echo(jsonlib.dumps(rows, ensure_ascii=False, indent=1))
        return
    for d in found:
        click.echo(
            f"{d.number:>6} {d.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S} {d.actor or '-':<16} {d.action:<24}"
            f" {d.object or '-'}  {d.outcome}"
        )
