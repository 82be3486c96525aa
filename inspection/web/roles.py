"""Roles and what each may do. Asking and approving lie with different roles, and never with one account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from inspection.store.accounts import Grant

Role = Literal["planner", "clerk", "inspector", "reviewer", "auditor", "admin"]
"""计划员, 部门经办, 执法人员, 审批人, 监督员, 系统管理员."""

Permission = Literal[
    "registers.read",
    "registers.write",
    "policy.read",
    "policy.propose",
    "policy.approve",
    "plan.read",
    "plan.run",
    "ceremony",
    "visits.read",
    "visits.work",
    "findings.write",
    "findings.review",
    "changes.read",
    "changes.request",
    "changes.approve",
    "bundle.read",
    "publish.read",
    "publish.manage",
    "trail.read",
    "accounts.manage",
]

ROLES: tuple[Role, ...] = get_args(Role)

MAY: dict[Role, frozenset[Permission]] = {
    "planner": frozenset(
        {
            "registers.read",
            "registers.write",
            "policy.read",
            "policy.propose",
            "plan.read",
            "plan.run",
            "ceremony",
            "visits.read",
            "visits.work",
            "changes.read",
            "changes.request",
            "bundle.read",
            "publish.read",
            "publish.manage",
        }
    ),
    "clerk": frozenset(
        {"policy.read", "plan.read", "visits.read", "visits.work", "findings.write", "changes.read", "changes.request"}
    ),
    "inspector": frozenset({"visits.read", "findings.write"}),
    "reviewer": frozenset(
        {
            "policy.read",
            "policy.approve",
            "plan.read",
            "visits.read",
            "findings.review",
            "changes.read",
            "changes.approve",
        }
    ),
    "auditor": frozenset(
        {
            "registers.read",
            "policy.read",
            "plan.read",
            "visits.read",
            "changes.read",
            "bundle.read",
            "publish.read",
            "trail.read",
        }
    ),
    "admin": frozenset({"accounts.manage", "trail.read"}),
}

OF_AN_AGENCY: frozenset[Role] = frozenset({"clerk", "inspector"})
"""Roles that mean nothing without an agency."""


OF_ALL: frozenset[Permission] = frozenset(
    {
        "registers.read",
        "registers.write",
        "policy.propose",
        "policy.approve",
        "plan.run",
        "ceremony",
        "bundle.read",
        "publish.manage",
        "trail.read",
        "accounts.manage",
    }
)
"""What concerns the plan as a whole: a role of one agency or region does not give it."""


def is_allowed(grants: Iterable[Grant], permission: Permission, agency: str = "", region: str = "") -> bool:
    """Whether one of the grants gives the permission, in this agency and region where these are named."""
    return any(
        permission in MAY[role]
        and (permission not in OF_ALL or not (grant.agency or grant.region))
        and (not agency or grant.agency in ("", agency))
        and (not region or grant.region in ("", region))
        for grant in grants
        if (role := known_role(grant.role)) is not None
    )


def known_role(text: str) -> Role | None:
    """The role of this name; None for one that a newer program gave."""
    return next((role for role in ROLES if role == text), None)


def grant_of(text: str) -> Grant:
    """The grant written as ``role``, ``role:AGENCY``, ``role@REGION`` or both."""
    rest, _, region = text.strip().partition("@")
    role, _, agency = rest.partition(":")
    return Grant(role=role, agency=agency, region=region)
