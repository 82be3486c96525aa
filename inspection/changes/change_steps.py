"""Changes after a draw: asked for by one person, approved by another, in the log (PROTOCOL 8 and 9).

A draw that will not be carried through is void; a visit whose firm cannot be found goes to the reserve or is closed; an
officer who cannot go is substituted. Nothing that was drawn is edited.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from inspection.changes.part_moves import follow_change
from inspection.changes.successors import next_firm, next_inspector
from inspection.draw.log import Entry, EntryType
from inspection.errors import DrawError, InputError, StoreError
from inspection.rules.past import Past, StandingVisit
from inspection.rules.reasons import require_reason
from inspection.rules.visit_life import Actor
from inspection.steps.line import Line, stamp
from inspection.steps.standing import find_visit, firm_draws, first_draw, label_of, standing_visits
from inspection.store import changes
from inspection.store.changes import Change, Wish
from inspection.store.draws import DrawRecord, draws, give_up


def void_wish(line: Line, name: str, reason: str) -> Wish:
    """To give up a draw, named in full or by its folder.

    Raises:
        InputError: no such draw, or no such reason.
        StoreError: it has a result, or was given up before.
        DrawError: its reveal is stored: what it draws is decided, and giving it up would be drawing again.
    """
    require_reason("void", reason)
    draw = _draw_named(line, name)
    _require_voidable(line, draw)
    return Wish(draw=draw.draw, kind="void", reason=reason)


def void_visit_wish(line: Line, label: str, reason: str) -> Wish:
    """To void a visit, whatever became of it: what was disclosed of it is withdrawn.

    Raises:
        InputError: no such visit, no such reason, or the visit is closed or void.
    """
    require_reason("void", reason)
    visit = _open_visit(line, label)
    return Wish(draw=visit.draw, kind="void", reason=reason, visit=visit.visit)


def replace_wish(line: Line, label: str, reason: str) -> Wish:
    """To call the pool's next reserve firm for a visit.

    Raises:
        InputError: no such visit, no such reason, or the visit is closed.
        DrawError: the rules say that such visits are closed.
    """
    require_reason("replace", reason)
    if line.given.policy.after.unreachable != "replace":
        raise DrawError("change.replace.rules", label=label)
    visit = _open_visit(line, label)
    return Wish(draw=visit.draw, kind="replace", reason=reason, visit=visit.visit, subject=visit.firm)


def close_wish(line: Line, label: str, reason: str) -> Wish:
    """To close a visit before it begins, with an outcome.

    Raises:
        InputError: no such visit, no such outcome, or the visit is closed.
    """
    require_reason("close", reason)
    visit = _open_visit(line, label)
    return Wish(draw=visit.draw, kind="close", reason=reason, visit=visit.visit)


def substitute_wish(line: Line, label: str, seat: tuple[str, str], reason: str) -> Wish:
    """To send another officer of the agency.

    Args:
        seat: (agency, the inspector who cannot go).

    Raises:
        InputError: no such visit, no such reason, the visit is closed, or the inspector does not go there.
    """
    require_reason("substitute", reason)
    visit = _open_visit(line, label)
    if seat not in visit.team:
        team = ", ".join(f"{agency} {inspector}" for agency, inspector in visit.team)
        raise InputError("change.seat", label=label, agency=seat[0], inspector=seat[1], team=team)
    draw = inspector_draw(line, visit)
    return Wish(draw=draw.draw, kind="substitute", reason=reason, visit=visit.visit, agency=seat[0], subject=seat[1])


def absence_wishes(line: Line, inspector: str, reason: str) -> list[Wish]:
    """To send others to every open visit the inspector is to make from today on; those asked for already left out.

    Raises:
        InputError: no such reason.
    """
    require_reason("substitute", reason)
    today, visits = line.clock().date(), standing(line)
    first = first_draw(visits)
    with line.workspace.store.reading() as connection:
        waiting = {
            (change.wish.visit, change.wish.draw, change.wish.subject)
            for change in changes.changes(connection, line.name, ("pending",))
        }
    wishes = [
        substitute_wish(line, label_of(visit, first), (agency, person), reason)
        for visit in visits
        for agency, person in visit.team
        if person == inspector and visit.outcome is None and (visit.day is None or visit.day >= today)
    ]
    return [wish for wish in wishes if (wish.visit, wish.draw, wish.subject) not in waiting]


def request(line: Line, wish: Wish, by: str) -> Change:
    """The wish waits for a second person; StoreError when the same wish waits already."""
    with line.workspace.store.writing() as connection:
        return changes.request(connection, line.name, wish, _person(by), line.clock())


def refuse(line: Line, number: int, by: str) -> Change:
    """The wish is refused, by somebody who did not ask for it."""
    with line.workspace.store.writing() as connection:
        asked = changes.change(connection, line.name, number)
        return changes.decide(connection, asked, "refused", _person(by), line.clock())


def approve(line: Line, number: int, by: str) -> Change:
    """The wish is carried out and in the log, approved by somebody who did not ask for it.

    All of it is stored in one transaction: a process killed meanwhile leaves the wish waiting.

    Raises:
        StoreError: no such wish, decided before, or the same person asked for it.
        DrawError: it cannot be carried out any more: the reserve is used up, nobody is eligible.
    """
    with line.workspace.lock(line.name):
        with line.workspace.store.reading() as connection:
            asked = changes.change(connection, line.name, number)
        changes.require_decidable(asked, _person(by))
        successor = _successor(line, asked.wish)
        with line.workspace.store.writing() as connection:
            change = changes.decide(connection, asked, "approved", _person(by), line.clock(), successor)
            _carry_out(line, connection, change)
            if change.wish.visit:
                results = [draw for draw in draws(connection, line.name) if draw.root is not None]
                actor = Actor(name=change.requested_by, role="planner")
                follow_change(connection, line.name, firm_draws(results)[change.wish.draw], change, actor)
        return change


def _successor(line: Line, wish: Wish) -> str | None:
    """The firm or inspector who comes in; None where nobody does."""
    if wish.kind == "void" and not wish.visit:
        _require_voidable(line, _draw_named(line, wish.draw))
        return None
    visits = standing(line)
    records = records_of(line)
    if wish.kind == "substitute":
        of_round = {record.round: record for record in records.values() if record.kind == "firms" and record.root}
        firm_draw = of_round[records[wish.draw].round].draw
        visit = _still_open(visits, firm_draw, wish.visit)
        if (wish.agency, wish.subject) not in visit.team:
            raise DrawError("change.overtaken", visit=wish.visit)
        return next_inspector(line, records[wish.draw], visit, wish.agency)
    visit = _still_open(visits, wish.draw, wish.visit)
    if wish.kind in ("close", "void"):
        return None
    if visit.firm != wish.subject:
        raise DrawError("change.overtaken", visit=wish.visit)
    return next_firm(line, records[wish.draw], visit, Past(visits))


def _still_open(visits: tuple[StandingVisit, ...], draw: str, code: str) -> StandingVisit:
    visit = next(each for each in visits if each.key == (draw, code))
    if visit.outcome is not None:
        raise DrawError("change.overtaken", visit=code)
    return visit


def _carry_out(line: Line, connection: Connection, change: Change) -> None:
    """What the change does beside its own row: the log says it, a void draw is given up."""
    wish, log = change.wish, line.workspace.log
    records = {draw.draw: draw for draw in draws(connection, line.name)}
    draw = records[wish.draw]
    if wish.kind == "void" and not wish.visit:
        give_up(connection, draw.draw, wish.reason)
        for other in records.values():
            # Inspectors may have been announced for visits that will never be drawn.
            if draw.kind == "firms" and other.round == draw.round and other.kind == "inspectors" and other.void is None:
                give_up(connection, other.draw, wish.reason)
    # PROTOCOL 8 has no entry for these two: the disclosure that follows says what became of the visit.
    if wish.kind == "close" or (wish.kind == "void" and wish.visit) or draw.commitment is None:
        return
    # An outsider who knows the rest of an entry that is withheld from the public must not find the person by trial.
    salt = next(line.salts(wish.draw, "log", [str(change.number)]))
    more = {"reason": wish.reason, "approved_by": change.decided_by or "", "salt": salt, **_particulars(change)}
    type: EntryType = wish.kind
    entry = Entry(
        type=type,
        plan=line.name,
        draw=wish.draw,
        time=stamp(line.clock()),
        actor=change.requested_by,
        digest=draw.root or draw.commitment,
        more=more,
    )
    log.append(connection, entry)
    log.checkpoint(connection)


def _particulars(change: Change) -> Mapping[str, str]:
    """What an entry of the kind says beside reason and people (PROTOCOL 8)."""
    wish, successor = change.wish, change.successor or ""
    if wish.kind == "replace":
        return {"visit": wish.visit, "firm": successor, "replaces": wish.subject}
    if wish.kind == "substitute":
        return {"visit": wish.visit, "agency": wish.agency, "inspector": successor, "replaces": wish.subject}
    return {}


def _require_voidable(line: Line, draw: DrawRecord) -> None:
    if draw.root is not None:
        raise StoreError("store.draw.finished", draw=draw.draw)
    if draw.void is not None:
        raise StoreError("store.draw.void", draw=draw.draw, reason=draw.void)
    if line.workspace.store.step(line.name, f"{draw.folder}.reveal") is not None:
        raise DrawError("change.void.revealed", draw=draw.draw)


def _draw_named(line: Line, name: str) -> DrawRecord:
    records = records_of(line)
    full = name if "/" in name else f"{line.name}/{name}"
    if full not in records:
        raise InputError("change.draw", got=name, known=", ".join(record.folder for record in records.values()) or "-")
    return records[full]


def records_of(line: Line) -> dict[str, DrawRecord]:
    """The plan's draws by name."""
    with line.workspace.store.reading() as connection:
        return {draw.draw: draw for draw in draws(connection, line.name)}


def standing(line: Line) -> tuple[StandingVisit, ...]:
    """All visits of the year as they stand."""
    with line.workspace.store.reading() as connection:
        return standing_visits(connection, line.name)


def _open_visit(line: Line, label: str) -> StandingVisit:
    visit = find_visit(standing(line), label)
    if visit.outcome is not None:
        raise InputError("change.closed", label=label, outcome=visit.outcome)
    return visit


def inspector_draw(line: Line, visit: StandingVisit) -> DrawRecord:
    """The draw that decided who makes the visit; StoreError when it has no result yet."""
    records = records_of(line)
    number = records[visit.draw].round
    own = [each for each in records.values() if each.round == number and each.kind == "inspectors" and each.root]
    if not own:
        raise StoreError("change.undrawn", draw=visit.draw)
    return own[0]


def _person(name: str) -> str:
    """A name that can be told from another.

    Raises:
        InputError: it is empty or holds control characters.
    """
    clean = " ".join(name.split())
    if not clean or not clean.isprintable():
        raise InputError("change.person")
    return clean
