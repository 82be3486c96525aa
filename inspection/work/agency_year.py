"""An agency's year: how far its visits are month by month, and how its officers' work is spread."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from inspection.changes.change_steps import standing
from inspection.rules.visit_life import State
from inspection.steps.line import Line
from inspection.store import work
from inspection.store.work import PartFilter
from inspection.work.visit_facts import VisitFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerYear:
    """Visits an officer makes, by month; 0 where there is none."""

    inspector: str
    name: str
    months: tuple[int, ...]

    @property
    def total(self) -> int:
        """Of the year."""
        return sum(self.months)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyLoads:
    """All officers of an agency, those without a visit too; ``months`` (YYYY-MM) are those with a visit of anyone."""

    months: tuple[str, ...]
    officers: tuple[OfficerYear, ...]


def states_by_month(line: Line, agency: str) -> dict[str, Counter[State]]:
    """How many of the agency's shares are in each state, by month in order."""
    found: dict[str, Counter[State]] = defaultdict(Counter)
    with line.workspace.store.reading() as connection:
        for part in work.parts(connection, line.name, PartFilter(agency=agency)):
            found[part.month][part.state] += 1
    return dict(sorted(found.items()))


def agency_loads(line: Line, agency: str) -> AgencyLoads:
    """Visits of each of the agency's officers as they go now; those closed before they began are left out."""
    people = {code: person.name for code, person in VisitFacts(line).inspectors.items() if person.agency == agency}
    made: dict[str, Counter[str]] = {code: Counter() for code in people}
    for visit in standing(line):
        for of, person in visit.team:
            if of == agency and visit.outcome is None:
                made.setdefault(person, Counter())[visit.month] += 1
    months = tuple(sorted({month for counts in made.values() for month in counts}))
    officers = (
        OfficerYear(inspector=code, name=people.get(code, code), months=tuple(counts[month] for month in months))
        for code, counts in made.items()
    )
    return AgencyLoads(months=months, officers=tuple(sorted(officers, key=lambda each: (-each.total, each.inspector))))
