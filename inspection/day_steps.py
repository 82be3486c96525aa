"""Steps after both draws: a day for every visit, and every rule again as a plain loop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from inspection.draw.canonical import canonical_json
from inspection.draw.flow import read_flow
from inspection.drawn_plan import DrawnPlan, RuleResult
from inspection.firm_steps import FirmResult, FrozenFrame, FrozenQuotas
from inspection.inspector_steps import FrozenChances
from inspection.line import Line, Made
from inspection.model import Assignment
from inspection.plan_check import check_plan
from inspection.planning.days import Days, plan_days
from inspection.planning.summary import expected_visits
from inspection.registry.frame_tables import DrawnFirm, drawn_firms
from inspection.store import drawn
from inspection.workdays import workdays


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnYear:
    """Everything drawn in one firm draw and the inspector draw that follows it."""

    frame: FrozenFrame
    quotas: FrozenQuotas
    firms: FirmResult
    chances: FrozenChances
    assignments: tuple[Assignment, ...]

    @property
    def firm_draw(self) -> str:
        """Folder of the firm draw."""
        return self.quotas.inputs.folder


def look_up(line: Line, year: DrawnYear) -> Mapping[str, DrawnFirm]:
    """Names, addresses and towns of the firms drawn."""
    wanted = (visit.firm for visit in year.firms.visits)
    return drawn_firms(line.given.snapshot.firms, line.kept(year.frame.firms), wanted)


def timetable(line: Line, year: DrawnYear, firms: Mapping[str, DrawnFirm]) -> Days:
    """Every visit has a workday, or is named with the reason why not."""

    def make() -> Made[Days]:
        towns = {code: firm.town for code, firm in firms.items()}
        policy = line.given.policy
        calendar = workdays(policy.plan.year, policy)
        days = plan_days(year.firms.visits, year.assignments, towns, calendar, policy)
        placed = {visit: day.isoformat() for visit, day in days.days.items()}
        stored = {
            "days": line.keep(canonical_json(placed)),
            "unplaced": [list(each) for each in days.unplaced],
            "officer_days": days.officer_days,
            "officer_days_two_towns": days.officer_days_two_towns,
        }

        def writes(connection: Connection) -> None:
            drawn.set_days(connection, f"{line.name}/{year.firm_draw}", days.days)

        return Made(payload=stored, value=days, writes=writes)

    def load(payload: Mapping[str, Any]) -> Days:
        placed = json.loads(line.read(payload["days"]))
        return Days(
            days={visit: date.fromisoformat(day) for visit, day in placed.items()},
            unplaced=tuple((visit, reason) for visit, reason in payload["unplaced"]),
            officer_days=payload["officer_days"],
            officer_days_two_towns=payload["officer_days_two_towns"],
        )

    return line.step(f"{year.firm_draw}.timetable", make, load)


def drawn_plan(line: Line, year: DrawnYear, firms: Mapping[str, DrawnFirm], days: Days) -> DrawnPlan:
    """The plan as the rule check sees it."""
    given = line.given
    flow = read_flow(line.read(year.quotas.inputs.files["flow.csv"]))
    return DrawnPlan(
        policy=given.policy,
        calendar=workdays(given.policy.plan.year, given.policy),
        pools=year.frame.pools,
        firms={code: (firm.pool, firm.tier, firm.kind) for code, firm in firms.items()},
        tasks=given.tasks,
        items=given.items,
        combinations=year.quotas.combinations,
        visits=year.firms.visits,
        inspectors=given.inspectors,
        recusals=given.recusals,
        needs=year.chances.needs,
        assignments=year.assignments,
        days=days.days,
        expected=expected_visits(flow),
    )


def check(line: Line, year: DrawnYear, plan: DrawnPlan) -> tuple[RuleResult, ...]:
    """One result per rule, stored with the plan."""

    def make() -> Made[tuple[RuleResult, ...]]:
        results = check_plan(plan)
        rows = [
            {
                "rule": each.rule,
                "ok": each.ok,
                "measured": each.measured,
                "required": each.required,
                "detail": each.detail,
                "examples": list(each.examples),
            }
            for each in results
        ]
        return Made(payload={"rules": rows}, value=results)

    def load(payload: Mapping[str, Any]) -> tuple[RuleResult, ...]:
        return tuple(RuleResult(**{**row, "examples": tuple(row["examples"])}) for row in payload["rules"])

    return line.step(f"{year.firm_draw}.check", make, load)
