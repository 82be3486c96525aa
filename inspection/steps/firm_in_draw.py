"""What a draw made of one firm: its ticket, its rank and the cut of its pool, its visit, and proofs of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from inspection.draw.canonical import Digest
from inspection.draw.commitment import Commitment
from inspection.draw.flow import read_flow
from inspection.draw.merkle import inclusion_proof
from inspection.draw.reveal import Reveal, seed
from inspection.draw.table import COLUMNS
from inspection.draw.ticket import Tickets
from inspection.model import MILLION
from inspection.planning.summary import expected_visits
from inspection.registry.firm_search import TableRow, find_row
from inspection.registry.ranking import rank_firms
from inspection.rules.past import StandingVisit
from inspection.steps.line import Line, refusals
from inspection.steps.standing import standing_visits
from inspection.store.draws import DrawRecord, draws

MOST_LINES = 2_000_000
"""Lines of a table up to which a proof is made here: all its hashes are held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProof:
    """A row of a table of the bundle, and why it belongs to the digest in the log (RFC 9162 2.1.3, PROTOCOL 2).

    ``index`` counts lines from 0, the header; ``path`` is the audit path in hex, lowest sibling first; empty where
    the table is too long to make one here, as ``is_complete`` says.
    """

    file: str
    index: int
    lines: int
    line: str
    root: str
    path: tuple[str, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmInDraw:
    """A finished firm draw as it concerns one firm.

    Attributes:
        draw: full name.
        pool: the firm's pool in this draw, of ``size`` firms, ``taken`` of them drawn.
        chance: what the committed flow gave each of them.
        ticket: 64 hex digits; lowest are drawn. ``rank`` counts from 1; ``last`` is the highest ticket drawn.
        visit: as it stands now, None when the firm has none in this draw.
        proofs: of the firm's row in firms.csv and of the visit's in visits.csv.
    """

    draw: str
    pool: str
    size: int
    taken: int
    chance: Fraction
    ticket: str
    rank: int
    last: str | None
    visit: StandingVisit | None
    proofs: tuple[RowProof, ...]

    @property
    def is_drawn(self) -> bool:
        """Whether the firm's rank is within the cut."""
        return self.rank <= self.taken

    @property
    def day(self) -> date | None:
        """The day of the visit, None where there is none."""
        return self.visit.day if self.visit else None


def firm_in_draws(line: Line, firm: str) -> tuple[FirmInDraw, ...]:
    """Every finished firm draw of the plan whose frame holds the firm, in order."""
    with line.workspace.store.reading() as connection:
        finished = [draw for draw in draws(connection, line.name) if draw.kind == "firms" and draw.root is not None]
        visits = standing_visits(connection, line.name) if finished else ()
    found = (_in_draw(line, draw, firm, visits) for draw in finished)
    return tuple(each for each in found if each is not None)


def _in_draw(line: Line, draw: DrawRecord, firm: str, visits: Iterable[StandingVisit]) -> FirmInDraw | None:
    kept = {name: line.kept(digest) for name, digest in draw.files.items()}
    row = find_row(kept["firms.csv"], 0, firm)
    if row is None:
        return None
    pool = row.line.decode().split(",")[1]
    commitment = Commitment.parse(kept["commitment.json"].read_bytes())
    with refusals():
        tickets = Tickets(seed(commitment, Reveal.parse(kept["reveal.json"].read_bytes())), commitment.digest)
    size = _members(kept["firms.csv"], pool)
    ranked = [name for name, _ in rank_firms(kept["firms.csv"], tickets.seed, {pool: size}, tickets.algorithm)[pool]]
    drawn = {visit.drawn_firm for visit in visits if visit.draw == draw.draw}
    taken = sum(1 for name in ranked if name in drawn)
    own = [visit for visit in visits if visit.draw == draw.draw and firm in (visit.firm, *visit.called)]
    expected = expected_visits(read_flow(kept["flow.csv"].read_bytes()))
    proofs = [_proof("firms.csv", kept["firms.csv"], row, commitment.inputs["firms.csv"], commitment.digest)]
    listed = find_row(kept["visits.csv"], COLUMNS["visits.csv"].index("firm"), firm)
    if listed is not None and draw.root is not None:
        proofs.append(_proof("visits.csv", kept["visits.csv"], listed, draw.root, commitment.digest))
    return FirmInDraw(
        draw=draw.draw,
        pool=pool,
        size=size,
        taken=taken,
        chance=Fraction(expected.get(pool, 0), size * MILLION),
        ticket=tickets.ticket("firm", firm),
        rank=1 + ranked.index(firm),
        last=tickets.ticket("firm", ranked[taken - 1]) if taken else None,
        visit=own[0] if own else None,
        proofs=tuple(proofs),
    )


def _members(firms: Path, pool: str) -> int:
    """Firms of a pool in firms.csv."""
    marked = f",{pool},".encode()
    with firms.open("rb") as file:
        return sum(1 for line in file if marked in line and line.split(b",")[1] == pool.encode())


def _proof(file: str, path: Path, row: TableRow, root: str, algorithm: Digest) -> RowProof:
    complete = row.lines <= MOST_LINES
    hashes: tuple[bytes, ...] = ()
    if complete:
        hashes = inclusion_proof(path.read_bytes()[:-1].split(b"\n"), row.index, algorithm)
    return RowProof(
        file=file,
        index=row.index,
        lines=row.lines,
        line=row.line.decode(),
        root=root,
        path=tuple(each.hex() for each in hashes),
        is_complete=complete,
    )
