"""flow.csv: arcs between named nodes, and their rounding (PROTOCOL 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence

from inspection.draw.refusal import DrawRefusal
from inspection.draw.rounding import Progress, round_flow
from inspection.draw.table import COLUMNS, parse_table, whole_number
from inspection.draw.ticket import Tickets

Arc = tuple[str, str, int]
"""(tail, head, flow in millionths); its number is its place in the table, from 0."""


def read_flow(data: bytes) -> list[Arc]:
    """The arcs of the bytes of flow.csv; DrawRefusal names the faulty line."""
    rows = parse_table(data, COLUMNS["flow.csv"])[1]
    return [(tail, head, whole_number(flow, "flow.csv", line)) for line, (tail, head, flow) in enumerate(rows, start=2)]


def round_arcs(arcs: Sequence[Arc], tickets: Tickets, progress: Progress | None = None) -> list[int]:
    """The whole flow of every arc, shape (n_arcs,), decided by the coins of the tickets.

    Raises:
        DrawRefusal: what enters a node does not leave it, naming the node.
    """
    numbers: dict[str, int] = {}
    tails = [numbers.setdefault(tail, len(numbers)) for tail, _, _ in arcs]
    heads = [numbers.setdefault(head, len(numbers)) for _, head, _ in arcs]
    try:
        return round_flow(tails, heads, [flow for _, _, flow in arcs], tickets.coins(), progress=progress)
    except DrawRefusal as refusal:
        if refusal.code != "draw.flow.unbalanced":
            raise
        names = list(numbers)
        raise DrawRefusal(refusal.code, **{**refusal.params, "node": names[int(str(refusal.params["node"]))]}) from None
