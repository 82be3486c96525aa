"""The firms of a county's year: us, and ORDER BY RANDOM() task by task, as bureaus do. Prints one JSON line.

Usage: county_firms.py ours REGISTERS OUT | sql OUT
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from exchange import Clock


def ours(registers: Path, out: Path) -> dict[str, Any]:
    """Frame, quotas and draw of the product; leaves pools and tasks in ``out`` for the other method."""
    from inspection import service
    from inspection.demo.files import county_files
    from inspection.draw.firms import first_of
    from inspection.draw.flow import round_arcs
    from inspection.draw.ticket import Tickets
    from inspection.office import Office
    from inspection.planning.quotas import task_total
    from inspection.registry.snapshot import Snapshot
    from inspection.steps.line import Given, Silent

    files = county_files(registers)
    with tempfile.TemporaryDirectory() as folder:
        office = Office.found(Path(folder) / "w", origin="open-draw.example/bench", policy=files.policy)
        office.import_files(files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
        line, _ = office.start(Silent())
        given: Given = line.given
        assert isinstance(given.snapshot, Snapshot)
        clock = Clock()
        pools, quotas = service.check_feasible(given.policy, given.snapshot)
        tickets = Tickets("5" * 64, "sha256")
        whole = round_arcs(quotas.flow, tickets)
        take: dict[str, int] = {}
        for (tail, _, _), n in zip(quotas.flow, whole, strict=True):
            if tail.startswith("pool:"):
                take[tail[5:]] = take.get(tail[5:], 0) + n
        first_of((f"{pool.pool}-{i:06d}", pool.pool, "") for pool in pools for i in range(pool.size))(tickets, take)
        spent = clock.spent()
        tasks, tiers = given.tasks, list(given.policy.tiers)
    live = [pool for pool in pools if not pool.exemption]
    expected = {pool.pool: 0 for pool in live}
    for _, head, flow in quotas.flow:
        if head.startswith("pool:"):
            expected[head[5:]] = flow
    np.savez(
        out,
        size=[pool.size for pool in live],
        tier=[tiers.index(pool.tier) for pool in live],
        counts=[pool.kind in given.policy.coverage_kinds for pool in live],
        subject=[[task.task in pool.tasks for task in tasks] for pool in live],
        totals=[task_total(task, [pool for pool in pools if task.task in pool.tasks]) for task in tasks],
        denominator=sum(pool.size for pool in pools if pool.kind in given.policy.coverage_kinds),
    )
    chance = np.array([expected[pool.pool] / 1e6 / pool.size for pool in live])
    members = np.array([take.get(pool.pool, 0) for pool in live])
    visits = sum(sum(each.visits.values()) for each in quotas.combinations)
    return told(np.load(out), spent, chance, visits=visits, distinct=members, twice=0) | {"bound": quotas.bound}


def sql(out: Path) -> dict[str, Any]:
    """Every task draws its firms for itself; a firm drawn by several is visited as often."""
    kept = np.load(out)
    size, subject, totals = kept["size"], kept["subject"], kept["totals"]
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE firm (id INTEGER, pool INTEGER)")
        base.execute("CREATE TABLE subject (pool INTEGER, task INTEGER, PRIMARY KEY (task, pool)) WITHOUT ROWID")
        base.execute("CREATE TABLE visit (firm INTEGER, pool INTEGER, task INTEGER)")
        base.executemany("INSERT INTO firm VALUES (?, ?)", enumerate(np.repeat(np.arange(len(size)), size).tolist()))
        base.executemany(
            "INSERT INTO subject VALUES (?, ?)", zip(*(axis.tolist() for axis in np.nonzero(subject)), strict=True)
        )
        base.execute("CREATE INDEX by_pool ON firm (pool)")
        clock = Clock()
        for task, total in enumerate(totals.tolist()):
            base.execute(
                "INSERT INTO visit SELECT id, firm.pool, ? FROM firm JOIN subject ON subject.pool = firm.pool"
                " AND subject.task = ? ORDER BY RANDOM() LIMIT ?",
                (task, task, total),
            )
        spent = clock.spent()
        by_firm = base.execute("SELECT pool, COUNT(*) FROM visit GROUP BY firm").fetchall()
    distinct = np.bincount([pool for pool, _ in by_firm], minlength=len(size))
    eligible = (subject * size[:, None]).sum(axis=0)
    chance = 1 - np.prod(1 - subject * (totals / np.maximum(eligible, 1))[None, :], axis=1)
    twice = sum(1 for _, count in by_firm if count > 1)
    return told(kept, spent, chance, visits=sum(count for _, count in by_firm), distinct=distinct, twice=twice)


def told(kept: Any, spent: Any, chance: Any, *, visits: int, distinct: Any, twice: int) -> dict[str, Any]:
    """The figures both are compared by; chances are those of being visited at all, exact."""
    size, tier, counts = kept["size"], kept["tier"], kept["counts"]
    tiers = []
    for t in range(int(tier.max()) + 1):
        mine = tier == t
        tiers.append(
            [float(np.average(chance[mine], weights=size[mine])), float(chance[mine].min()), float(chance[mine].max())]
        )
    return {
        "seconds": spent.wall,
        "cpu": spent.cpu,
        "checks": int(kept["totals"].sum()),
        "visits": int(visits),
        "firms": int(distinct.sum()),
        "covered": float(distinct[counts].sum() / kept["denominator"]),
        "twice": twice,
        "tiers": tiers,
    }


if __name__ == "__main__":
    print(json.dumps(ours(Path(sys.argv[2]), Path(sys.argv[3])) if sys.argv[1] == "ours" else sql(Path(sys.argv[2]))))
