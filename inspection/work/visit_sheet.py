"""One firm, one sheet (一企一表): all that people who make a visit, or answer for it, read about it.

Pages, the phone and the papers of a visit show this record and nothing beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from inspection.changes.change_steps import standing
from inspection.model import Inspector, Item
from inspection.registry.frame_tables import DrawnFirm
from inspection.rules.past import StandingVisit
from inspection.rules.visit_life import State, state_of_visit
from inspection.rules.workdays import month_end
from inspection.steps.line import Line
from inspection.steps.standing import find_visit, firm_draws, first_draw, label_of
from inspection.store import attachments, work
from inspection.store.attachments import Attachment
from inspection.store.changes import Change, changes
from inspection.store.draws import draws
from inspection.store.work import FindingRow, Part, PartFilter, VisitEvent
from inspection.work.visit_facts import VisitFacts, VisitKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetItem:
    """An item to check, and what was found; None where nobody entered anything, which is no result at all."""

    item: Item
    found: FindingRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetAgency:
    """One agency's share of the sheet: its officers as they go now, its items, its photos and signed papers."""

    agency: str
    name: str
    part: Part
    officers: tuple[Inspector, ...]
    items: tuple[SheetItem, ...]
    files: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitSheet:
    """A visit as it stands.

    Attributes:
        number: which of the plan's visits to the firm it is, by day, from 1: later ones are not counted, and not told.
        changes: asked for about it, in order.
    """

    visit: StandingVisit
    label: str
    firm: DrawnFirm
    tasks: tuple[str, ...]
    agencies: tuple[SheetAgency, ...]
    number: int
    events: tuple[VisitEvent, ...]
    changes: tuple[Change, ...]

    @property
    def key(self) -> VisitKey:
        """Firm draw and code."""
        return self.visit.key

    @property
    def state(self) -> State:
        """How far the visit is."""
        return state_of_visit(each.part.state for each in self.agencies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A visit on an officer's way: where, to whom, together with whom, how far."""

    visit: StandingVisit
    label: str
    firm: DrawnFirm
    agencies: tuple[str, ...]
    state: State


def visit_sheet(line: Line, label: str) -> VisitSheet:
    """The sheet of a visit.

    Raises:
        InputError: there is no such visit.
    """
    facts, all_visits = VisitFacts(line), standing(line)
    visit = find_visit(all_visits, label)
    with line.workspace.store.reading() as connection:
        parts = work.parts(connection, line.name, PartFilter(visits=(visit.key,)))
        found = {
            (row.finding.agency, row.finding.item): row
            for row in work.findings(connection, line.name, [part.key for part in parts])
        }
        files = attachments.attached(connection, *visit.key)
        events = work.events(connection, *visit.key)
        asked = changes(connection, line.name)
        firm_draw = firm_draws([draw for draw in draws(connection, line.name) if draw.root])
    own = {part.key.agency: part for part in parts}
    combination = facts.combination(visit.draw, visit.combination)
    return VisitSheet(
        visit=visit,
        label=facts.label(*visit.key),
        firm=facts.firms_of({visit.key: visit.firm})[visit.key],
        tasks=tuple(facts.tasks[task].name for task in combination.tasks),
        agencies=tuple(
            SheetAgency(
                agency=agency,
                name=facts.agencies[agency].name,
                part=own[agency],
                officers=tuple(facts.inspectors[person] for of, person in visit.team if of == agency),
                items=tuple(
                    SheetItem(item=item, found=found.get((agency, item.item)))
                    for item in facts.items_of(visit.draw, visit.combination, agency)
                ),
                files=tuple(each for each in files if each.key.agency == agency),
            )
            for agency in visit.agencies
        ),
        number=_number(all_visits, visit),
        events=events,
        changes=tuple(
            # A substitution names the draw of the inspectors.
            each for each in asked if (firm_draw.get(each.wish.draw), each.wish.visit) == visit.key
        ),
    )


def _number(visits: Iterable[StandingVisit], visit: StandingVisit) -> int:
    own = [each for each in visits if each.firm == visit.firm and (each.outcome is None or each.key == visit.key)]
    return 1 + sum(_place(each) < _place(visit) for each in own)


def _place(visit: StandingVisit) -> tuple[date, str, str]:
    return visit.day or month_end(visit.month), *visit.key


def stops(line: Line, inspector: str, first: date, last: date) -> tuple[Stop, ...]:
    """The visits an officer makes on the days from ``first`` to ``last``: by day, town by town, then by address."""
    visits = [
        visit
        for visit in standing(line)
        if visit.outcome is None
        and visit.day is not None
        and first <= visit.day <= last
        and any(person == inspector for _, person in visit.team)
    ]
    return in_order(line, visits)


def in_order(line: Line, visits: Sequence[StandingVisit]) -> tuple[Stop, ...]:
    """Visits sent out, as stops: by day, town, address."""
    if not visits:
        return ()
    facts = VisitFacts(line)
    firms = facts.firms_of({visit.key: visit.firm for visit in visits})
    with line.workspace.store.reading() as connection:
        parts = work.parts(connection, line.name, PartFilter(visits=[visit.key for visit in visits]))
    states: dict[VisitKey, list[State]] = {}
    for part in parts:
        states.setdefault((part.key.draw, part.key.visit), []).append(part.state)
    found = (
        Stop(
            visit=visit,
            label=facts.label(*visit.key),
            firm=firms[visit.key],
            agencies=tuple(facts.agencies[agency].name for agency in visit.agencies),
            state=state_of_visit(states[visit.key]),
        )
        for visit in visits
    )
    known = (stop for stop in found if stop.state != "planned")
    return tuple(sorted(known, key=lambda stop: (stop.visit.day, stop.firm.town, stop.firm.address, stop.label)))


def open_labels(line: Line, month: str) -> list[str]:
    """Labels of the month's visits that were not closed before they began, by day."""
    visits = standing(line)
    first = first_draw(visits)
    own = [visit for visit in visits if visit.month == month and visit.outcome is None]
    return [label_of(visit, first) for visit in sorted(own, key=_place)]
