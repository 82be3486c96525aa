"""The timetable made to fit again after substitutions, absences, new quiet days: as few visits move as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from inspection.draw.canonical import canonical_json
from inspection.errors import InputError
from inspection.planning.day_changes import Absence, MovedDays, plan_day_changes
from inspection.registry.frame_tables import drawn_firms
from inspection.rules.past import StandingVisit
from inspection.rules.policy import Policy
from inspection.rules.workdays import workdays
from inspection.steps.line import Line, Made
from inspection.steps.rounds import supplement_line
from inspection.steps.standing import standing_visits
from inspection.store import drawn
from inspection.store.draws import draws
from inspection.store.supplements import supplements


def redate(line: Line, rules: Policy, absences: Sequence[Absence], *, is_trial: bool = False) -> MovedDays:
    """Every open visit has a day that keeps the rules, or none is left for it; stored unless it is a trial.

    Args:
        line: of the year.
        rules: the policy file as it stands: its calendar and quiet days count; everything else is the plan's own.
        absences: of inspectors, beside those stored with earlier changes of days.

    Raises:
        InputError: an absence of somebody the plan does not know, or one that ends before it begins.
    """
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
        starts = _starts(connection, line.name)
    _check_absences(absences, visits)
    policy = line.given.policy.model_copy(update={"calendar": rules.calendar, "quiet": rules.quiet})
    held = [visit for visit in visits if visit.outcome is None]
    moved = plan_day_changes(
        held,
        _towns(line, held),
        workdays(policy.plan.year, policy),
        policy,
        today=line.clock().date(),
        starts=starts,
        absences=[*_known_absences(line), *absences],
    )
    if moved.changed and not is_trial:
        _store(line, moved, absences)
    return moved


def _starts(connection: Connection, plan: str) -> dict[str, date]:
    """First day of visits of each supplement's firm draw."""
    start = {each.number: each.start for each in supplements(connection, plan)}
    return {draw.draw: start[draw.round] for draw in draws(connection, plan) if draw.round in start}


def _earlier(line: Line) -> list[Mapping[str, Any]]:
    """What earlier changes of days stored."""
    steps = line.workspace.store.steps(line.name)
    return [step.payload for step in steps if step.name.startswith("days-")]


def _known_absences(line: Line) -> list[Absence]:
    return [
        Absence(inspector=inspector, first=date.fromisoformat(first), last=date.fromisoformat(last))
        for payload in _earlier(line)
        for inspector, first, last in payload["absences"]
    ]


def _check_absences(absences: Sequence[Absence], visits: Sequence[StandingVisit]) -> None:
    known = {person for visit in visits for _, person in visit.team}
    if unknown := sorted({away.inspector for away in absences} - known):
        raise InputError("redate.inspector", inspectors=", ".join(unknown))
    for away in absences:
        if away.last < away.first:
            raise InputError("redate.span", inspector=away.inspector, first=away.first, last=away.last)


def _towns(line: Line, visits: Sequence[StandingVisit]) -> dict[str, str]:
    """Town of every firm visited, from the registers of its round."""
    with line.workspace.store.reading() as connection:
        records = [draw for draw in draws(connection, line.name) if draw.kind == "firms" and draw.root]
        added = supplements(connection, line.name)
    lines = {0: line} | {each.number: supplement_line(line, each) for each in added}
    towns: dict[str, str] = {}
    for record in records:
        firms = sorted({visit.firm for visit in visits if visit.draw == record.draw})
        snapshot = lines[record.round].given.snapshot
        found = drawn_firms(snapshot.firms, line.kept(record.files["firms.csv"]), firms)
        towns |= {code: firm.town for code, firm in found.items()}
    return towns


def _store(line: Line, moved: MovedDays, absences: Sequence[Absence]) -> None:
    """The days are the plan's, and what was changed is kept as a step of its own."""
    number = 1 + len(_earlier(line))

    def make() -> Made[None]:
        rows = {"/".join(key): [str(old or ""), str(new or "")] for key, (old, new) in moved.changed.items()}
        away = [[each.inspector, each.first.isoformat(), each.last.isoformat()] for each in absences]
        payload = {"moved": line.keep(canonical_json(rows)), "bound": moved.bound, "absences": away}
        return Made(payload=payload, value=None, writes=writes)

    def writes(connection: Connection) -> None:
        by_draw: dict[str, dict[str, date | None]] = defaultdict(dict)
        for (draw, visit), (_, new) in moved.changed.items():
            by_draw[draw][visit] = new
        for draw, days in by_draw.items():
            drawn.set_days(connection, draw, days)

    def load(payload: Mapping[str, Any]) -> None:
        return None

    line.step(f"days-{number}.redate", make, load)
