"""Rounds of a plan: the year's own draws, and supplements made from newer registers in mid-year (PROTOCOL 3)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from inspection.model import Task
from inspection.registry.snapshot import Snapshot
from inspection.rules.past import Past
from inspection.rules.policy import Policy
from inspection.steps.line import Given, Line
from inspection.steps.standing import standing_visits
from inspection.store.draws import DrawRecord, draws
from inspection.store.supplements import Supplement

REPEATED = ("tiers", "coverage", "joint_share", "visits_per_firm", "visits_by_tier")
"""Keys of rules.json that every firm draw of a plan must repeat: the year is measured as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The folders of a round's draws, and the root of the result it builds on (None for the year's own)."""

    firms: str
    inspectors: str
    previous: str | None = None


def round_of(line: Line) -> Round:
    """The round's draws that count; a draw given up has made room for one of a new number."""
    with line.workspace.store.reading() as connection:
        known = draws(connection, line.name)
    own = {draw.kind: draw for draw in known if draw.round == line.round and draw.void is None}
    firms = own["firms"].folder if "firms" in own else f"{len(known) + 1}-firms"
    number = max(len(known), int(firms.partition("-")[0])) + 1
    inspectors = own["inspectors"].folder if "inspectors" in own else f"{number}-inspectors"
    roots = [draw.root for draw in known if draw.root and draw.round < line.round]
    return Round(firms=firms, inspectors=inspectors, previous=roots[-1] if roots else None)


class AddedGiven(Given):
    """What a supplement is made from: the tasks added, within the months that are left."""

    def __init__(self, policy: Policy, snapshot: Snapshot, past: Past, added: Supplement, rules: Any) -> None:
        super().__init__(policy, snapshot, past, {name: rules[name] for name in REPEATED if name in rules})
        self.start = added.start
        self._added = added

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks added, by code, their windows begun at the supplement's first day."""
        return tuple(
            in_months_from(task, self._added.start) for task in self.snapshot.tasks() if task.task in self._added.tasks
        )


def in_months_from(task: Task, start: date) -> Task:
    """The task without the months before the day's."""
    return replace(task, months=tuple(month for month in task.months if month >= f"{start:%Y-%m}"))


def supplement_line(line: Line, added: Supplement) -> Line:
    """The line of a supplement: newer registers, the same policy less what the year has met already.

    Coverage and least shares of tiers are the year's and met by its own draw; the joint share is kept for the year as
    a whole (``firm_steps``). Everything else binds as before.
    """
    policy = line.given.policy
    tiers = {tier: rules.model_copy(update={"minimum": Fraction(0)}) for tier, rules in policy.tiers.items()}
    relieved = policy.model_copy(
        update={
            "coverage": policy.coverage.model_copy(update={"floor": Fraction(0)}),
            "joint": policy.joint.model_copy(update={"floor": Fraction(0)}),
            "tiers": tiers,
        }
    )
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name, range(added.number))
        results = [draw for draw in draws(connection, line.name) if draw.root is not None]
    rules = first_rules(line, results)
    past = Past(visits=visits, stated_seats=rules.get("monthly_seats", {}))
    snapshot = Snapshot.open(line.workspace.folder, added.snapshot)
    return line.in_round(added.number, AddedGiven(relieved, snapshot, past, added, rules))


def first_rules(line: Line, results: list[DrawRecord]) -> Any:
    """rules.json of the plan's first firm draw that counts."""
    first = next(draw for draw in results if draw.kind == "firms")
    return json.loads(line.read(first.files["rules.json"]))
