"""The plan and its tasks as the public reads them, announced once they are committed, and again where they changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from inspection.errors import PlanError
from inspection.model import Task
from inspection.outgoing import Action, Kind
from inspection.rules.workdays import month_end
from inspection.steps.line import Line
from inspection.store import tables
from inspection.store.draws import draws
from inspection.store.outbox import News, announce_all, last_announced
from inspection.work.visit_facts import VisitFacts

Facts = dict[str, Any]


def announce_plan(line: Line, now: datetime) -> int:
    """The plan and all its tasks are in the outbox as they stand; returns how many were new or changed.

    Raises:
        PlanError: no draw of the plan is committed: until then it may still change without a trace.
    """
    facts = VisitFacts(line)
    with line.workspace.store.writing() as connection:
        records = list(_records(line, facts, connection))
        before = last_announced(connection, [record for record, _, _ in records])
        news = []
        for record, kind, payload in records:
            known = before.get(record)
            if known is not None and known.latest.payload == payload:
                continue
            action: Action = "i" if known is None else "u"
            key = f"{record}/{0 if known is None else known.count}"
            news.append(News(key=key, record=record, kind=kind, action=action, payload=payload, not_before=now))
        return announce_all(connection, news, now=now)


def _records(line: Line, facts: VisitFacts, connection: Connection) -> Iterator[tuple[str, Kind, Facts]]:
    yield f"{line.name}/plan", "plan", _plan_facts(line, facts, connection)
    for code, task in sorted(facts.tasks.items()):
        yield f"{line.name}/task/{code}", "task", _task_facts(line, facts, task)


def _plan_facts(line: Line, facts: VisitFacts, connection: Connection) -> Facts:
    known = [draw for draw in draws(connection, line.name) if draw.commitment is not None and draw.void is None]
    if not known:
        raise PlanError("publish.plan.uncommitted", plan=line.name)
    visits = select(func.count()).where(tables.visits.c.draw.in_([draw.draw for draw in known]))
    return {
        "plan": line.name,
        "plan_name": line.plan.name,
        "year": line.plan.year,
        "division": line.plan.division,
        "tasks": len(facts.tasks),
        "visits": connection.scalar(visits) or 0,
        "firms": line.given.snapshot.counts.get("firms", 0),
        "commitment": known[0].commitment,
    }


def _task_facts(line: Line, facts: VisitFacts, task: Task) -> Facts:
    """What is said of a task; of the firms it concerns all but their credit tiers, which are nobody else's business."""
    months = sorted(task.months)
    return {
        "plan": line.name,
        "plan_name": line.plan.name,
        "task": task.task,
        "task_number": task.task,
        "task_name": task.name,
        "task_type": task_type(task),
        "is_joint": "yes" if task.joining else "no",
        "lead_name": facts.agencies[task.lead].name,
        "joining_names": [facts.agencies[agency].name for agency in task.joining],
        "item_names": [facts.items[item].name for item in task.items],
        "share": str(task.count) if task.ratio is None else f"{float(100 * task.ratio):.4g}%",
        "starts_on": f"{months[0]}-01",
        "ends_on": month_end(months[-1]).isoformat(),
    }


def task_type(task: Task) -> str:
    """定向 where the firms are chosen by conditions beside the region, 不定向 otherwise."""
    chosen = task.selection
    is_directed = chosen.kinds or chosen.tiers or chosen.industries or chosen.tags
    return "directed" if is_directed else "undirected"
