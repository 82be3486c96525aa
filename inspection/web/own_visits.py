"""Which visits and agencies a visitor may see and work on: all, those of some agencies, or an officer's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspection.rules.visit_life import STATES, Actor, State
from inspection.steps.line import Line
from inspection.steps.standing import find_visit, standing_visits
from inspection.store.work import PartFilter, PartKey
from inspection.web.desk import Visitor
from inspection.web.refusal import Refused, not_found
from inspection.web.roles import Permission
from inspection.work.visit_facts import VisitFacts

SENT_OUT: tuple[State, ...] = tuple(state for state in STATES if state != "planned")
"""States in which a visit's agencies know of it; before, it is sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request wants of the visits."""

    agency: str | None = None
    state: State | None = None
    month: str | None = None


def visible(line: Line, visitor: Visitor, asked: Asked) -> PartFilter:
    """The visits asked for, less what the visitor may not see.

    Raises:
        Refused: 403, the agency is not the visitor's; 422, several are and none was named.
    """
    states: Sequence[State] | None = None if asked.state is None else (asked.state,)
    if sees_all(line, visitor):
        return PartFilter(agency=asked.agency, states=states, month=asked.month)
    kept = tuple(state for state in SENT_OUT if asked.state in (None, state))
    own = is_officer_alone(visitor)
    return PartFilter(
        agency=_own_agency(line, visitor, asked.agency),
        states=kept,
        month=asked.month,
        visits=_visits_of(line, visitor) if own else None,
    )


def sees_all(line: Line, visitor: Visitor) -> bool:
    """Whether the visitor may read the visits of every agency, those not sent out too."""
    known = line.given.agencies
    return visitor.may("plan.read") and visitor.agencies("visits.read", known.values()) == frozenset(known)


def is_officer_alone(visitor: Visitor) -> bool:
    """Whether the visitor is an officer and nothing more: then the own visits are all there are."""
    return visitor.roles == ("inspector",)


def _own_agency(line: Line, visitor: Visitor, asked: str | None) -> str:
    own = visitor.agencies("visits.read", line.given.agencies.values())
    if asked is None and len(own) == 1:
        return next(iter(own))
    if asked is None:
        raise Refused(422, "web.agency.which", agencies=", ".join(sorted(own)))
    if asked not in own:
        raise Refused(403, "web.agency", agencies=asked)
    return asked


def _visits_of(line: Line, visitor: Visitor) -> list[tuple[str, str]]:
    """Visits an officer goes to as they stand now."""
    code = visitor.account.inspector if visitor.account is not None else None
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
    return [visit.key for visit in visits if any(person == code for _, person in visit.team)]


def require_visible(line: Line, visitor: Visitor, label: str, states: Sequence[State]) -> None:
    """The visitor may see the visit, which is in these states by agency.

    Raises:
        Refused: 404, as if there were none: that a firm is to be visited is itself not everybody's.
    """
    if sees_all(line, visitor):
        return
    with line.workspace.store.reading() as connection:
        visit = find_visit(standing_visits(connection, line.name), label)
    own = visitor.agencies("visits.read", line.given.agencies.values())
    code = visitor.account.inspector if visitor.account is not None else None
    is_own = any(person == code for _, person in visit.team) if is_officer_alone(visitor) else own & {*visit.agencies}
    if not is_own or all(state == "planned" for state in states):
        raise not_found(label)


def working(
    line: Line, visitor: Visitor, permission: Permission, agency: str, labels: Sequence[str]
) -> tuple[Actor, list[PartKey]]:
    """Who acts, and on which parts: visits by their labels, the agency's share of each.

    Raises:
        Refused: 403, the agency is not the visitor's; 404, an officer is not sent to one of the visits.
        InputError: no such agency, or no such visit.
    """
    facts = VisitFacts(line)
    known = facts.require_agency(agency)
    visitor.require(permission, known.agency, known.region)
    keys = [PartKey(draw, visit, known.agency) for draw, visit in facts.keys(labels)]
    if is_officer_alone(visitor):
        own = set(_visits_of(line, visitor))
        if foreign := [label for label, key in zip(labels, keys, strict=True) if key[:2] not in own]:
            raise not_found(", ".join(foreign[:20]))
    return visitor.acting(permission, known.agency), keys
