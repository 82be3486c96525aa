"""Min-cost flow with random costs: a valid assignment at every draw, but nobody can state its chances."""

from __future__ import annotations

import numpy as np
from exchange import Agency, Array, answer, asked, read_agencies
from ortools.graph.python import min_cost_flow

BEFORE_ALL = 1_000_000
"""What a seat within the even share saves."""


def assign(agency: Agency, rng: np.random.Generator) -> Array:
    """The cheapest assignment at costs drawn anew, under the least cap on loads of the year that can be met."""
    most = -(-int(agency.officers.sum()) // agency.capacity.shape[0])
    while True:
        found = cheapest(agency, rng, most)
        if found is not None:
            return found
        most += 1


def cheapest(agency: Agency, rng: np.random.Generator, most: int) -> Array | None:
    """hub → inspector (≤ most) → month (≤ capacity) → holders' seats or the rest of each need → hub.

    Loads up to the even share are cheaper than anything else, so that nobody is left far below it.
    """
    people, months = agency.capacity.shape
    needs = len(agency.month)
    inspector = 1 + np.arange(people)
    duty = 1 + people + np.arange(people * months).reshape(people, months)
    rest = 1 + people + people * months + np.arange(needs)
    held, sink = rest + needs, int(rest[-1]) + needs + 1
    n, h = np.nonzero(agency.may_go)
    least = int(agency.officers.sum()) // people
    by_holder = agency.qualifies[n, h]
    costs = rng.integers(1, 10_000, len(n))
    asked_for = np.flatnonzero(agency.qualified)
    parts = [
        (np.zeros(people), inspector, np.full(people, least), np.full(people, -BEFORE_ALL)),
        (np.zeros(people), inspector, np.full(people, most - least), np.zeros(people)),
        (np.repeat(inspector, months), duty.ravel(), agency.capacity.ravel(), np.zeros(people * months)),
        (duty[h, agency.month[n]], np.where(by_holder, held[n], rest[n]), np.ones(len(n)), costs),
        (held[asked_for], rest[asked_for], (agency.officers - agency.qualified)[asked_for], np.zeros(len(asked_for))),
        (held[asked_for], np.full(len(asked_for), sink), agency.qualified[asked_for], np.zeros(len(asked_for))),
        (rest, np.full(needs, sink), agency.officers - agency.qualified, np.zeros(needs)),
    ]
    tails, heads, capacity, cost = (np.concatenate([part[k] for part in parts]).astype(np.int64) for k in range(4))
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, capacity, cost)
    total = int(agency.officers.sum())
    flow.set_nodes_supplies(np.array([0, sink]), np.array([total, -total]))
    if flow.solve() != flow.OPTIMAL:
        return None
    begin = 2 * people + people * months
    used = np.asarray(flow.flows(np.arange(begin, begin + len(n))))
    table = np.zeros((needs, people), np.int8)
    table[n, h] = used
    return table


def main() -> None:
    given = asked()
    agencies = read_agencies(given.instance)
    answer(given, lambda seed: [assign(agency, np.random.default_rng([seed, i])) for i, agency in enumerate(agencies)])


if __name__ == "__main__":
    main()
