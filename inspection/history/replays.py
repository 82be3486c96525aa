"""An inspector draw made again under fresh seeds: the same committed flow, the draw's own rounding."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inspection.draw.rounding import round_flow
from inspection.draw.ticket import Tickets
from inspection.history.records import Flags, Ints, PastSeats

_WORK = 4_000_000
"""Arcs rounded over all replays of a history, where the number of replays is not given; some 30 s."""


def replays_for(arcs: int) -> int:
    """How many replays of so many arcs are worth their time: 8 … 400."""
    return int(np.clip(_WORK // max(1, arcs), 8, 400))


def replayed(seats: PastSeats, random: np.random.Generator, replays: int) -> Iterator[Flags]:
    """Which ways are taken, shape (n_ways,), once per replay.

    A list without published chances is drawn by taking the officers of each need from its ways, all alike.
    """
    for _ in range(replays):
        if seats.flow is None:
            yield _drawn_alike(seats, random)
            continue
        flow, tickets = seats.flow, Tickets(random.bytes(32).hex(), "sha256")
        whole = np.array(round_flow(flow.tails, flow.heads, flow.flows, tickets.coins()), dtype=np.int64)
        yield np.where(flow.arc >= 0, whole[flow.arc], 0) > 0


def _drawn_alike(seats: PastSeats, random: np.random.Generator) -> Flags:
    keys = random.random(len(seats.way_need))
    keys[seats.chance <= 0] = 2.0
    order = np.lexsort((keys, seats.way_need))
    needs = seats.way_need[order]
    starts = np.searchsorted(needs, np.arange(len(seats.officers)))
    rank = np.arange(len(needs)) - starts[needs]
    taken = np.zeros(len(needs), dtype=np.bool_)
    taken[order] = rank < seats.officers[needs]
    return taken & (seats.chance > 0)


def pairs(seats: PastSeats, taken: Flags) -> Ints:
    """Keys ``first · n_inspectors + second`` of the inspectors who sat together for a need, first < second."""
    ways = np.flatnonzero(taken)
    needs, people = seats.way_need[ways], seats.way_inspector[ways]
    order = np.lexsort((people, needs))
    needs, people = needs[order], people[order]
    n, found = len(seats.inspectors), []
    widest = int(np.bincount(needs).max()) if len(needs) else 0
    for apart in range(1, widest):
        same = needs[apart:] == needs[:-apart]
        found.append(people[:-apart][same] * n + people[apart:][same])
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
