"""The life of a visit, agency by agency: its states, what may happen in each, and who may do it (issue 5, point 1).

Whoever inspects enters and discloses (谁检查、谁录入、谁公开), so each agency of a joint visit has a part of its own
that moves through these states; the visit is as far as the part that is least far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from inspection.errors import InputError, PlanError, RuleError, message

State = Literal[
    "planned", "dispatched", "accepted", "carried_out", "entered", "reviewed", "disclosed", "closed", "voided"
]
STATES: tuple[State, ...] = get_args(State)
"""In the order a visit goes through them; closed and voided are ends of their own."""

Event = Literal[
    "dispatch",
    "accept",
    "carry_out",
    "enter",
    "send_back",
    "review",
    "disclose",
    "replace",
    "substitute",
    "close",
    "void",
]
EVENTS: tuple[Event, ...] = get_args(Event)

Role = Literal["planner", "clerk", "inspector", "reviewer", "auditor", "admin", "system"]
ROLES: tuple[Role, ...] = get_args(Role)

AHEAD: tuple[State, ...] = ("planned", "dispatched", "accepted")
"""The inspection has not begun: the visit may still be closed, or go to a reserve firm."""

_STEPS: Mapping[Event, Mapping[State, State]] = MappingProxyType(
    {
        "dispatch": {"planned": "dispatched"},
        "accept": {"dispatched": "accepted"},
        "carry_out": {"accepted": "carried_out"},
        "enter": {"carried_out": "entered", "entered": "entered"},
        "send_back": {"entered": "carried_out"},
        "review": {"entered": "reviewed"},
        "disclose": {"reviewed": "disclosed"},
        # Another firm comes in: whoever had accepted the one before is asked again.
        "replace": {"planned": "planned", "dispatched": "dispatched", "accepted": "dispatched"},
        "substitute": {state: state for state in AHEAD},
        "close": dict.fromkeys(AHEAD, "closed"),
        "void": {state: "voided" for state in STATES if state not in ("closed", "voided")},
    }
)

_ROLES: Mapping[Event, frozenset[Role]] = MappingProxyType(
    {
        "dispatch": frozenset({"planner", "system"}),
        "accept": frozenset({"clerk", "reviewer"}),
        "carry_out": frozenset({"clerk", "inspector"}),
        "enter": frozenset({"clerk", "inspector"}),
        "send_back": frozenset({"reviewer"}),
        "review": frozenset({"reviewer"}),
        "disclose": frozenset({"planner", "reviewer", "system"}),
        "replace": frozenset({"planner", "clerk", "reviewer"}),
        "substitute": frozenset({"planner", "clerk", "reviewer"}),
        "close": frozenset({"planner", "clerk", "reviewer"}),
        "void": frozenset({"planner", "reviewer"}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something: a name or account that can be told from others, a role, and the agency acted for.

    ``agency`` is None for those who act for the whole division.
    """

    name: str
    role: Role
    agency: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable():
            raise InputError("work.actor")
        if self.role not in ROLES:
            raise InputError("work.role.unknown", got=self.role, known=", ".join(ROLES))


def transition(state: State, event: Event) -> State:
    """The state after the event.

    Raises:
        PlanError: the event cannot happen in this state; the states in which it can are named.

    >>> transition("accepted", "carry_out")
    'carried_out'
    """
    steps = _STEPS[event]
    if state not in steps:
        raise PlanError("work.transition", **words("event", event), **words("state", state), **allowed_in(event))
    return steps[state]


def words(kind: Literal["event", "state", "who"], *codes: str) -> dict[str, str]:
    """What people call events, states or roles, as parameters of a message: ``{kind}_zh`` and ``{kind}_en``."""
    chinese = "、".join(message(f"work.{kind}.{code}", "zh") for code in codes)
    english = ", ".join(message(f"work.{kind}.{code}", "en") for code in codes)
    return {f"{kind}_zh": chinese, f"{kind}_en": english}


def allowed_in(event: Event) -> dict[str, str]:
    """The states in which an event can happen, as parameters of a message."""
    named = words("state", *_STEPS[event])
    return {"allowed_zh": named["state_zh"], "allowed_en": named["state_en"]}


def can(state: State, event: Event) -> bool:
    """Whether the event may happen in the state."""
    return state in _STEPS[event]


def require_role(actor: Actor, event: Event, agency: str | None) -> None:
    """The actor may do this for the agency.

    Args:
        agency: whose part it is; None where it is about the visit as a whole.

    Raises:
        RuleError: not in this role, or for another agency.
    """
    if actor.role not in _ROLES[event]:
        named = words("who", *(role for role in ROLES if role in _ROLES[event]))
        allowed = {"allowed_zh": named["who_zh"], "allowed_en": named["who_en"]}
        raise RuleError("work.role", **words("event", event), **words("who", actor.role), **allowed)
    if actor.agency is not None and agency is not None and actor.agency != agency:
        raise RuleError("work.role.agency", **words("event", event), own=actor.agency, other=agency)


def state_of_visit(parts: Iterable[State]) -> State:
    """How far the visit is: as far as its least advanced part; closed and voided hold for all parts alike.

    >>> state_of_visit(["disclosed", "entered"])
    'entered'
    """
    return min(parts, key=STATES.index, default="planned")
