"""Methods that select the firms of a panel, one a process; each states its chances or is sampled.

``ours`` spreads chances over types and cuts by hash; ``sortition`` is sortition-algorithms' maximin; ``flow`` is
min-cost flow and ``cp-sat`` a monolith, both with random costs; ``sql`` is ORDER BY RANDOM() in each tier.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sqlite3
from pathlib import Path

import numpy as np
from exchange import Asked, Clock, Spent, asked
from panels import Array, Panel


def ours(panel: Panel, given: Asked) -> tuple[Spent, Array | None, Array, int]:
    """Shares by type in millionths; one draw by fair rounding and hash tickets."""
    from inspection.draw.firms import first_of
    from inspection.draw.flow import round_arcs
    from inspection.draw.ticket import Tickets
    from solver.spread import spread

    clock = Clock()
    million = 1_000_000
    flow = spread(panel.columns, panel.eligible, panel.weight, panel.lower * million, panel.upper * million)
    arcs = [("plan", f"tier:{t}", int(flow[panel.feature[:, 0] == t].sum())) for t in np.unique(panel.feature[:, 0])]
    arcs += [(f"tier:{panel.feature[p, 0]}", f"pool:{p}", int(flow[p].sum())) for p in range(len(flow))]
    arcs += [(f"pool:{p}", f"task:{k}", int(flow[p, k])) for p, k in zip(*np.nonzero(flow), strict=True)]
    arcs += [(f"task:{k}", "plan", int(total) * million) for k, total in enumerate(panel.columns)]
    tickets = Tickets("5" * 64, "sha256")
    whole = round_arcs(arcs, tickets)
    take = {head[5:]: n for (_, head, _), n in zip(arcs, whole, strict=True) if head.startswith("pool:")}
    rows = ((f"{firm:08d}", str(kind), "") for firm, kind in enumerate(panel.type_of.tolist()))
    drawn = first_of(rows)(tickets, take)
    spent = clock.spent()
    members = np.array([len(drawn.get(str(p), ())) for p in range(len(flow))])
    return spent, (flow.sum(axis=1) / million / panel.size)[panel.type_of], members, 1


def sortition(panel: Panel, given: Asked) -> tuple[Spent, Array | None, Array, int]:
    """Its lottery over panels with the largest least chance of anybody; tiers and trades are its features."""
    from sortition_algorithms import features, people, settings
    from sortition_algorithms.committee_generation import find_distribution_maximin

    rows = [
        {"feature": f"F{feature}", "value": f"v{value}", "min": str(least), "max": str(most)}
        for feature, value, least, most in panel.quota.tolist()
    ]
    kept = settings.Settings(id_column="id", columns_to_keep=[])
    body = [
        {"id": str(firm), "F0": f"v{panel.feature[kind, 0]}", "F1": f"v{panel.feature[kind, 1]}"}
        for firm, kind in enumerate(panel.type_of.tolist())
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        asked_for, *_ = features.read_in_features(["feature", "value", "min", "max"], rows)
        known, _ = people.read_in_people(["id", "F0", "F1"], body, asked_for, kept)
        clock = Clock()
        committees, shares, _ = find_distribution_maximin(asked_for, known, panel.seats, [])
        spent = clock.spent()
    chance = np.zeros(len(panel.type_of))
    for committee, share in zip(committees, shares, strict=True):
        chance[[int(firm) for firm in committee]] += share
    one = panel.type_of[[int(firm) for firm in committees[int(np.argmax(shares))]]]
    return spent, chance, np.bincount(one, minlength=len(panel.size)), 1


def sampled(panel: Panel, given: Asked, draw: object) -> tuple[Spent, Array | None, Array, int]:
    """Counts by type over the draws; firms alike are exchangeable in these methods, so a type's mean is its chance."""
    total, first, members, drawn = np.zeros(len(panel.size)), Spent(0.0, 0.0), np.zeros(0), 0
    for seed in given.seeds():
        clock = Clock()
        members = draw(panel, seed)  # type: ignore[operator]
        first = first if drawn else clock.spent()
        total += members
        drawn += 1
    return first, (total / drawn / panel.size)[panel.type_of], members, drawn


