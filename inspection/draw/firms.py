"""The firm draw (PROTOCOL 6): a pure function of the committed tables and the seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from inspection.draw.flow import Arc, round_arcs
from inspection.draw.publication import PublishedCommitment
from inspection.draw.refusal import DrawRefusal
from inspection.draw.reveal import Reveal, seed
from inspection.draw.rounding import Progress
from inspection.draw.table import COLUMNS, parse_table, rows_root, whole_number
from inspection.draw.ticket import Tickets

MonthRow = tuple[str, str, int]
"""A row of months.csv: (task, month YYYY-MM, visits)."""

FirstFirms = Callable[[Tickets, Mapping[str, int]], Mapping[str, Sequence[tuple[str, str]]]]
"""(tickets, firms to take by pool) → by pool, the (firm, town) of the so many lowest tickets, in ticket order."""


class DrawnVisit(NamedTuple):
    """A row of visits.csv without its salt."""

    visit: str
    firm: str
    task: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmDraw:
    """What the firm draw decided.

    Attributes:
        seed: 64 hex digits.
        flows: whole flow by arc, shape (n_arcs,).
        counts: (pool, task) → firms drawn, in arc order.
        visits: in result order.
    """

    seed: str
    flows: tuple[int, ...]
    counts: Mapping[tuple[str, str], int]
    visits: tuple[DrawnVisit, ...]

    @property
    def taken(self) -> dict[str, int]:
        """Firms drawn by pool; those after them in ticket order are the pool's reserve."""
        return _by_pool(self.counts)


def read_months(data: bytes) -> list[MonthRow]:
    """The rows of the bytes of months.csv; DrawRefusal names the faulty line."""
    rows = parse_table(data, COLUMNS["months.csv"])[1]
    return [(task, month, whole_number(n, "months.csv", line)) for line, (task, month, n) in enumerate(rows, start=2)]


def draw_firms(
    published: PublishedCommitment,
    reveal: Reveal,
    flow: Sequence[Arc],
    months: Sequence[MonthRow],
    first_firms: FirstFirms,
    *,
    progress: Progress | None = None,
) -> FirmDraw:
    """The visits that a published commitment and its reveal decide.

    Args:
        published: of kind ``firms``.
        reveal: opens the commitment.
        flow, months: the committed tables; their digests are compared with the commitment.
        first_firms: ranks the committed firms.csv, whose digest is the caller's to compare (``table_root``).
        progress: told how far the rounding is.

    Raises:
        DrawRefusal: the reveal or a table is not what was committed, a pool has fewer firms than visits, or months
            do not add up to a task's total.
    """
    require_inputs(published, "firms", {"flow.csv": flow, "months.csv": months})
    tickets = Tickets(seed(published.commitment, reveal), published.commitment.digest)
    flows = round_arcs(flow, tickets, progress)
    counts = _counts(flow, flows)
    chosen = _cut(counts, first_firms(tickets, _by_pool(counts)))
    rows = [row for task, firms in chosen.items() for row in _deal(task, firms, months, tickets)]
    width = max(4, len(str(len(rows))))
    visits = tuple(DrawnVisit(f"V{i:0{width}d}", *row) for i, row in enumerate(rows, start=1))
    if stray := {task for task, _, visits_due in months if visits_due} - chosen.keys():
        raise DrawRefusal("draw.months.task", tasks=", ".join(sorted(stray)))
    return FirmDraw(seed=tickets.seed, flows=tuple(flows), counts=counts, visits=visits)


def require_inputs(
    published: PublishedCommitment, kind: str, tables: Mapping[str, Sequence[tuple[str, str, object]]]
) -> None:
    """The commitment is of this kind and names these very tables; DrawRefusal otherwise."""
    commitment = published.commitment
    if commitment.kind != kind:
        raise DrawRefusal("draw.commitment.kind", kind=commitment.kind)
    for file, rows in tables.items():
        if rows_root(COLUMNS[file], rows, commitment.digest) != commitment.inputs[file]:
            raise DrawRefusal("draw.inputs.changed", draw=commitment.draw, file=file)


