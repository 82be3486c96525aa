"""Who takes over: the pool's next reserve firm, the eligible inspector of lowest ticket (PROTOCOL 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from inspection.draw.afterwards import next_reserve, substitute
from inspection.draw.commitment import Commitment
from inspection.draw.reveal import Reveal, seed
from inspection.draw.table import COLUMNS, parse_table
from inspection.draw.ticket import Tickets
from inspection.errors import DrawError
from inspection.rules.past import Past, StandingVisit
from inspection.rules.workdays import month_end
from inspection.steps.line import Line, refusals
from inspection.store.changes import changes
from inspection.store.draws import DrawRecord


def tickets_of(line: Line, draw: DrawRecord) -> Tickets:
    """All tickets of a draw that has its result."""
    commitment = Commitment.parse(line.read(draw.files["commitment.json"]))
    reveal = Reveal.parse(line.read(draw.files["reveal.json"]))
    return Tickets(seed(commitment, reveal), commitment.digest)


def next_firm(line: Line, draw: DrawRecord, visit: StandingVisit, past: Past) -> str:
    """The firm that takes over a visit.

    Args:
        draw: the firm draw.
        visit: one of its visits.
        past: all visits of the year.

    Raises:
        DrawError: the pool has no reserve left, or its next firm is at its cap since another draw.
    """
    pools = _pools(line.kept(draw.files["firms.csv"]), {v.drawn_firm for v in past.visits if v.draw == draw.draw})
    pool = pools[visit.drawn_firm]
    taken = Counter(pools.values())[pool]
    called = sum(len(each.called) for each in past.visits if each.draw == draw.draw and pools[each.drawn_firm] == pool)
    with refusals():
        members = _members(line.kept(draw.files["firms.csv"]), pool)
        firm = next_reserve(tickets_of(line, draw), pool, members, taken, called)
    tiers = {row[0]: row[1] for row in parse_table(line.read(draw.files["pools.csv"]))[1]}
    most = line.given.policy.tiers[tiers[pool]].visits
    if past.times(firm) >= most:
        raise DrawError("change.reserve.capped", firm=firm, times=past.times(firm), most=most)
    return firm


def _rows(firms: Path) -> Iterator[list[str]]:
    """Fields of firms.csv, its header left out."""
    with firms.open(encoding="utf-8") as file:
        next(file)
        for row in file:
            yield row.split(",", 2)


def _pools(firms: Path, wanted: set[str]) -> dict[str, str]:
    """Pool of each firm wanted."""
    return {firm: pool for firm, pool, _ in _rows(firms) if firm in wanted}


def _members(firms: Path, wanted: str) -> Iterator[str]:
    """Firms of a pool."""
    return (firm for firm, pool, _ in _rows(firms) if pool == wanted)


def next_inspector(line: Line, draw: DrawRecord, visit: StandingVisit, agency: str) -> str:
    """The inspector who takes over a seat of a need.

    Args:
        draw: the inspector draw.
        visit: as it stands, its firm too: recusals are looked up for the firm visited now.

    Raises:
        DrawError: nobody is eligible any more.
    """
    rows = parse_table(line.read(draw.files["assignments.csv"]), COLUMNS["assignments.csv"])[1]
    seated = {row[2] for row in rows if row[:2] == (visit.visit, agency)}
    came_in = _came_in(line, draw.draw, visit.visit, agency)
    able = eligible(line, draw, visit, agency) - seated - {*came_in}
    with refusals():
        return substitute(tickets_of(line, draw), visit.visit, agency, len(came_in), able)


def eligible(line: Line, draw: DrawRecord, visit: StandingVisit, agency: str) -> set[str]:
    """Who of the agency may make the visit, by the tables committed to (PROTOCOL 7)."""
    people = parse_table(line.read(draw.files["inspectors.csv"]), COLUMNS["inspectors.csv"])[1]
    recusals = parse_table(line.read(draw.files["recusals.csv"]), COLUMNS["recusals.csv"])[1]
    recused = {row[0] for row in recusals if row[1] == visit.firm}
    last = month_end(visit.month).isoformat()
    return {row[0] for row in people if row[1] == agency and row[2] >= last and row[0] not in recused}


def qualifications(line: Line, draw: DrawRecord) -> dict[str, list[str]]:
    """What each inspector of the draw holds, by the table committed to."""
    people = parse_table(line.read(draw.files["inspectors.csv"]), COLUMNS["inspectors.csv"])[1]
    return {row[0]: row[3].split() for row in people}


def _came_in(line: Line, draw: str, visit: str, agency: str) -> list[str]:
    """Substitutes of the need so far, in the order of the log."""
    with line.workspace.store.reading() as connection:
        approved = changes(connection, line.name, ("approved",))
    own = [
        change
        for change in approved
        if change.wish.kind == "substitute"
        and (change.wish.draw, change.wish.visit, change.wish.agency) == (draw, visit, agency)
    ]
    return [change.successor or "" for change in own]
