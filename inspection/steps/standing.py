"""The visits of a plan as they stand: as drawn, with every approved change applied; keyed by draw and visit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from inspection.errors import InputError
from inspection.rules.past import StandingVisit
from inspection.store import drawn
from inspection.store.changes import Change, changes
from inspection.store.draws import DrawRecord, draws


def standing_visits(connection: Connection, plan: str, rounds: range | None = None) -> tuple[StandingVisit, ...]:
    """All visits drawn in the rounds given (all when none are), in order of draw and visit."""
    results = [draw for draw in draws(connection, plan) if draw.root is not None]
    if rounds is not None:
        results = [draw for draw in results if draw.round in rounds]
    approved = _by_visit(changes(connection, plan, ("approved",)), firm_draws(results))
    return tuple(
        _changed(visit, approved.get(visit.key, ()))
        for draw in results
        if draw.kind == "firms"
        for visit in _as_drawn(connection, draw.draw)
    )


def firm_draws(results: Iterable[DrawRecord]) -> dict[str, str]:
    """Name of a draw with a result → name of the firm draw of its round."""
    of_round = {draw.round: draw.draw for draw in results if draw.kind == "firms"}
    return {draw.draw: of_round[draw.round] for draw in results}


def _as_drawn(connection: Connection, draw: str) -> Iterable[StandingVisit]:
    agencies = {each.combination: each.agencies for each in drawn.combinations(connection, draw)}
    days = drawn.days(connection, draw)
    team: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for seat in drawn.assignments(connection, draw):
        team[seat.visit].append((seat.agency, seat.inspector))
    for visit in drawn.visits(connection, draw):
        yield StandingVisit(
            draw=draw,
            visit=visit.visit,
            firm=visit.firm,
            combination=visit.combination,
            agencies=agencies[visit.combination],
            month=visit.month,
            day=days.get(visit.visit),
            team=tuple(team[visit.visit]),
        )


def _by_visit(approved: Iterable[Change], firm_draw: Mapping[str, str]) -> dict[tuple[str, str], list[Change]]:
    """Changes of each visit in the order they were decided, as the log has them."""
    found: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in sorted(approved, key=lambda change: (change.decided_at or change.requested_at, change.number)):
        if change.wish.visit and change.wish.draw in firm_draw:
            found[firm_draw[change.wish.draw], change.wish.visit].append(change)
    return found


def _changed(visit: StandingVisit, approved: Iterable[Change]) -> StandingVisit:
    for change in approved:
        wish, successor = change.wish, change.successor or ""
        if wish.kind == "replace":
            visit = replace(visit, firm=successor, called=(*visit.called, visit.firm))
        elif wish.kind in ("close", "void"):
            visit = replace(visit, outcome=wish.reason)
        elif wish.kind == "substitute":
            seats = {*visit.team} - {(wish.agency, wish.subject)} | {(wish.agency, successor)}
            visit = replace(visit, team=tuple(sorted(seats)))
    return visit


def label_of(visit: StandingVisit, first: str) -> str:
    """What people call a visit: its code, after the number of its draw unless that is the plan's first firm draw."""
    if visit.draw == first:
        return visit.visit
    return f"{draw_number(visit.draw)}-{visit.visit}"


def draw_number(draw: str) -> str:
    """``370828-2027/3-firms`` has the number 3."""
    return draw.rpartition("/")[2].partition("-")[0]


def first_draw(visits: Iterable[StandingVisit]) -> str:
    """The firm draw whose visits go by their bare codes: the first with a result."""
    return next((visit.draw for visit in visits), "")


def find_visit(visits: Iterable[StandingVisit], label: str) -> StandingVisit:
    """The visit of a label, or of a draw and a code with a slash between.

    Raises:
        InputError: there is none.
    """
    known = list(visits)
    first = first_draw(known)
    for visit in known:
        folder = visit.draw.rpartition("/")[2]
        if label in (label_of(visit, first), f"{folder}/{visit.visit}", f"{visit.draw}/{visit.visit}"):
            return visit
    raise InputError("change.visit", got=label, example=label_of(known[-1], first) if known else "V0001")
