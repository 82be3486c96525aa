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
from inspection.model import Assignment
from inspection.planning.added_days import plan_added_days
from inspection.planning.days import Days, plan_days
from inspection.planning.summary import expected_visits
from inspection.registry.frame_tables import DrawnFirm, drawn_firms
from inspection.rules.drawn_plan import DrawnPlan, RuleResult
from inspection.rules.plan_check import check_plan
from inspection.rules.policy import policy_from
from inspection.rules.workdays import workdays
from inspection.rules.year_check import check_year, with_year
from inspection.steps.firm_steps import FirmResult, FrozenFrame, FrozenQuotas
from inspection.steps.inspector_steps import FrozenChances
from inspection.steps.line import Given, Line, Made
from inspection.steps.standing import standing_visits
from inspection.store import drawn


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
    """Names, addresses and towns of the firms drawn, now and before."""
    wanted = {visit.firm for visit in year.firms.visits} | {visit.firm for visit in line.given.past.visits}
    return drawn_firms(line.given.snapshot.firms, line.kept(year.frame.firms), sorted(wanted))


def timetable(line: Line, year: DrawnYear, firms: Mapping[str, DrawnFirm]) -> Days:
    """Every visit has a workday, or is named with the reason why not."""

    def make() -> Made[Days]:
        days = _days(line.given, year, firms)
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


def _days(given: Given, year: DrawnYear, firms: Mapping[str, DrawnFirm]) -> Days:
    """The solver's days: of the year as a whole, or around the visits that have theirs."""
    towns, policy = {code: firm.town for code, firm in firms.items()}, given.policy
    calendar = workdays(policy.plan.year, policy)
    if given.start is None:
        return plan_days(year.firms.visits, year.assignments, towns, calendar, policy)
    fixed = [visit for visit in given.past.open if visit.firm in towns]
    return plan_added_days(year.firms.visits, year.assignments, towns, calendar, policy, fixed=fixed, start=given.start)


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
        history=given.past.earlier,
        expected=expected_visits(flow),
    )


def _check_year(line: Line) -> tuple[RuleResult, ...]:
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
    return check_year(visits, policy_from(line.plan.policy))


def check(line: Line, year: DrawnYear, plan: DrawnPlan) -> tuple[RuleResult, ...]:
    """One result per rule, stored with the plan."""

    def make() -> Made[tuple[RuleResult, ...]]:
        results = check_plan(plan)
        if line.round:
            results = with_year(results, _check_year(line))
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
