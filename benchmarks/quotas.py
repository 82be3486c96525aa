"""Quotas of a county and of a prefecture: time, memory, visits against unmerged and against the bound.

Run: ``python -m benchmarks.quotas [--counties 12] [--processes 2]``. The instances are synthetic, drawn from a
seed: 90 000 firms, 20 special registers and agencies, 250 tasks of which most visit 1-20 firms.
"""

from __future__ import annotations

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from solver.merge import Merge, MergeProblem, merge
from solver.merge_problem import Bools, Floats, Ints
from solver.spread import spread

N_TAGS = 20
N_MONTHS = 12
TIER_MIX = np.array([0.55, 0.33, 0.08, 0.04])
TIER_WEIGHT = np.array([1.0, 2.0, 4.0, 8.0])
KIND_SIZES = (25_000, 60_000, 3_000, 2_000)
"""Firms by kind: enterprises, households, co-operatives, branches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A merge problem and its pools (tier within signature)."""

    problem: MergeProblem
    pool_signature: Ints
    pool_weight: Floats
    pool_lower: Ints
    pool_upper: Ints


def signatures_of(rng: np.random.Generator) -> tuple[Ints, Bools, Ints]:
    """Kind (n,), tags (n, N_TAGS) and size by tier (n, 4) of some 110 groups of firms alike."""
    kinds, tags, sizes = [], [], []
    popularity = rng.permutation(1.0 / np.arange(1, N_TAGS + 1))
    for kind, total in enumerate(KIND_SIZES):
        rows = [np.zeros(N_TAGS, bool)] + [
            np.eye(N_TAGS, dtype=bool)[t] for t in range(N_TAGS) if kind < 2 or t % 4 == 0
        ]
        for _ in range(18 if kind < 2 else 4):
            row = np.zeros(N_TAGS, bool)
            row[rng.choice(N_TAGS, size=rng.integers(2, 5), replace=False, p=popularity / popularity.sum())] = True
            rows.append(row)
        share = np.array([0.55] + [0.01 + 0.4 * float(popularity[r].prod()) for r in rows[1:]])
        counts = rng.multinomial(total, share / share.sum())
        for row, count in zip(rows, counts, strict=True):
            if count:
                kinds.append(kind)
                tags.append(row)
                sizes.append(rng.multinomial(count, TIER_MIX))
    return np.array(kinds), np.array(tags), np.array(sizes)