def by_sql(panel: Panel, seed: int) -> Array:
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE firm (id INTEGER, tier INTEGER, kind INTEGER)")
        kinds = panel.type_of.tolist()
        base.executemany(
            "INSERT INTO firm VALUES (?, ?, ?)", ((i, int(panel.feature[k, 0]), k) for i, k in enumerate(kinds))
        )
        drawn: list[int] = []
        for feature, value, least, _ in panel.quota.tolist():
            if feature == 0:
                picked = base.execute("SELECT kind FROM firm WHERE tier = ? ORDER BY RANDOM() LIMIT ?", (value, least))
                drawn += [kind for (kind,) in picked]
    return np.bincount(drawn, minlength=len(panel.size))


def by_flow(panel: Panel, seed: int) -> Array:
    """plan → tier (least … most) → firm (random cost) → trade → plan."""
    from ortools.graph.python import min_cost_flow

    kinds = panel.type_of
    n = len(kinds)
    tiers = panel.quota[panel.quota[:, 0] == 0]
    seats = panel.quota[panel.quota[:, 0] == 1]
    tier_node, trade_node, sink = 1 + tiers[:, 1], 10 + seats[:, 1], 9
    firm = 20 + np.arange(n)
    parts = [
        (np.zeros(len(tiers)), tier_node, tiers[:, 2], np.full(len(tiers), -1_000_000)),
        (np.zeros(len(tiers)), tier_node, tiers[:, 3] - tiers[:, 2], np.zeros(len(tiers))),
        (1 + panel.feature[kinds, 0], firm, np.ones(n), np.random.default_rng(seed).integers(0, 10_000, n)),
        (firm, 10 + panel.feature[kinds, 1], np.ones(n), np.zeros(n)),
        (trade_node, np.full(len(seats), sink), seats[:, 3], np.zeros(len(seats))),
    ]
    tails, heads, capacity, cost = (np.concatenate([part[k] for part in parts]).astype(np.int64) for k in range(4))
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, capacity, cost)
    flow.set_nodes_supplies(np.array([0, sink]), np.array([panel.seats, -panel.seats]))
    if flow.solve() != flow.OPTIMAL:
        raise SystemExit("no panel keeps the quotas")
    begin = 2 * len(tiers)
    taken = np.asarray(flow.flows(np.arange(begin, begin + n))) > 0
    return np.bincount(kinds[taken], minlength=len(panel.size))


def by_cp_sat(panel: Panel, seed: int) -> Array:
    from ortools.sat.python import cp_model

    model, kinds = cp_model.CpModel(), panel.type_of
    take = [model.new_bool_var("") for _ in kinds]
    for feature, value, least, most in panel.quota.tolist():
        model.add_linear_constraint(
            sum(take[i] for i in np.flatnonzero(panel.feature[kinds, feature] == value)), int(least), int(most)
        )
    model.add(sum(take) == panel.seats)
    costs = np.random.default_rng(seed).integers(0, 10_000, len(kinds)).tolist()
    model.minimize(sum(c * v for c, v in zip(costs, take, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers, solver.parameters.random_seed = 2, seed
    solver.parameters.max_time_in_seconds = 20
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise SystemExit("no panel within 20 s")
    return np.bincount(kinds[[bool(solver.value(v)) for v in take]], minlength=len(panel.size))


METHODS = {
    "ours": ours,
    "sortition": sortition,
    "sql": lambda panel, given: sampled(panel, given, by_sql),
    "flow": lambda panel, given: sampled(panel, given, by_flow),
    "cp-sat": lambda panel, given: sampled(panel, given, by_cp_sat),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--method", choices=tuple(METHODS), required=True)
    method, _ = parser.parse_known_args()
    given = asked()
    panel = Panel.read(Path(given.instance))
    spent, chance, members, draws = METHODS[method.method](panel, given)
    np.savez(given.result, seconds=spent.wall, cpu=spent.cpu, chance=chance, members=members, draws=draws)


if __name__ == "__main__":
    main()
