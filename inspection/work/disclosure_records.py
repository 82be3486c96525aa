"""Which records ought to be public now, and are not or not as they stand: visits, findings, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, func, select

from inspection.outgoing import Action
from inspection.rules.visit_life import STATES, state_of_visit
from inspection.rules.workdays import month_end
from inspection.steps.line import Line
from inspection.steps.standing import standing_visits
from inspection.store import disclosed, work, work_tables
from inspection.store.disclosed import Amendment, Disclosure
from inspection.store.work import FindingRow, Part, PartKey
from inspection.work.disclosing import Record
from inspection.work.plan_announcing import task_type
from inspection.work.visit_facts import VisitFacts, VisitKey

PUBLIC = ("disclosed", "voided")
"""States of parts whose findings are, or once were, public."""


@dataclass
class Standing:
    """What a plan's visits are in one transaction, and what of it is public.

    Attributes:
        today: the day in official time; a sealed visit stays closed before its own.
    """

    line: Line
    connection: Connection
    facts: VisitFacts
    today: date

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All parts of the plan."""
        return work.parts(self.connection, self.line.name)

    @cached_property
    def of_visit(self) -> Mapping[VisitKey, list[Part]]:
        """Parts by visit, of draws whose inspectors are drawn."""
        found: dict[VisitKey, list[Part]] = defaultdict(list)
        for part in self.parts:
            if part.key.draw in self.facts.draws:
                found[part.key.draw, part.key.visit].append(part)
        return found

    @cached_property
    def public(self) -> Mapping[str, Disclosure]:
        """The newest public version of each record."""
        return disclosed.disclosed_versions(self.connection)

    @cached_property
    def firms(self) -> Mapping[VisitKey, str]:
        """Whom each visit goes to now."""
        return self.facts.firms_now(self.connection, self.of_visit)

    @cached_property
    def officers(self) -> Mapping[PartKey, list[dict[str, str]]]:
        """Who goes for each part, by inspector; personal data that no public channel shows."""
        people = self.facts.inspectors
        found: dict[PartKey, list[dict[str, str]]] = defaultdict(list)
        for visit in standing_visits(self.connection, self.line.name):
            for agency, person in visit.team:
                known = people[person]
                found[PartKey(*visit.key, agency)].append({"name": known.name, "certificate": known.certificate})
        return found

    def is_open(self, part: Part) -> bool:
        """Whether the list may be read by everybody: at once, or from the visit's day on where it is sealed."""
        return not self.line.given.policy.ceremony.seal or self.today >= (part.day or month_end(part.month))


def due_records(line: Line, connection: Connection, facts: VisitFacts, today: date) -> list[Record]:
    """Every record that is not public as it stands; nothing of it where all is."""
    standing = Standing(line, connection, facts, today)
    raw = [*_visits(standing), *_findings(standing), *_decisions(standing)]
    return list(_with_facts(standing, raw))


def _next(public: Disclosure | None) -> int:
    return 0 if public is None else public.version + 1


def _visits(standing: Standing) -> Iterator[Record]:
    """Visits sent out, and what became of those whose firm was replaced, or that were closed or voided."""
    changes = _changes_of_visits(standing.connection, standing.line.name)
    for key, parts in standing.of_visit.items():
        state = state_of_visit(part.state for part in parts)
        if state == "planned" or not standing.is_open(parts[0]):
            continue
        record = "/".join(key)
        known = standing.public.get(record)
        # Version n is the visit after its n-th change: it tells without a look at the facts whether one was missed.
        version = changes.get(key, 0)
        if known is not None and known.version >= version:
            continue
        outcome = parts[0].outcome or ""
        yield Record(
            record=record,
            version=version,
            kind="visit",
            action="i" if known is None else "u",
            draw=key[0],
            firm=standing.firms[key],
            day=parts[0].day,
            details=(("", outcome),),
        )


def _changes_of_visits(connection: Connection, plan: str) -> dict[VisitKey, int]:
    """How often each visit was replaced, closed or voided."""
    table = work_tables.visit_events
    query = (
        select(table.c.draw, table.c.visit, func.count(func.distinct(table.c.at)))
        .where(table.c.draw >= f"{plan}/", table.c.draw < f"{plan}0")
        .where(table.c.event.in_(("replace", "close", "void")))
        .group_by(table.c.draw, table.c.visit)
    )
    return {(draw, visit): count for draw, visit, count in connection.execute(query)}


def _findings(standing: Standing) -> Iterator[Record]:
    """Findings reviewed, corrections of them, and withdrawals."""
    amended: dict[PartKey, list[Amendment]] = defaultdict(list)
    for each in disclosed.amendments(standing.connection, standing.line.name, waiting=False):
        amended[each.key].append(each)
    wanted: dict[PartKey, Action] = {}
    for part in standing.parts:
        known = standing.public.get("/".join(part.key))
        if part.key.draw not in standing.facts.draws or (known is not None and known.action == "d"):
            continue
        if part.state == "reviewed" and standing.is_open(part):
            wanted[part.key] = "i"
        elif known is not None and part.state == "voided":
            wanted[part.key] = "d"
        elif known is not None and known.version < len(amended[part.key]):
            wanted[part.key] = "d" if amended[part.key][-1].kind == "withdraw" else "u"
    rows: dict[PartKey, list[FindingRow]] = defaultdict(list)
    for row in work.findings(standing.connection, standing.line.name, wanted):
        rows[row.key].append(row)
    for part in standing.parts:
        if part.key in wanted:
            known = standing.public.get("/".join(part.key))
            version = max(_next(known), len(amended[part.key]) if known else 0)
            yield _finding(standing, part, rows[part.key], version, wanted[part.key])


