"""Resources of a visit: officers of an agency, and holders of a qualification among them, month by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from inspection.model import Inspector, Item, Task
from inspection.rules.policy import Policy
from inspection.rules.workdays import month_end

UNLIMITED = 1 << 40
"""Seats of a resource that nothing limits."""

Bits = np.ndarray[Any, np.dtype[np.bool_]]
Whole = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An agency's officers; or its holders of a qualification; or the right of a task to a visit of its own.

    The last kind exists only where the policy does not merge: such resources exclude each other.
    """

    agency: str = ""
    qualification: str = ""
    alone: str = ""


def usable_until(inspector: Inspector, policy: Policy) -> date:
    """The certificate's last day less the policy's margin: the date that inspectors.csv states (PROTOCOL 3)."""
    return inspector.valid_until - timedelta(days=policy.certificates.margin_days)


def is_certified(inspector: Inspector, month: str, policy: Policy) -> bool:
    """Whether the certificate is valid to the end of the month (PROTOCOL 7)."""
    return usable_until(inspector, policy) >= month_end(month)


def resources_of(tasks: Sequence[Task], items: Mapping[str, Item], policy: Policy) -> tuple[Resource, ...]:
    """What visits of these tasks use: agencies first, in order of name, then qualifications, then lone tasks."""
    agencies = sorted({agency for task in tasks for agency in task.agencies})
    needed = {
        (items[item].agency, items[item].qualification or "")
        for task in tasks
        for item in task.items
        if items[item].qualification
    }
    alone = [] if policy.merge.enabled else [task.task for task in tasks]
    return (
        *(Resource(agency=agency) for agency in agencies),
        *(Resource(agency=agency, qualification=qualification) for agency, qualification in sorted(needed)),
        *(Resource(alone=task) for task in alone),
    )


def usage(tasks: Sequence[Task], items: Mapping[str, Item], resources: Sequence[Resource]) -> Bits:
    """Which task uses which resource; shape (n_tasks, n_resources)."""
    column = {resource: r for r, resource in enumerate(resources)}
    uses = np.zeros((len(tasks), len(resources)), dtype=bool)
    for k, task in enumerate(tasks):
        for agency in task.agencies:
            uses[k, column[Resource(agency=agency)]] = True
        for item in task.items:
            if items[item].qualification:
                holder = Resource(agency=items[item].agency, qualification=items[item].qualification or "")
                uses[k, column[holder]] = True
        if Resource(alone=task.task) in column:
            uses[k, column[Resource(alone=task.task)]] = True
    return uses


def seats_per_visit(resources: Sequence[Resource], policy: Policy) -> Whole:
    """Officers a visit takes of each resource; shape (n_resources,)."""
    return np.array(
        [
            1 if of.alone else policy.officers.qualified if of.qualification else policy.officers_of(of.agency)
            for of in resources
        ],
        dtype=np.int64,
    )


def seats(
    resources: Sequence[Resource], months: Sequence[str], inspectors: Iterable[Inspector], policy: Policy
) -> Whole:
    """Seats of each resource in each month; shape (n_resources, n_months).

    Certified officers times the visits an officer makes in a month, or the policy's cap where that is lower.
    """
    row = {resource: r for r, resource in enumerate(resources)}
    table = np.zeros((len(resources), len(months)), dtype=np.int64)
    for resource, r in row.items():
        if resource.alone:
            table[r] = UNLIMITED
    officers = np.zeros_like(table)
    for inspector in inspectors:
        on_duty = np.array([is_certified(inspector, month, policy) for month in months], dtype=np.int64)
        for qualification in ("", *sorted(inspector.qualifications)):
            of = Resource(agency=inspector.agency, qualification=qualification)
            if of in row:
                officers[row[of]] += on_duty
    for resource, r in row.items():
        if resource.agency:
            table[r] = [policy.seats_of(resource.agency, month, int(officers[r, m])) for m, month in enumerate(months)]
    return table


def seats_per_officer(resources: Sequence[Resource], months: Sequence[str], policy: Policy) -> Whole:
    """Seats that one more officer gives, none where the policy fixes a month's seats; (n_resources, n_months)."""
    table = np.zeros((len(resources), len(months)), dtype=np.int64)
    for r, of in enumerate(resources):
        special = policy.capacity.by_agency.get(of.agency)
        fixed = special.months if special else {}
        for m, month in enumerate(months):
            if of.agency and month not in fixed:
                table[r, m] = policy.visits_per_officer_month(of.agency)
    return table


def conflicts(resources: Sequence[Resource]) -> Bits:
    """Which resources may not meet in a visit: two qualifications of one agency (a need has one), lone tasks."""
    clash = np.zeros((len(resources), len(resources)), dtype=bool)
    for r, one in enumerate(resources):
        for s, other in enumerate(resources):
            both_qualified = one.qualification and other.qualification and one.agency == other.agency
            clash[r, s] = r != s and bool(both_qualified or (one.alone and other.alone))
    return clash
