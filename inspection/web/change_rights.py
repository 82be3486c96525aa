"""Whose a change after a draw is to ask for, to see and to decide: the agencies it concerns, or the whole plan."""

from __future__ import annotations

from collections.abc import Iterable

from inspection.rules.past import StandingVisit
from inspection.steps.line import Line
from inspection.steps.standing import find_visit, standing_visits
from inspection.store.changes import Change, Wish
from inspection.web.desk import Visitor
from inspection.web.refusal import Refused


def concerned(line: Line, wish: Wish) -> frozenset[str]:
    """Agencies of the wish's visit; of a substitution, that of the officer; of a void draw, all."""
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name) if wish.visit and not wish.agency else ()
    return _of(wish, frozenset(line.given.agencies), visits)


def _of(wish: Wish, everybody: frozenset[str], visits: Iterable[StandingVisit]) -> frozenset[str]:
    if wish.agency:
        return frozenset({wish.agency})
    return frozenset(find_visit(visits, f"{wish.draw}/{wish.visit}").agencies) if wish.visit else everybody


def seen_by(line: Line, visitor: Visitor, changes: Iterable[Change]) -> list[Change]:
    """Those of the changes that concern an agency of the visitor's, in their order."""
    everybody = frozenset(line.given.agencies)
    own = visitor.agencies("changes.read", line.given.agencies.values())
    if own == everybody:
        return list(changes)
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
    return [each for each in changes if _of(each.wish, everybody, visits) & own]


def may_see(line: Line, visitor: Visitor, change: Change) -> bool:
    """Whether the change concerns an agency of the visitor's."""
    return bool(seen_by(line, visitor, [change]))


def require_asker(line: Line, visitor: Visitor, wish: Wish) -> None:
    """The visitor acts for one of the agencies the wish concerns; for the whole plan where a draw is to be void.

    Raises:
        Refused: 403.
    """
    of = concerned(line, wish)
    if wish.kind == "void":
        visitor.require("plan.run")
    elif not of & visitor.agencies("changes.request", line.given.agencies.values()):
        raise Refused(403, "web.agency", agencies=", ".join(sorted(of)))


def require_decider(line: Line, visitor: Visitor, wish: Wish) -> None:
    """The visitor decides for an agency the wish concerns; what concerns the whole plan, for all of it.

    Raises:
        Refused: 403.
    """
    of = concerned(line, wish)
    own = visitor.agencies("changes.approve", line.given.agencies.values())
    if not (of <= own if wish.kind == "void" else of & own):
        raise Refused(403, "web.agency", agencies=", ".join(sorted(of)))