def _finding(standing: Standing, part: Part, rows: Sequence[FindingRow], version: int, action: Action) -> Record:
    results = tuple((row.finding.item, row.finding.result) for row in rows)
    return Record(
        record="/".join(part.key),
        version=version,
        kind="finding",
        action=action,
        draw=part.key.draw,
        firm=standing.firms[part.key[:2]],
        agency=part.key.agency,
        day=part.finished,
        details=(("", ""),) if action == "d" or not results else results,
        payload={"check_mode": _method(rows)} if action != "d" else {},
    )


def _method(rows: Sequence[FindingRow]) -> str:
    """The method of most items, the first of several alike."""
    methods = [row.finding.method for row in rows]
    return max(dict.fromkeys(methods), key=methods.count, default="site")


def _decisions(standing: Standing) -> Iterator[Record]:
    for each in disclosed.decisions(standing.connection, standing.line.name):
        record = f"{standing.line.name}/decision/{each.number}"
        if each.reviewed_by is None or record in standing.public:
            continue
        yield Record(
            record=record,
            version=0,
            kind="decision",
            action="i",
            draw=each.key.draw,
            firm=standing.firms[each.key[:2]],
            agency=each.key.agency,
            day=each.made_on,
            details=(("", str(each.number)),),
            payload={"visit": each.key.visit, "decision": each.document, "decision_text": each.summary},
        )


def _with_facts(standing: Standing, records: Iterable[Record]) -> Iterator[Record]:
    """The records with what receivers read: names beside codes, looked up once for all of them."""
    found = list(records)
    keys = {(each.draw, _visit_of(each)): each.firm for each in found if each.kind != "decision"}
    people = standing.facts.firms_of(keys)
    by_firm: dict[str, str] = {firm.firm: firm.name for firm in people.values()}
    lacking = defaultdict(set)
    for each in found:
        if each.firm not in by_firm:
            lacking[each.draw].add(each.firm)
    for draw, firms in lacking.items():
        by_firm |= {code: firm.name for code, firm in standing.facts.firms(draw, firms).items()}
    makers = {"visit": _visit_facts, "finding": _finding_facts, "decision": _decision_facts}
    for each in found:
        payload = {"firm": each.firm, "firm_name": by_firm.get(each.firm, ""), **makers[each.kind](standing, each)}
        if each.kind == "finding":
            payload["address"] = people[each.draw, _visit_of(each)].address
        yield replace(each, payload={name: value for name, value in (payload | dict(each.payload)).items() if value})


def _visit_of(record: Record) -> str:
    return record.record.removeprefix(record.draw + "/").partition("/")[0]


def _common(standing: Standing, record: Record) -> dict[str, Any]:
    return {"plan": standing.line.name, "draw": record.draw, "visit": _visit_of(record)}


def _visit_facts(standing: Standing, record: Record) -> dict[str, Any]:
    facts, visit = standing.facts, standing.of_visit[record.draw, _visit_of(record)]
    combination = facts.combination(record.draw, visit[0].combination)
    return _common(standing, record) | {
        "task_names": [facts.tasks[task].name for task in combination.tasks],
        "agency_names": [facts.agencies[agency].name for agency in combination.agencies],
        "item_names": [facts.items[item].name for item in combination.items],
        "month": visit[0].month,
        "check_date": record.day.isoformat() if record.day else "",
        "outcome": record.details[0][1],
    }


def _finding_facts(standing: Standing, record: Record) -> dict[str, Any]:
    facts, visit = standing.facts, standing.of_visit[record.draw, _visit_of(record)]
    own = facts.tasks[next(iter(_tasks_of(facts, record, visit[0].combination)))]
    agency = facts.agencies[record.agency]
    return _common(standing, record) | {
        "plan_name": standing.line.plan.name,
        "task_number": own.task,
        "task_name": own.name,
        "task_type": task_type(own),
        "categories": standing.line.given.policy.disclosure.categories,
        "act_name": own.name,
        "agency": agency.agency,
        "agency_name": agency.name,
        "region": agency.region,
        "check_date": record.day.isoformat() if record.day else "",
        "check_form": "routine",
        "officers": standing.officers.get(PartKey(*_split(record)), []),
        "results": [
            {"item": item, "item_name": facts.items[item].name, "result": result}
            for item, result in record.details
            if item
        ],
    }


def _tasks_of(facts: VisitFacts, record: Record, combination: str) -> Iterator[str]:
    """Tasks of the visit the agency takes part in, its own first."""
    tasks = facts.combination(record.draw, combination).tasks
    yield from (task for task in tasks if facts.tasks[task].lead == record.agency)
    yield from (task for task in tasks if record.agency in facts.tasks[task].joining)
    yield from tasks


def _decision_facts(standing: Standing, record: Record) -> dict[str, Any]:
    agency = standing.facts.agencies[record.agency]
    return {
        "agency_name": agency.name,
        "region": agency.region,
        "decision_date": record.day.isoformat() if record.day else "",
    }


def now_disclosed(records: Sequence[Record], parts: Mapping[PartKey, Part], now: datetime) -> list[Part]:
    """The parts whose findings become public for the first time by these records."""
    keys = [PartKey(*_split(each)) for each in records if each.kind == "finding" and each.action == "i"]
    return [parts[key] for key in keys if STATES.index(parts[key].state) < STATES.index("disclosed")]


def _split(record: Record) -> tuple[str, str, str]:
    return record.draw, _visit_of(record), record.agency
