"""The inspector draw (PROTOCOL 7): a pure function of the committed flow and the seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from inspection.draw.firms import require_inputs
from inspection.draw.flow import Arc, round_arcs
from inspection.draw.publication import PublishedCommitment
from inspection.draw.refusal import DrawRefusal
from inspection.draw.reveal import Reveal, seed
from inspection.draw.rounding import MILLION, Progress
from inspection.draw.ticket import Tickets


class DrawnAssignment(NamedTuple):
    """A row of assignments.csv without its salt."""

    visit: str
    agency: str
    inspector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectorDraw:
    """What the inspector draw decided.

    Attributes:
        seed: 64 hex digits.
        flows: whole flow by arc, shape (n_arcs,).
        assignments: by visit, agency, inspector.
    """

    seed: str
    flows: tuple[int, ...]
    assignments: tuple[DrawnAssignment, ...]


def draw_inspectors(
    published: PublishedCommitment, reveal: Reveal, flow: Sequence[Arc], *, progress: Progress | None = None
) -> InspectorDraw:
    """The assignments that a published commitment and its reveal decide.

    Args:
        published: of kind ``inspectors``.
        reveal: opens the commitment.
        flow: the committed table; its digest is compared with the commitment.
        progress: told how far the rounding is.

    Raises:
        DrawRefusal: the reveal or the table is not what was committed; a need has two ways to one inspector, or one
            of more than a whole seat.
    """
    require_inputs(published, "inspectors", {"flow.csv": flow})
    seats = _seats(flow)
    tickets = Tickets(seed(published.commitment, reveal), published.commitment.digest)
    flows = round_arcs(flow, tickets, progress)
    assignments = sorted(seat for arc, seat in seats.items() if flows[arc])
    return InspectorDraw(seed=tickets.seed, flows=tuple(flows), assignments=tuple(assignments))


def _seats(flow: Sequence[Arc]) -> dict[int, DrawnAssignment]:
    """The arcs from needs to duties, by arc number."""
    seats: dict[int, DrawnAssignment] = {}
    for arc, (tail, head, amount) in enumerate(flow):
        if not (tail.startswith("need:") and head.startswith("duty:")):
            continue
        need, duty = tail.split(":"), head.split(":")
        if len(need) not in (3, 4) or len(duty) != 3:
            raise DrawRefusal("draw.flow.node", tail=tail, head=head)
        if amount > MILLION:
            raise DrawRefusal("draw.flow.seat", tail=tail, head=head, flow=amount)
        seats[arc] = DrawnAssignment(need[1], need[2], duty[1])
    if len(set(seats.values())) < len(seats):
        twice = next(seat for seat, ways in Counter(seats.values()).items() if ways > 1)
        raise DrawRefusal("draw.flow.pair_twice", **twice._asdict())
    return seats
