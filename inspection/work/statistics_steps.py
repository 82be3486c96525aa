"""Statistics of a plan: counted now, or once for a month or a year that is over, kept as counted and announced."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

from sqlalchemy import insert, select

from inspection.draw.canonical import canonical_json
from inspection.errors import InputError
from inspection.model import Share
from inspection.office import CHINA, Office
from inspection.rules.findings import categories
from inspection.rules.past import StandingVisit
from inspection.rules.work_records import Found, Frame, PartRecord, VisitRecord
from inspection.rules.work_statistics import Burden, Measures, Row, Statistics, count
from inspection.steps.firm_steps import frame as frozen_frame
from inspection.steps.line import Line
from inspection.steps.rounds import round_of
from inspection.steps.standing import standing_visits
from inspection.store import disclosed, work
from inspection.store.outbox import announce
from inspection.store.schedule_tables import period_statistics
from inspection.work.visit_facts import VisitFacts


def statistics(office: Office, period: str | None, now: datetime, agency: str | None = None) -> Statistics:
    """The year (period None, or ``YYYY``) or a month of it (``YYYY-MM``) in figures, as it stands now.

    Args:
        agency: count its shares of its visits alone; what is held against the whole plan then says nothing.

    Raises:
        InputError: not the year of the plan, nor a month of it.
        StoreError: there is no plan, or nothing is drawn.
    """
    line = office.line()
    wanted = require_period(line, period)
    year = _Year(line, office)
    visits, parts = year.visits, year.parts
    if agency is not None:
        parts = [part for part in parts if part.agency == agency]
        own = {part.visit for part in parts}
        visits = [visit for visit in visits if visit.visit in own]
    return count(visits, parts, year.frame, wanted, now.astimezone(CHINA).date())


def require_period(line: Line, period: str | None) -> str:
    """The period as ``YYYY`` or ``YYYY-MM`` of the plan's year; InputError otherwise."""
    year = str(line.plan.year)
    known = {year, *(f"{year}-{month:02}" for month in range(1, 13))}
    if (wanted := period or year) not in known:
        raise InputError("statistics.period", got=wanted, year=year)
    return wanted


def make_statistics(office: Office, period: str, now: datetime) -> Statistics:
    """The statistics of a period that is over, counted once, kept, and announced; asked again, those kept.

    Raises:
        InputError, StoreError: as ``statistics``.
    """
    line = office.line()
    store = line.workspace.store
    query = select(period_statistics.c.payload).filter_by(plan=line.name, period=require_period(line, period))
    with store.reading() as connection:
        kept: str | None = connection.scalar(query)
    if kept is not None:
        return from_payload(json.loads(kept))
    counted = statistics(office, period, now)
    payload = canonical_json(to_payload(counted)).decode()
    with store.writing() as connection:
        if (kept := connection.scalar(query)) is not None:
            return from_payload(json.loads(kept))
        row = {"plan": line.name, "period": period, "payload": payload, "made_at": now}
        connection.execute(insert(period_statistics), row)
        record = f"{line.name}/statistics/{period}"
        facts = {"plan": line.name, "period": period, "figures": public_figures(counted)}
        announce(
            connection,
            key=f"{record}/0",
            record=record,
            kind="statistics",
            action="i",
            payload=facts,
            not_before=now,
            now=now,
        )
    return counted


def kept_statistics(line: Line) -> tuple[Statistics, ...]:
    """The statistics of all periods that were counted and announced, by period; the year's own comes first."""
    query = select(period_statistics.c.payload).filter_by(plan=line.name).order_by(period_statistics.c.period)
    with line.workspace.store.reading() as connection:
        return tuple(from_payload(json.loads(each)) for each in connection.scalars(query))


def public_figures(found: Statistics) -> list[dict[str, Any]]:
    """The shares as announced: nothing by tier, which is no evaluation of firms and is never published (DOMAIN 0.4)."""
    return [{"figure": name, "part": share.part, "whole": share.whole} for name, share in found.shares.items()]


def to_payload(found: Statistics) -> dict[str, Any]:
    """The statistics in values JSON has, whole numbers and texts."""
    facts = asdict(found)
    facts["as_of"] = found.as_of.isoformat()
    facts["shares"] = {
        name: [share.part, share.whole, share.floor.numerator, share.floor.denominator]
        for name, share in found.shares.items()
    }
    return facts


def from_payload(facts: Mapping[str, Any]) -> Statistics:
    """The statistics of a payload that ``to_payload`` made."""

    def rows(name: str) -> tuple[Row, ...]:
        return tuple(Row(**{**row, "measures": Measures(**row["measures"])}) for row in facts[name])

    bears = facts["burden"]
    return Statistics(
        period=facts["period"],
        as_of=date.fromisoformat(facts["as_of"]),
        visits=facts["visits"],
        joint_by=facts["joint_by"],
        shares={
            name: Share(part=part, whole=whole, floor=Fraction(above, below))
            for name, (part, whole, above, below) in facts["shares"].items()
        },
        total=Measures(**facts["total"]),
        burden=Burden(**{**bears, "times": tuple((often, firms) for often, firms in bears["times"])}),
        tiers=rows("tiers"),
        agencies=rows("agencies"),
        items=rows("items"),
        months=rows("months"),
    )


