"""Changes after the draws: asked for by one person, carried out when another approves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from inspection.changes import change_steps
from inspection.changes.change_concerns import concerns
from inspection.changes.change_report import count_changes, flags
from inspection.errors import InspectionError
from inspection.rules.reasons import reason_words, reasons
from inspection.steps.line import Line
from inspection.steps.standing import firm_draws, first_draw, label_of, standing_visits
from inspection.store import changes as kept
from inspection.store.changes import Change, Wish
from inspection.web.change_rights import require_asker, require_decider, seen_by
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.pages import Tile
from inspection.web.planner_desk import desk_page
from inspection.web.refusal import Refused
from inspection.web.view import see

router = APIRouter()

TILES = (Tile(path="/changes", title="planner.changes", permission="changes.read", order=17),)
KINDS = ("replace", "close", "substitute", "absent", "void")
MOST_SHOWN = 200
Short = Annotated[str, Form(max_length=200)]


@router.get("/changes")
def changes(request: Request, visitor: Annotated[Visitor, allowed("changes.read")]) -> Response:
    """What waits for a second person, what was decided, and the form to ask for more."""
    return _page(request, visitor)


def _page(request: Request, visitor: Visitor, fault: str = "", status: int = 200, **sent: str) -> Response:
    line = desk_of(request).office.line()
    with line.workspace.store.reading() as connection:
        found = kept.changes(connection, line.name)
        visits = standing_visits(connection, line.name)
    counts = count_changes(visits, found)
    seen = seen_by(line, visitor, found)[::-1]
    labels = {(visit.draw, visit.visit): label_of(visit, first_draw(visits)) for visit in visits}
    firm_draw = firm_draws(each for each in change_steps.records_of(line).values() if each.root)

    def label(change: Change) -> str:
        wish = change.wish
        key = (firm_draw.get(wish.draw, wish.draw), wish.visit)
        return labels.get(key, wish.visit) or wish.draw.rpartition("/")[2]

    language = visitor.language
    return desk_page(
        request,
        "changes.html",
        "/changes",
        status,
        waiting=[each for each in seen if each.state == "pending"],
        decided=[each for each in seen if each.state != "pending"][:MOST_SHOWN],
        label=label,
        reason=lambda change: reason_words(change.wish.kind, change.wish.reason, language),
        concerns=lambda change: concerns(line, change, language),
        counts=counts,
        flags=flags(counts, line.given.policy, language),
        kinds=KINDS,
        reasons={
            kind: {code: words[language] for code, words in reasons().get(kind, {}).items()}
            for kind in ("replace", "close", "substitute", "void")
        },
        agencies=sorted(line.given.agencies.values(), key=lambda each: each.agency),
        may_replace=line.given.policy.after.unreachable == "replace",
        fault=fault,
        sent=dict.fromkeys(("kind", "subject", "agency", "inspector", "reason"), "") | sent,
    )


@router.post("/changes")
def ask(
    request: Request,
    visitor: Annotated[Visitor, allowed("changes.request")],
    kind: Short = "",
    subject: Short = "",
    agency: Short = "",
    inspector: Short = "",
    reason: Short = "",
) -> Response:
    """The change waits for a second person; what cannot be asked for is told with the form as it was filled in."""
    line, of = desk_of(request).office.line(), subject.strip()
    asked_of: dict[str, Callable[[], Sequence[Wish]]] = {
        "replace": lambda: [change_steps.replace_wish(line, of, reason)],
        "close": lambda: [change_steps.close_wish(line, of, reason)],
        "substitute": lambda: [change_steps.substitute_wish(line, of, (agency, inspector.strip()), reason)],
        "absent": lambda: change_steps.absence_wishes(line, inspector.strip(), reason),
        "void": lambda: [_void(line, of, reason)],
    }
    if kind not in asked_of:
        raise Refused(422, "web.request", faults=f"kind: {kind}")
    request.state.action = f"changes.{kind}"
    try:
        wishes = asked_of[kind]()
        for wish in wishes:
            require_asker(line, visitor, wish)
        if not wishes:
            raise Refused(422, "planner.changes.nobody", inspector=inspector)
        made = [change_steps.request(line, wish, visitor.actor) for wish in wishes]
    except InspectionError as error:
        request.state.outcome = error.code
        text = error.text(visitor.language)
        filled = {"kind": kind, "subject": subject, "agency": agency, "inspector": inspector, "reason": reason}
        return _page(request, visitor, text, 422, **filled)
    request.state.object = " ".join(str(change.number) for change in made)
    return see("/changes")


def _void(line: Line, name: str, reason: str) -> Wish:
    """A draw is named by its folder, anything else is a visit."""
    is_draw = name in change_steps.records_of(line) or name.endswith(("-firms", "-inspectors"))
    return change_steps.void_wish(line, name, reason) if is_draw else change_steps.void_visit_wish(line, name, reason)


@router.post("/changes/{number}")
def decide(
    request: Request,
    number: int,
    visitor: Annotated[Visitor, allowed("changes.approve")],
    decision: Annotated[str, Form()] = "",
) -> Response:
    """The second person decides; an approved change is carried out and in the log."""
    line = desk_of(request).office.line()
    act = change_steps.approve if decision == "approve" else change_steps.refuse
    request.state.action = f"changes.{'approve' if decision == 'approve' else 'refuse'}"
    with line.workspace.store.reading() as connection:
        asked = kept.change(connection, line.name, number)
    require_decider(line, visitor, asked.wish)
    act(line, number, visitor.actor)
    return see("/changes")
