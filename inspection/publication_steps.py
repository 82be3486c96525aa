"""A finished plan put before the public: asked for by one person, approved by another, announced in one transaction.

What is announced names neither tier nor officer nor firm: the plan, and its tasks. Visits are announced on their day.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from inspection.errors import PlanError, message
from inspection.model import Task
from inspection.questions.plan_status import missing_step
from inspection.rules.policy_sense import percent
from inspection.steps.line import Line
from inspection.steps.rounds import round_of
from inspection.steps.standing import standing_visits
from inspection.steps.supplements import present_line
from inspection.store import publications
from inspection.store.draws import draws
from inspection.store.outbox import News, announce_all
from inspection.store.publications import Publication


def ask_publication(line: Line, by: str) -> Publication:
    """The plan's latest round waits for a second person's approval to be published.

    Raises:
        PlanError: the round is not finished.
        StoreError: it is published, or a request for it waits already.
    """
    current = present_line(line)
    if missing_step(current) is not None:
        raise PlanError("publication.unfinished", plan=line.name)
    with line.workspace.store.writing() as connection:
        return publications.ask(connection, line.name, current.round, by, line.clock())


def approve_publication(line: Line, number: int, by: str) -> Publication:
    """The plan and its tasks are announced to everybody who receives such records.

    Raises:
        StoreError: there is no such request, it was decided, or the same person made it.
    """
    now = line.clock()
    current = present_line(line)
    news = list(plan_news(current, now))
    with line.workspace.store.writing() as connection:
        made = publications.decide(connection, number, "approved", by, now)
        if made.round != current.round or made.plan != line.name:
            raise PlanError("publication.overtaken", number=number)
        announce_all(connection, news, now=now)
    return made


def refuse_publication(line: Line, number: int, by: str) -> Publication:
    """The plan stays unpublished; StoreError as ``approve_publication``."""
    with line.workspace.store.writing() as connection:
        return publications.decide(connection, number, "refused", by, line.clock())


def plan_news(line: Line, now: datetime) -> Iterator[News]:
    """The records of a round: the plan, anew with each supplement, then the round's tasks."""
    yield News(
        key=f"{line.name}/plan/{line.round}",
        record=f"{line.name}/plan",
        kind="plan",
        action="u" if line.round else "i",
        payload=_plan_facts(line, now),
        not_before=now,
    )
    for task in line.given.tasks:
        record = f"{line.name}/task/{task.task}"
        yield News(
            key=f"{record}/0",
            record=record,
            kind="task",
            action="i",
            payload=_task_facts(line, task),
            not_before=now,
        )


def _plan_facts(line: Line, now: datetime) -> Mapping[str, Any]:
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
        known = {draw.folder: draw for draw in draws(connection, line.name)}
    drawn = known[round_of(line).firms]
    return {
        "plan": line.name,
        "plan_name": line.plan.name,
        "year": line.plan.year,
        "division": line.plan.division,
        "published_on": now.date().isoformat(),
        "tasks": len(line.given.snapshot.tasks()),
        "visits": len(visits),
        "firms": line.given.snapshot.counts["firms"],
        "commitment": drawn.commitment or "",
    }


def _drawn_on(line: Line) -> str:
    """The day of the round's firm draw, in official time."""
    name = f"{round_of(line).firms}.draw"
    step = next(each for each in line.workspace.store.steps(line.name) if each.name == name)
    return step.finished_at.astimezone(line.clock().tzinfo).date().isoformat()


def _task_facts(line: Line, task: Task) -> Mapping[str, Any]:
    agencies = {code: agency.name for code, agency in line.given.agencies.items()}
    of, first, last = task.selection, min(task.months), max(task.months)
    return {
        "plan": line.name,
        "plan_name": line.plan.name,
        "task": task.task,
        "task_name": task.name,
        # Tiers narrow it too, but are for nobody outside to know.
        "task_type": "directed" if of.kinds or of.tiers or of.industries or of.tags else "undirected",
        "is_joint": "yes" if task.joining else "no",
        "lead_name": agencies[task.lead],
        "joining_names": [agencies[each] for each in task.joining],
        "item_names": [line.given.items[each].name for each in task.items],
        "objects": objects_of(task),
        "share": f"{task.count}户" if task.count is not None else percent(task.ratio or 0),
        "starts_on": f"{first}-01",
        "ends_on": f"{last}-{calendar.monthrange(int(last[:4]), int(last[5:]))[1]:02d}",
        "drawn_on": _drawn_on(line),
    }


def objects_of(task: Task) -> str:
    """Whom a task concerns, in words; tiers are left out, which are not public."""
    of = task.selection
    kinds = [message(f"explain.kind.{kind}", "zh") for kind in sorted(of.kinds)]
    parts = ["、".join(kinds), "、".join(of.industries), "、".join(sorted(of.tags))]
    return "；".join(part for part in parts if part) or message("publication.everybody", "zh")
