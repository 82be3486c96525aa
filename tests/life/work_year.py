"""A drawn year to work with: a small county whose visits can be sent out, carried out and disclosed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from inspection.office import Office
from inspection.rules.findings import Finding
from inspection.rules.visit_life import Actor
from inspection.store import work
from inspection.store.work import Part, PartFilter, PartKey
from inspection.work import work_steps
from inspection.work.visit_facts import VisitFacts

PLANNER = Actor(name="周主任", role="planner")


def clerk(agency: str) -> Actor:
    """Who enters."""
    return Actor(name="录入员甲", role="clerk", agency=agency)


def reviewer(agency: str) -> Actor:
    """Who reviews."""
    return Actor(name="审核员乙", role="reviewer", agency=agency)


@dataclass
class WorkYear:
    """An office with a drawn year, and a clock set by hand."""

    office: Office
    moment: datetime = datetime(2027, 6, 1, 2, tzinfo=UTC)

    @cached_property
    def facts(self) -> VisitFacts:
        return VisitFacts(self.office.line())

    @property
    def plan(self) -> str:
        return self.facts.line.name

    def now(self) -> datetime:
        """A second later at each look."""
        self.moment += timedelta(seconds=1)
        return self.moment

    def set_day(self, day: date) -> None:
        self.moment = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)

    def parts(self, **which: object) -> tuple[Part, ...]:
        with self.office.workspace.store.reading() as connection:
            return work.parts(connection, self.plan, PartFilter(**which))  # type: ignore[arg-type]

    def part(self, key: PartKey) -> Part:
        with self.office.workspace.store.reading() as connection:
            return work.part(connection, self.plan, key)

    def items(self, part: Part) -> list[str]:
        return [item.item for item in self.facts.items_of(part.key.draw, part.combination, part.key.agency)]

    def joint_part(self) -> Part:
        """A part of a visit of several agencies, in the year's first month with one, with something to check."""
        counts: dict[tuple[str, str], int] = {}
        for part in self.parts():
            counts[part.key[:2]] = counts.get(part.key[:2], 0) + 1
        return next(part for part in self.parts() if counts[part.key[:2]] > 1 and self.items(part))

    def siblings(self, part: Part) -> list[Part]:
        return list(self.parts(visits=(part.key[:2],)))

    def accepted(self, part: Part) -> PartKey:
        """The part, sent out and accepted."""
        work_steps.dispatch_month(self.office, part.month, self.now(), PLANNER)
        work_steps.accept_all(self.office, [part.key], clerk(part.key.agency), self.now())
        return part.key

    def finding(self, part: Part, item: str, result: str = "1", **rest: object) -> Finding:
        fields = {"draw": part.key.draw, "visit": part.key.visit, "agency": part.key.agency, "item": item}
        return Finding(**fields, result=result, found_on=date(2027, 5, 28), **rest)  # type: ignore[arg-type]

    def entered(self, part: Part, result: str = "1") -> PartKey:
        """The part with a result for every item."""
        key = self.accepted(part)
        rows = [self.finding(part, item, result) for item in self.items(part)]
        work_steps.enter_findings(self.office, rows, clerk(key.agency), self.now())
        return key

    def reviewed(self, part: Part, result: str = "1") -> PartKey:
        key = self.entered(part, result)
        work_steps.review(self.office, [key], reviewer(key.agency), self.now())
        return key

    def disclosed(self, part: Part, result: str = "1") -> PartKey:
        key = self.reviewed(part, result)
        work_steps.disclose_due(self.office, self.now())
        return key


def copied(source: Path, target: Path) -> WorkYear:
    """A copy of the year of one's own."""
    shutil.copytree(source, target)
    return WorkYear(office=Office.opened(target))