class _Year:
    """The records of a plan's year, read in one transaction of the store."""

    def __init__(self, line: Line, office: Office) -> None:
        self._line = line
        self._policy = office.policy()
        self._facts = VisitFacts(line)
        self._facts.first  # noqa: B018  # nothing drawn is told at once
        with line.workspace.store.reading() as connection:
            self._standing = {visit.key: visit for visit in standing_visits(connection, line.name)}
            self._parts = work.parts(connection, line.name)
            self._found = list(work.findings(connection, line.name))
            self._owed = disclosed.due_dates(connection, line.name, is_open=None)

    @cached_property
    def _firms(self) -> Mapping[tuple[str, str], Any]:
        known = {key: visit.firm for key, visit in self._standing.items() if key[0] in self._facts.draws}
        return self._facts.firms_of(known)

    @cached_property
    def visits(self) -> list[VisitRecord]:
        """Every visit drawn, as it stands; one that was voided counts nowhere."""
        voided = {part.key[:2] for part in self._parts if part.state == "voided"}
        closed = {part.key[:2] for part in self._parts if part.state == "closed"}
        return [
            self._visit(visit, visit.outcome is not None or visit.key in closed)
            for visit in self._standing.values()
            if visit.key in self._firms and visit.key not in voided
        ]

    def _visit(self, visit: StandingVisit, is_closed: bool) -> VisitRecord:
        firm = self._firms[visit.key]
        return VisitRecord(
            visit=visit.key,
            firm=visit.firm,
            tier=firm.tier,
            kind=firm.kind,
            combination=(visit.draw, visit.combination),
            month=visit.month,
            checks=len(self._facts.combination(visit.draw, visit.combination).tasks),
            is_joint=len(visit.agencies) > 1,
            is_closed=is_closed,
        )

    @cached_property
    def parts(self) -> list[PartRecord]:
        """Every agency's share of every visit."""
        found: dict[work.PartKey, list[Found]] = defaultdict(list)
        for row in self._found:
            found[row.key].append(self._finding(row))
        owed = {each.key: each for each in self._owed if each.kind == "findings"}
        records = []
        for part in self._parts:
            if part.key[:2] not in self._firms:
                continue
            due = owed.get(part.key)
            visit = self._standing[part.key[:2]]
            records.append(
                PartRecord(
                    visit=part.key[:2],
                    agency=part.key.agency,
                    month=part.month,
                    tier=self._firms[part.key[:2]].tier,
                    state="closed" if visit.outcome is not None and part.state != "voided" else part.state,
                    seats=tuple(person for agency, person in visit.team if agency == part.key.agency),
                    due=None if due is None else due.due,
                    done=due.done_at.astimezone(CHINA).date() if due and due.done_at else None,
                    findings=tuple(found[part.key]),
                )
            )
        return records

    def _finding(self, row: work.FindingRow) -> Found:
        finding = row.finding
        known = categories(self._policy.disclosure.categories).by_code.get(finding.result)
        return Found(
            item=finding.item,
            # A result of a dictionary that was changed since is counted as what is not known to be harmless.
            is_problem=known is None or known.is_problem,
            is_handled=bool(finding.disposal),
            is_on_site=finding.method == "site",
        )

    @cached_property
    def frame(self) -> Frame:
        """Pools and registers of the year's own draw, items and people of all rounds."""
        line, facts = self._line.of_year(), self._facts
        policy = line.given.policy
        pools = frozen_frame(line, round_of(line).firms).pools
        kinds = policy.coverage_kinds
        weights = {(rules.minimum, rules.maximum, rules.weight) for rules in policy.tiers.values()}
        tasks = facts.tasks.values()
        listed = {item for task in tasks for item in task.items}
        officers = Counter(person.agency for person in facts.inspectors.values())
        return Frame(
            kinds=kinds,
            firms=sum(pool.size for pool in pools if pool.kind in kinds),
            tiers=tuple(policy.tier_order),
            items={code: item.name for code, item in sorted(facts.items.items()) if code in listed},
            agencies={code: (agency.name, officers[code]) for code, agency in sorted(facts.agencies.items())},
            coverage_floor=policy.coverage.floor,
            joint_floor=policy.joint.floor,
            joint_by=policy.joint.counted_by,
            credit_tasks=sum(1 for task in tasks if len(weights) > 1 or task.selection.tiers),
            tasks=len(facts.tasks),
        )
