"""Findings entered away from a network: they arrive late, and never undo what somebody else entered meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inspection.errors import PlanError
from inspection.office import Office
from inspection.rules.findings import Finding
from inspection.rules.visit_life import Actor
from inspection.store import work
from inspection.store.changes import is_same_person
from inspection.store.work import PartKey
from inspection.work.finding_steps import Desk, Entered, enter_at
from inspection.work.visit_facts import VisitFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFinding:
    """A finding, and the version of the one its author saw when entering it; 0 where there was none."""

    finding: Finding
    seen: int


def enter_seen(office: Office, rows: Sequence[SeenFinding], actor: Actor, now: datetime) -> Entered:
    """As ``enter_findings``, but what others entered since the author looked is not overwritten.

    The author's own later entries follow each other, whatever version they saw: a device sends them in order.

    Raises:
        InputError, PlanError: as ``enter_findings``.
        PlanError: somebody else entered another result since; who, for which items. Nothing is stored.
    """
    line = office.line()
    wanted = {(_key(each.finding), each.finding.item): each for each in rows}
    with line.workspace.store.writing() as connection:
        overtaken = [
            f"{row.finding.item} ({row.entered_by})"
            for row in work.findings(connection, line.name, {key for key, _ in wanted})
            if (each := wanted.get((row.key, row.finding.item))) is not None
            and row.version > each.seen
            and row.finding != each.finding
            and not is_same_person(row.entered_by, actor.name)
        ]
        if overtaken:
            raise PlanError("field.overtaken", count=len(overtaken), items=", ".join(overtaken))
        desk = Desk(line, VisitFacts(line), office.policy(), connection)
        return enter_at(desk, [each.finding for each in rows], (actor, now))


def _key(finding: Finding) -> PartKey:
    return PartKey(finding.draw, finding.visit, finding.agency)
