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
    assignments = sorted(DrawnAssignment(*seat) for seat, whole in zip(seats, flows, strict=True) if seat and whole)
    return InspectorDraw(seed=tickets.seed, flows=tuple(flows), assignments=tuple(assignments))


def _seats(flow: Sequence[Arc]) -> list[tuple[str, str, str] | None]:
    """By arc, the (visit, agency, inspector) it leads to from a need to a duty; None on other arcs."""
    needs = {tail: tail.split(":") for tail, _, _ in flow if tail.startswith("need:")}
    duties = {head: head.split(":") for _, head, _ in flow if head.startswith("duty:")}
    seats: list[tuple[str, str, str] | None] = []
    for tail, head, amount in flow:
        need, duty = needs.get(tail), duties.get(head)
        if need is None or duty is None:
            seats.append(None)
            continue
        if len(need) not in (3, 4) or len(duty) != 3:
            raise DrawRefusal("draw.flow.node", tail=tail, head=head)
        if amount > MILLION:
            raise DrawRefusal("draw.flow.seat", tail=tail, head=head, flow=amount)
        seats.append((need[1], need[2], duty[1]))
    ways = [seat for seat in seats if seat]
    if len(set(ways)) < len(ways):
        twice = next(seat for seat, count in Counter(ways).items() if count > 1)
        raise DrawRefusal("draw.flow.pair_twice", **DrawnAssignment(*twice)._asdict())
    return seats