def county(seed: int, n_tasks: int = 250, coverage: tuple[int, int] = (5, 100)) -> County:
    """A county of 90 000 firms; the same seed gives the same county."""
    rng = np.random.default_rng(seed)
    kinds, tags, sizes = signatures_of(rng)
    n_signatures = len(kinds)
    n_agencies, n_resources = 20, 30
    subject = np.zeros((n_signatures, n_tasks), bool)
    totals = np.zeros(n_tasks, np.int64)
    windows = np.zeros((n_tasks, N_MONTHS), bool)
    resources = np.zeros((n_tasks, n_resources), bool)
    for k in range(n_tasks):
        first, length = int(rng.integers(2, 10)), int(rng.integers(2, 9))
        windows[k, first : min(11, first + length)] = True
        tag = int(rng.integers(N_TAGS))
        agency = tag if rng.random() < 0.7 else int(rng.integers(n_agencies))
        if k < 4:
            subject[:, k] = np.isin(kinds, ([0, 3], [1], [2], [0])[k])
            windows[k, 2:11] = True
            agency = (0, 0, 8, 3)[k]
        else:
            allowed = ([0, 1, 2, 3], [0, 3], [1])[int(rng.choice(3, p=(0.5, 0.4, 0.1)))]
            subject[:, k] = tags[:, tag] & np.isin(kinds, allowed)
            if not subject[:, k].any():
                subject[:, k] = tags[:, tag]
        resources[k, agency] = True
        if k >= 4 and rng.random() < 0.1:
            resources[k, rng.integers(n_agencies)] = True
        if k >= 4 and rng.random() < 0.15 and agency < 5:
            resources[k, n_agencies + 2 * agency + int(rng.integers(2))] = True
        firms = int(sizes[subject[:, k]].sum())
        wanted = int(rng.integers(1, 21)) if rng.random() < 0.93 else int(rng.integers(60, 220))
        totals[k] = max(1, min(wanted, firms // 2)) if k >= 4 else max(1, firms * (5, 1, 2, 1)[k] // 100)
    conflicts = np.zeros((n_resources, n_resources), bool)
    for agency in range(5):
        a, b = n_agencies + 2 * agency, n_agencies + 2 * agency + 1
        conflicts[a, b] = conflicts[b, a] = True
    seats_per_visit = np.where(np.arange(n_resources) < n_agencies, 2, 1).astype(np.int64)
    even = windows / windows.sum(axis=1, keepdims=True) * totals[:, None]
    seats = np.ceil(seats_per_visit[:, None] * (resources.T @ even) * 1.5 + 12).astype(np.int64)
    tier_lower = np.array([2_000, 3_000, 6_000, 10_000])
    pool_size = sizes.reshape(-1)
    pool_lower = np.minimum((sizes * tier_lower).reshape(-1), pool_size * 1_000_000)
    lower = pool_lower.reshape(n_signatures, 4).sum(1)
    covers = np.isin(kinds, [0, 3])
    base = int(sizes[covers].sum())
    problem = MergeProblem(
        totals=totals,
        windows=windows,
        resources=resources,
        n_agencies=n_agencies,
        seats_per_visit=seats_per_visit,
        seats=seats,
        conflicts=conflicts,
        items=rng.integers(1, 5, n_tasks),
        signatures=subject,
        lower=lower,
        upper=sizes.sum(1) * 1_000_000,
        weight=(sizes * TIER_WEIGHT).sum(1),
        covers=covers,
        coverage=-(-base * coverage[0] // coverage[1]),
        joint=(1, 10),
        joint_counted_by="visits",
        most_agencies=4,
        most_items=20,
    )
    keep = pool_size > 0
    return County(
        problem=problem,
        pool_signature=np.repeat(np.arange(n_signatures), 4)[keep],
        pool_weight=(sizes * TIER_WEIGHT).reshape(-1)[keep],
        pool_lower=pool_lower[keep],
        pool_upper=(pool_size * 1_000_000)[keep],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one county took and gave."""

    seconds: float
    megabytes: int
    checks: int
    visits: int
    bound: int
    combinations: int
    arcs: int


def measure(seed: int) -> Figures:
    """Merge and spread one county."""
    place = county(seed)
    started = time.process_time()
    merged = merge(place.problem)
    assert isinstance(merged, Merge)
    rows = place.pool_signature
    flow = spread(
        merged.visits.sum(axis=1),
        merged.eligible[rows],
        place.pool_weight,
        place.pool_lower,
        place.pool_upper,
        covers=place.problem.covers[rows],
        coverage=place.problem.coverage,
    )
    return Figures(
        seconds=time.process_time() - started,
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        checks=int(place.problem.totals.sum()),
        visits=int(merged.visits.sum()),
        bound=merged.bound,
        combinations=len(merged.visits),
        arcs=int((flow > 0).sum()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counties", type=int, default=12)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    started = time.perf_counter()
    with ProcessPoolExecutor(asked.processes) as executor:
        rows = list(executor.map(measure, range(asked.counties)))
    elapsed = time.perf_counter() - started
    print("county  CPU s   MB  checks  visits  bound    cut  combinations  arcs")
    for seed, row in enumerate(rows):
        cut = 1 - row.visits / row.checks
        print(
            f"{seed:6d} {row.seconds:6.2f} {row.megabytes:4d} {row.checks:7d} {row.visits:7d} {row.bound:6d} "
            f"{cut:6.1%} {row.combinations:13d} {row.arcs:5d}"
        )
    print(f"{asked.counties} counties on {asked.processes} processes: {elapsed:.1f} s")


if __name__ == "__main__":
    main()
