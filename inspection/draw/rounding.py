"""Fair rounding of a flow (PROTOCOL 5): every mean kept, every node balanced, every total at its floor or ceiling.

Source: Gandhi, Khuller, Parthasarathy, Srinivasan, *Dependent rounding and its applications*, JACM 53(3), 2006; on
circulations it implements the lotteries of Budish, Che, Kojima, Milgrom, AER 103(2), 2013.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inspection.draw.refusal import DrawRefusal

MILLION = 1_000_000
"""A flow of one visit or one seat."""

Coin = Callable[[int, int], int]
"""(i, n) → the i-th number 0 … n − 1 of the draw."""

Progress = Callable[[int, int], None]
"""(arcs settled, arcs) → nothing; called now and then."""

_TICK = 1 << 14


def round_flow(
    tails: Sequence[int],
    heads: Sequence[int],
    flows: Sequence[int],
    coin: Coin,
    *,
    unit: int = MILLION,
    progress: Progress | None = None,
) -> list[int]:
    """The whole flow of every arc, as the coins decide.

    1. Arcs that are not whole are walked, always leaving a node by the lowest-numbered one that is still open.
    2. A walk that meets itself has found a cycle. Round it, the flow can rise by ``up`` or fall by ``down`` until
       some arc is whole; it rises with chance down / (up + down), so that every mean stays.
    3. Each cycle makes an arc whole, so it ends after at most as many coins as there are arcs.

    Two firms share one visit: ``0 → 1 → 3 → 0`` has a chance of 0.3, ``0 → 2 → 3 → 0`` of 0.7. The only cycle is
    0 → 1 → 3 ← 2 ← 0 with up = 0.7 and down = 0.3; a coin below 300 000 gives the visit to the first firm.

    >>> tails, heads = [0, 0, 1, 2, 3], [1, 2, 3, 3, 0]
    >>> flows = [300_000, 700_000, 300_000, 700_000, 1_000_000]
    >>> round_flow(tails, heads, flows, lambda i, n: 299_999)
    [1, 0, 1, 0, 1]
    >>> round_flow(tails, heads, flows, lambda i, n: 300_000)
    [0, 1, 0, 1, 1]

    Args:
        tails, heads: node numbers from 0, by arc, shape (n_arcs,).
        flows: in 1/unit, not negative, shape (n_arcs,); a circulation.
        coin: draws the i-th number below n.
        unit: what counts as one.
        progress: told how many arcs are settled.

    Returns:
        Whole numbers, shape (n_arcs,), each flow's floor or ceiling.

    Raises:
        DrawRefusal: a flow is negative, or what enters a node does not leave it.
    """
    _check_circulation(tails, heads, flows)
    cycles = _Cycles(tails, heads, flows, unit)
    n_arcs, settled, cycle, ticks = len(flows), cycles.settled, 0, 0
    for arc in range(n_arcs):
        if progress and ticks <= arc:
            ticks += _TICK
            progress(arc, n_arcs)
        while not settled[2 * arc]:
            cycle = cycles.walk_from(tails[arc], coin, cycle)
    if progress:
        progress(n_arcs, n_arcs)
    return [flow // unit + (not cycles.room[2 * arc]) for arc, flow in enumerate(flows)]


def _check_circulation(tails: Sequence[int], heads: Sequence[int], flows: Sequence[int]) -> None:
    surplus = [0] * (max(max(tails, default=-1), max(heads, default=-1)) + 1)
    for arc, (tail, head, flow) in enumerate(zip(tails, heads, flows, strict=True)):
        if flow < 0:
            raise DrawRefusal("draw.flow.negative", arc=arc, flow=flow)
        surplus[tail] -= flow
        surplus[head] += flow
    for node, excess in enumerate(surplus):
        if excess:
            raise DrawRefusal("draw.flow.unbalanced", node=node, excess=excess)


class _Cycles:
    """The open arcs as pairs of half-arcs: 2a walks arc a tail to head, 2a + 1 head to tail.

    Attributes:
        room: by half-arc, how much the flow walked along it can still grow; room[h] + room[h ^ 1] = unit.
        settled: by half-arc, 1 once the arc is whole; the last place, ``end``, stays open.
        leaving: by node, ``end``, then its half-arcs from the highest number down, so that settled ones are popped.
        far: by half-arc, the node it leads to.
        place: by node, how many steps of the walk lead to it, or -1.
    """

    __slots__ = ("end", "far", "leaving", "place", "room", "settled", "unit")

    def __init__(self, tails: Sequence[int], heads: Sequence[int], flows: Sequence[int], unit: int) -> None:
        n_nodes = max(max(tails, default=-1), max(heads, default=-1)) + 1
        self.unit, self.end = unit, 2 * len(flows)
        self.room, self.far = [0] * self.end, [0] * self.end
        self.settled = bytearray(b"\x01") * self.end + b"\x00"
        self.place = [-1] * n_nodes
        self.leaving: list[list[int]] = [[self.end] for _ in range(n_nodes)]
        for arc in range(len(flows) - 1, -1, -1):
            rest, forth = flows[arc] % unit, 2 * arc
            self.room[forth], self.room[forth + 1] = unit - rest, rest
            if rest:
                self.settled[forth] = self.settled[forth + 1] = 0
                self.far[forth], self.far[forth + 1] = heads[arc], tails[arc]
                self.leaving[heads[arc]].append(forth + 1)
                self.leaving[tails[arc]].append(forth)

    def walk_from(self, start: int, coin: Coin, cycle: int) -> int:
        """Steps 2 to 5 from an empty walk at ``start``; returns the number of the next coin."""
        leaving, settled, far, place, end, turn = self.leaving, self.settled, self.far, self.place, self.end, self._turn
        walk: list[int] = []
        node, back = start, -1  # back: the half-arc that would undo the last step
        place[start] = 0
        while True:
            choices = leaving[node]
            half = choices[-1]
            while settled[half]:
                choices.pop()
                half = choices[-1]
            if half == back:
                half = choices[-2]
                while settled[half]:
                    del choices[-2]
                    half = choices[-2]
            if half == end:  # only where the walk is empty: a node entered is balanced, so it can be left
                place[start] = -1
                return cycle
            walk.append(half)
            node = far[half]
            depth = place[node]
            if depth < 0:
                place[node] = len(walk)
                back = half ^ 1
                continue
            turn(walk[depth:], coin, cycle)
            del walk[depth:]
            cycle += 1
            place[node] = depth
            back = walk[-1] ^ 1 if walk else -1

    def _turn(self, found: list[int], coin: Coin, cycle: int) -> None:
        """Steps 3 and 4: the cycle rises or falls until one of its arcs is whole; its nodes leave the walk."""
        room, far, place, unit = self.room, self.far, self.place, self.unit
        ahead = [room[half] for half in found]
        up, down = min(ahead), unit - max(ahead)
        step = up if coin(cycle, up + down) < down else -down
        for half, before in zip(found, ahead, strict=True):
            place[far[half]] = -1
            room[half] = after = before - step
            room[half ^ 1] = rest = unit - after
            if not after or not rest:
                self.settled[half] = self.settled[half ^ 1] = 1
