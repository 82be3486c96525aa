"""Who calls, what was done by whom, and accounts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from inspection.questions.machine_facts import plain
from inspection.store import accounts as kept
from inspection.store import trail
from inspection.store.accounts import Account, Grant
from inspection.web import accounts
from inspection.web.desk import Visitor, allowed, desk_of, visitor_of
from inspection.web.forms import Code, Facts, Form, Line
from inspection.web.oidc import bound_subject
from inspection.web.paging import Page, Paging, paging
from inspection.web.refusal import NotSignedIn, not_found
from inspection.web.roles import MAY, ROLES, Role
from inspection.web.writing import answer, once

router = APIRouter(tags=["access"])

Name = Annotated[str, Path(pattern=accounts.NAME.pattern, max_length=32)]


class GrantForm(Form):
    """A role, in one agency or region where one is named."""

    role: Role
    agency: Code | None = None
    region: Code | None = None


class AccountForm(Form):
    """An account; without a password it signs in by OIDC, or by keys."""

    account: Annotated[str, Field(pattern=rf"^{accounts.NAME.pattern}$")]
    name: Line
    grants: Annotated[list[GrantForm], Field(min_length=1, max_length=50)]
    password: Annotated[str | None, Field(max_length=accounts.LONGEST_PASSWORD)] = None
    subject: Line | None = None
    inspector: Code | None = None


@router.get("/me", response_model=Facts)
def me(visitor: Annotated[Visitor, Depends(visitor_of)]) -> Facts:
    """Who calls, and what the account may do."""
    if visitor.account is None:
        raise NotSignedIn
    allowed_all = sorted({permission for role in ROLES for permission in MAY[role] if visitor.may(permission)})
    return {**_account(visitor.account), "via": visitor.via, "may": allowed_all}


@router.get("/trail", response_model=Page[Facts])
def deeds(
    request: Request,
    visitor: Annotated[Visitor, allowed("trail.read")],
    paged: Annotated[Paging, Depends(paging)],
    actor: Annotated[Code | None, Query()] = None,
) -> Any:
    """Who did what to what and when, the latest first."""
    after = paged.after(int)
    with desk_of(request).store.reading() as connection:
        found = trail.deeds(connection, before=after[0] if after else None, limit=paged.limit + 1, actor=actor)
    return paged.page(found, lambda deed: (deed.number,), lambda deed: plain(asdict(deed)))


@router.get("/accounts", response_model=Facts)
def list_accounts(request: Request, visitor: Annotated[Visitor, allowed("accounts.manage")]) -> Facts:
    """All accounts with their roles; no secret is among it."""
    with desk_of(request).store.reading() as connection:
        return {"accounts": [_account(each) for each in kept.known_accounts(connection)]}


@router.post("/accounts", response_model=Facts, status_code=201)
def add_account(
    request: Request, form: AccountForm, visitor: Annotated[Visitor, allowed("accounts.manage")]
) -> Response:
    """Make an account."""
    desk = desk_of(request)

    def act() -> Facts:
        made = Account(
            account=form.account,
            name=form.name,
            created_at=desk.clock(),
            subject=bound_subject(desk.settings.oidc, form.subject) if form.subject else None,
            inspector=form.inspector,
            grants=tuple(
                Grant(role=each.role, agency=each.agency or "", region=each.region or "") for each in form.grants
            ),
        )
        accounts.new_account(desk.store, made, form.password)
        request.state.object = form.account
        return _account(made)

    given = form.model_dump(exclude={"password"}) | {"has_password": form.password is not None}
    return once(request, given, act, 201)


@router.post("/accounts/{name}/disable", response_model=Facts)
def disable_account(request: Request, name: Name, visitor: Annotated[Visitor, allowed("accounts.manage")]) -> Response:
    """Disable an account at once: its sessions end, its keys are refused."""
    desk = desk_of(request)

    def act() -> Facts:
        with desk.store.writing() as connection:
            kept.disable_account(connection, name, desk.clock())
            found = kept.find_account(connection, name)
        if found is None:
            raise not_found(name)
        return _account(found)

    return once(request, {}, act)


@router.post("/accounts/{name}/keys", response_model=Facts, status_code=201)
def add_key(request: Request, name: Name, visitor: Annotated[Visitor, allowed("accounts.manage")]) -> Response:
    """Make a key for a program of the account. It is in this answer and nowhere else, not even kept for a repeat."""
    desk = desk_of(request)
    return answer({"key": accounts.new_key(desk.store, name, desk.clock())}, 201)


@router.post("/accounts/{name}/keys/{key}/disable", response_model=Facts)
def disable_key(
    request: Request,
    name: Name,
    key: Annotated[str, Path(pattern="^[0-9a-f]{16}$")],
    visitor: Annotated[Visitor, allowed("accounts.manage")],
) -> Response:
    """Disable a key at once, by its public half."""
    desk = desk_of(request)

    def act() -> Facts:
        with desk.store.writing() as connection:
            if all(each.key != key for each in kept.keys_of(connection, name)):
                raise not_found(key)
            kept.disable_key(connection, key, desk.clock())
        return {"key": key, "disabled": True}

    return once(request, {}, act)


def _account(account: Account) -> Facts:
    return plain(
        {
            "account": account.account,
            "name": account.name,
            "grants": [asdict(grant) for grant in account.grants],
            "inspector": account.inspector,
            "has_password": account.password is not None,
            "disabled": account.disabled_at is not None,
        }
    )