def _counts(arcs: Sequence[Arc], flows: Sequence[int]) -> dict[tuple[str, str], int]:
    """Whole numbers on the arcs from pools to tasks, in arc order."""
    counts: dict[tuple[str, str], int] = {}
    for (tail, head, _), whole in zip(arcs, flows, strict=True):
        if tail.startswith("pool:") and head.startswith("task:"):
            key = tail.removeprefix("pool:"), head.removeprefix("task:")
            if key in counts:
                raise DrawRefusal("draw.flow.twice", tail=tail, head=head)
            counts[key] = whole
    return counts


def _by_pool(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    taken: dict[str, int] = defaultdict(int)
    for (pool, _), count in counts.items():
        taken[pool] += count
    return dict(taken)


def _cut(
    counts: Mapping[tuple[str, str], int], ranked: Mapping[str, Sequence[tuple[str, str]]]
) -> dict[str, list[tuple[str, str]]]:
    """The (firm, town) of each task, tasks in order of their first arc (PROTOCOL 6.2)."""
    for pool, needed in _by_pool(counts).items():
        if needed > len(ranked.get(pool, ())):
            raise DrawRefusal("draw.pool.short", pool=pool, size=len(ranked.get(pool, ())), needed=needed)
    chosen: dict[str, list[tuple[str, str]]] = {task: [] for _, task in counts}
    begin: dict[str, int] = defaultdict(int)
    for (pool, task), count in counts.items():
        chosen[task] += ranked.get(pool, ())[begin[pool] : begin[pool] + count]
        begin[pool] += count
    return chosen


def _deal(
    task: str, firms: Sequence[tuple[str, str]], months: Sequence[MonthRow], tickets: Tickets
) -> list[tuple[str, str, str]]:
    """(firm, task, month) of a task: towns together, the circle turned, dealt to the months (PROTOCOL 6.3)."""
    shares = [(month, visits) for name, month, visits in months if name == task]
    if sum(visits for _, visits in shares) != len(firms):
        raise DrawRefusal("draw.months.total", task=task, months=sum(v for _, v in shares), visits=len(firms))
    town_key, month_key = tickets.keys("town"), tickets.keys("month")
    circle = sorted(firms, key=lambda firm: (*town_key(firm[1]), *month_key(firm[0])))
    start = tickets.position("start", "month", len(circle))
    turned = circle[start:] + circle[:start]
    dealt = [month for month, visits in shares for _ in range(visits)]
    return [(firm, task, month) for (firm, _), month in zip(turned, dealt, strict=True)]


def first_of(firms: Iterable[tuple[str, str, str]]) -> FirstFirms:
    """The plain form of the ranking, from rows (firm, pool, town) of firms.csv in any order."""

    def first_firms(tickets: Tickets, take: Mapping[str, int]) -> dict[str, list[tuple[str, str]]]:
        key = tickets.keys("firm")
        ranked: dict[str, list[tuple[tuple[str, str], str]]] = {pool: [] for pool, n in take.items() if n}
        for firm, pool, town in firms:
            if pool in ranked:
                ranked[pool].append((key(firm), town))
        lowest = {pool: sorted(members)[: take[pool]] for pool, members in ranked.items()}
        return {pool: [(firm, town) for (_, firm), town in members] for pool, members in lowest.items()}

    return first_firms


def reserve_order(tickets: Tickets, firms: Iterable[str], taken: int) -> list[str]:
    """The reserve of a pool, first to be called first (PROTOCOL 6.2 and 9).

    Args:
        tickets: of the firm draw.
        firms: all firms of the pool, in any order.
        taken: how many of them were drawn.
    """
    return tickets.order("firm", firms)[taken:]
