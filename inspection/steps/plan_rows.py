"""The plan as people read it: a row per visit as it stands, of the year's own round and of every supplement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inspection.model import PlanRow
from inspection.registry.frame_tables import DrawnFirm, drawn_firms
from inspection.rules.past import StandingVisit
from inspection.steps.line import Line
from inspection.steps.rounds import supplement_line
from inspection.steps.standing import first_draw, label_of, standing_visits
from inspection.store import drawn
from inspection.store.draws import DrawRecord, draws
from inspection.store.supplements import supplements


def standing_rows(line: Line, known: Mapping[str, DrawnFirm]) -> list[PlanRow]:
    """A row per visit that is to be made, by day, then visit; those closed before they began are left out.

    Args:
        line: of the year.
        known: firms of the year looked up before; others are looked up here.
    """
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
        records = [draw for draw in draws(connection, line.name) if draw.kind == "firms" and draw.root]
        added = supplements(connection, line.name)
    lines = {0: line} | {each.number: supplement_line(line, each) for each in added}
    first = first_draw(visits)
    rows: list[PlanRow] = []
    for record in records:
        own = [visit for visit in visits if visit.draw == record.draw and visit.outcome is None]
        rows += _rows(lines[record.round], record, own, known if not record.round else {}, first)
    return sorted(rows, key=lambda row: (row.day.isoformat() if row.day else row.month + "-99", row.visit))


def _rows(
    line: Line, record: DrawRecord, visits: list[StandingVisit], known: Mapping[str, DrawnFirm], first: str
) -> Iterable[PlanRow]:
    given = line.given
    tasks = {task.task: task.name for task in given.snapshot.tasks()}
    people = {person.inspector: person.name for person in given.inspectors}
    names = {code: agency.name for code, agency in given.agencies.items()}
    with line.workspace.store.reading() as connection:
        combinations = {each.combination: each for each in drawn.combinations(connection, record.draw)}
    firms = dict(known)
    if missing := sorted({visit.firm for visit in visits} - firms.keys()):
        firms |= drawn_firms(given.snapshot.firms, line.kept(record.files["firms.csv"]), missing)
    for visit in visits:
        firm, combination = firms[visit.firm], combinations[visit.combination]
        yield PlanRow(
            visit=label_of(visit, first),
            day=visit.day,
            month=visit.month,
            firm=visit.firm,
            firm_name=firm.name,
            address=firm.address,
            town=firm.town,
            tasks=tuple(tasks[task] for task in combination.tasks),
            items=tuple(given.items[item].name for item in combination.items),
            agencies=tuple(names[agency] for agency in combination.agencies),
            officers=tuple((names[agency], person, people[person]) for agency, person in visit.team),
        )
