"""Parts of visits moved from state to state: checked, stored and told in the list of events, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from inspection.errors import PlanError
from inspection.rules.visit_life import Actor, Event, State, allowed_in, can, require_role, transition, words
from inspection.store import work
from inspection.store.changes import Change
from inspection.store.work import Part, PartFilter, PartKey

SHOWN = 10
"""Parts named in an error; all are counted."""


def load(connection: Connection, plan: str, keys: Collection[PartKey]) -> dict[PartKey, Part]:
    """The parts of the keys.

    Raises:
        PlanError: the agency takes no part in a visit; all such are counted, the first ones named.
    """
    visits = {key[:2] for key in keys}
    found = {part.key: part for part in work.parts(connection, plan, PartFilter(visits=tuple(visits)))}
    if missing := [key for key in keys if key not in found]:
        names = ", ".join(f"{key.visit} {key.agency}" for key in missing[:SHOWN])
        raise PlanError("work.parts.unknown", count=len(missing), first=names)
    return {key: found[key] for key in keys}


def move(
    connection: Connection,
    parts: Sequence[Part],
    event: Event,
    by: tuple[Actor, datetime],
    *,
    note: str = "",
    payload: Mapping[str, Any] | None = None,
    **changes: Any,
) -> tuple[Part, ...]:
    """All the parts are in the state after the event, or none is.

    Args:
        parts: as they stand in this transaction.
        by: who does it, and when.
        changes: fields of all the parts that change with it.

    Raises:
        PlanError: it cannot happen to some of them; they are counted and named.
        RuleError: the actor may not.
    """
    actor, now = by
    for agency in {part.key.agency for part in parts}:
        require_role(actor, event, agency)
    if refused := [part for part in parts if not can(part.state, event)]:
        raise refusal(event, refused, allowed_in(event))
    after = [work.moved(part, transition(part.state, event), **changes) for part in parts]
    work.put_parts(connection, after, now)
    extra = {"note": note, "payload": payload or {}}
    work.add_events(connection, (work.event(part.key, event, actor, now, **extra) for part in parts))
    return tuple(after)


def refusal(event: str, parts: Sequence[Part], allowed: Mapping[str, str]) -> PlanError:
    """The error for parts that are too far, or not far enough, for an event: counted, the first ones named."""
    named = [(part, words("state", part.state)) for part in parts[:SHOWN]]
    first = {
        f"first_{tongue}": ", ".join(
            f"{part.key.visit} {part.key.agency} ({told[f'state_{tongue}']})" for part, told in named
        )
        for tongue in ("zh", "en")
    }
    return PlanError("work.transitions", **words("event", event), count=len(parts), **first, **allowed)


def allowing(*states: State) -> dict[str, str]:
    """States as the ones in which something can be done."""
    named = words("state", *states)
    return {"allowed_zh": named["state_zh"], "allowed_en": named["state_en"]}


def follow_change(connection: Connection, plan: str, firm_draw: str, change: Change, actor: Actor) -> None:
    """What two people decided about a visit shows in the state of its parts and among its events.

    Args:
        firm_draw: the draw of the visit (a substitution names that of the inspectors).
        actor: who asked for it.

    Raises:
        PlanError: the visit is too far for it: one carried out is not closed as never begun.
    """
    wish, now = change.wish, change.decided_at or change.requested_at
    parts = work.parts(connection, plan, PartFilter(visits=((firm_draw, wish.visit),)))
    if wish.kind == "substitute":
        parts = tuple(part for part in parts if part.key.agency == wish.agency)
    decided = {"number": change.number, "reason": wish.reason, "approved_by": change.decided_by or ""}
    more = {"replaces": wish.subject, "successor": change.successor or ""} if change.successor else {}
    ended = {"outcome": wish.reason} if wish.kind in ("close", "void") else {}
    move(connection, parts, wish.kind, (actor, now), payload=decided | more, **ended)
