"""How long the chances and the timetable of a county take, and how good they are.

    python -m benchmarks.inspectors [counties]
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from solver.chances import ChanceProblem, Chances, chances
from solver.timetable import TimetableProblem, timetable


def county(seed: int, *, needs: int = 6_500, inspectors: int = 500, agencies: int = 20) -> list[ChanceProblem]:
    """Return the agencies of one synthetic county: unequal staff, four qualifications, recusals at 3 % of needs."""
    rng = np.random.default_rng(seed)
    share = 1.0 / (1.0 + np.arange(agencies)) ** 0.7
    staff = np.maximum(np.round(inspectors * share / share.sum()).astype(int), 5)
    counts = np.maximum(np.round(needs * share / share.sum()).astype(int), 10)
    return [_agency(rng, int(people), int(count)) for people, count in zip(staff, counts, strict=True)]


def _agency(rng: np.random.Generator, people: int, count: int) -> ChanceProblem:
    n_qualifications = 1 + people // 25
    holds = rng.random((n_qualifications, people)) < 0.4
    holds[:, :2] = True
    kind = rng.integers(-3, n_qualifications, count)
    recused = np.flatnonzero(rng.random(count) < 0.03)
    rows = [(np.ones(people, bool), np.zeros(people, bool))]
    rows += [(np.ones(people, bool), held) for held in holds]
    group = np.where(kind < 0, 0, 1 + kind)
    for need in recused:
        eligible, holder = rows[group[need]][0].copy(), rows[group[need]][1].copy()
        eligible[rng.integers(2, people)] = False
        group[need] = len(rows)
        rows.append((eligible, holder & eligible))
    capacity = np.full((people, 12), 12)
    for person in range(0, people, 17):
        capacity[person, rng.integers(0, 12)] = 0
    return ChanceProblem(
        month=rng.integers(2, 11, count),
        officers=np.full(count, 2),
        qualified=(kind >= 0).astype(np.int64),
        group=group,
        eligible=np.array([row[0] for row in rows]),
        holder=np.array([row[1] for row in rows]),
        capacity=capacity,
    )


def measure_chances(counties: int) -> None:
    problems = [agency for index in range(counties) for agency in county(index)]
    start = time.process_time()
    results = [chances(problem) for problem in problems]
    seconds = time.process_time() - start
    good = [result for result in results if isinstance(result, Chances)]
    spread = [int(result.load_most.max() - result.load_least.min()) for result in good]
    excess = max(result.largest / result.bound for result in good)
    entries = sum(result.flow.size for result in good)
    print(
        f"chances: {counties} counties, {len(problems)} agencies, {sum(p.month.size for p in problems)} needs: "
        f"{seconds:.2f} s CPU, {entries} arcs, {len(results) - len(good)} short, "
        f"largest chance at most {excess:.3f} of its bound, load gap at most {max(spread)}, "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"
    )


def county_visits(seed: int, *, visits: int = 5_500, inspectors: int = 500, towns: int = 13) -> TimetableProblem:
    """Return the drawn visits of a synthetic county: nine months of 21 workdays, two officers an agency."""
    rng = np.random.default_rng(seed)
    agencies = 20
    staff = np.array_split(np.arange(inspectors), agencies)
    month = rng.integers(0, 9, visits)
    town = (towns * rng.random(visits) ** 1.5).astype(np.int64)
    crews = [
        [staff[agency] for agency in rng.choice(agencies, 1 + int(rng.random() < 0.18), replace=False)]
        for _ in range(visits)
    ]
    officers = [np.concatenate([rng.choice(people, 2, replace=False) for people in crew]) for crew in crews]
    days = np.arange(9 * 21)
    return TimetableProblem(
        first_day=month * 21,
        last_day=month * 21 + 20,
        officer_offsets=np.r_[0, np.cumsum([crew.size for crew in officers])],
        officers=np.concatenate(officers),
        n_inspectors=inspectors,
        town=town,
        day_ordinal=days * 7 // 5,
        visits_per_officer_day=4,
    )


def measure_timetable(efforts: tuple[float, ...] = (0.0, 10.0)) -> None:
    problem = county_visits(0)
    for effort in efforts:
        start = time.process_time()
        result = timetable(problem, effort=effort)
        seconds = time.process_time() - start
        per_day = np.bincount(result.day[result.day >= 0], minlength=problem.day_ordinal.size)
        print(
            f"timetable: {problem.first_day.size} visits, effort {effort:g}: {seconds:.2f} s CPU, "
            f"{result.officer_days} officer-days (bound {result.bound}, one town a day {result.bound_one_town}, "
            f"seats {problem.officers.size}), "
            f"{result.officer_days_two_towns} in two towns, {per_day.min()}–{per_day.max()} visits a day, "
            f"{len(result.unplaced)} unplaced"
        )


if __name__ == "__main__":
    measure_chances(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    measure_timetable()
