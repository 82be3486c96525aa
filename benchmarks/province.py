"""A province planned on one machine: seconds, CPU seconds, memory, and how they grow with firms.

    python -m benchmarks.province OUT [--counties 136 …] [--processes 2] [--append]

A county has about 103 000 firms, 250 tasks of 20 agencies, 220 inspectors and some 5 150 visits; 136 of them are a
province of 14 million firms and 30 000 inspectors. Counties are independent: each has its own plan and its own draws.

Measured, per county: merge of the tasks and spread over the pools (quotas); rounding of the firms' flow; hash and cut
of every firm in DuckDB; dealing of months; inspectors' chances; rounding of the inspectors' flow; a check by plain
loops that every need has its officers. Not measured: making and importing the registers, Merkle roots of the tables,
the log, the store, the timetable. Everything made up is drawn from the county's number; registers lie in OUT.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from benchmarks import quotas
from benchmarks.run import machine, resident
from inspection.draw import firms as firm_draw
from inspection.draw.flow import round_arcs
from inspection.draw.ticket import Tickets
from inspection.model import MILLION, Combination, Inspector, Item, Need, Recusal, Visit
from inspection.planning.chances import Arc, Fractions, agency_problems, needs_of, plan_chances
from inspection.registry.ranking import rank_firms
from inspection.rules.policy import Policy, load_policy
from inspection.steps.workers import spreading
from solver.merge import Merge, merge
from solver.spread import spread

COVERAGE = (164, 1000)
"""Share of enterprises that makes some 5 150 visits a county."""
N_INSPECTORS = 221
N_TOWNS = 14
FIRMS_SCALE = 103 / 90
"""The county of benchmarks/quotas has 90 000 firms."""
MONTHLY = 20
"""Most visits of an officer in a month; the policy that ships has 8, too few for so many visits and so few officers."""
CONTRADICTORY = (90, 119)
"""Numbers of made-up counties whose rules cannot all be kept; they are left out."""
COUNTIES = (10, 20, 39, 78, 136)
"""About 1, 2, 4, 8 and 14 million firms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A county to plan."""

    region: str
    seed: int
    register: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a county took, in CPU seconds (``seconds`` all of them), and what came of it."""

    seconds: float
    quotas: float
    firms: float
    chances: float
    rounding: float
    n_firms: int
    visits: int
    bound: int
    seats: int
    arcs: int
    short: str
    faults: int
    megabytes: int


@cache
def policy() -> Policy:
    """The policy that ships, with more visits a month."""
    text = (resources.files("inspection_data") / "policy.toml").read_text(encoding="utf-8")
    old = "visits_per_officer_month = 8 "
    if text.count(old) != 1:
        raise ValueError(f"policy.toml: expected one line {old!r}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(text.replace(old, f"visits_per_officer_month = {MONTHLY} "), encoding="utf-8")
        return load_policy(path)


def pool_sizes(place: quotas.County) -> list[int]:
    """Firms of each pool, more than benchmarks/quotas has, as the flow is bounded by those."""
    return [round(size // MILLION * FIRMS_SCALE) for size in place.pool_upper.tolist()]


def write_register(task: Task) -> int:
    """The county's firms are in a Parquet file of firm, pool and town; how many."""
    import duckdb

    sizes = pool_sizes(quotas.county(task.seed, coverage=COVERAGE))
    ends = np.cumsum(sizes).tolist()
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE pools AS SELECT unnest($1) AS pool, unnest($2) AS first, unnest($3) AS past",
        [[f"P{p}" for p in range(len(sizes))], [0, *ends[:-1]], ends],
    )
    connection.execute(
        f"""COPY (SELECT printf('9137%03d%011d', {task.seed}, i) AS firm, pool, 'T' || (i * 104729 % {N_TOWNS}) AS town
                  FROM range({ends[-1]}) AS t(i) JOIN pools ON i >= first AND i < past) TO '{task.register}'"""
    )
    return ends[-1]


def plan_county(task: Task) -> Figures:
    """One county, from its pools to its assignments."""
    begin, rng = time.process_time(), np.random.default_rng(10_000 + task.seed)
    place = quotas.county(task.seed, coverage=COVERAGE)
    clock = [time.process_time()]
    merged = merge(place.problem)
    assert isinstance(merged, Merge), f"county {task.seed} cannot keep its rules"
    flow = _firm_flow(place, merged)
    clock.append(time.process_time())
    combinations, items = _combinations(place, merged)
    tickets = Tickets(f"{task.seed:064x}", "sha256")
    visits = _draw_firms(flow, combinations, tickets, Path(task.register))
    clock.append(time.process_time())
    needs = needs_of(visits, combinations, items, policy())
    by_name = {visit.visit: visit for visit in visits}
    staff = _staff(needs, by_name, items, rng)
    recusals = [
        Recusal(inspector=staff[int(rng.integers(len(staff)))].inspector, firm=visit.firm, reason="KIN")
        for visit in visits
        if rng.random() < 0.03
    ]
    problems = agency_problems(needs, by_name, staff, recusals, policy())
    solved = plan_chances(problems, by_name)
    clock.append(time.process_time())
    arcs = solved.flow if isinstance(solved, Fractions) else ()
    seats = _draw_inspectors(arcs, tickets)
    clock.append(time.process_time())
    spent = np.diff(clock).tolist()
    return Figures(
        seconds=time.process_time() - begin,
        quotas=spent[0],
        firms=spent[1],
        chances=spent[2],
        rounding=spent[3],
        n_firms=sum(pool_sizes(place)),
        visits=len(visits),
        bound=merged.bound,
        seats=sum(seats.values()),
        arcs=len(arcs),
        short="" if isinstance(solved, Fractions) else ", ".join(each.problem.agency for each in solved),
        faults=sum(seats[need.visit, need.agency] != need.officers for need in needs) if arcs else 0,
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def _firm_flow(place: quotas.County, merged: Merge) -> list[Arc]:
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
    pools, names = flow.sum(axis=1).tolist(), flow.sum(axis=0).tolist()
    inner = zip(*np.nonzero(flow), strict=True)
    return [
        *(("plan", f"pool:P{p}", through) for p, through in enumerate(pools) if through),
        *((f"pool:P{p}", f"task:C{c}", int(flow[p, c])) for p, c in inner),
        *((f"task:C{c}", "plan", through) for c, through in enumerate(names) if through),
    ]


def _combinations(place: quotas.County, merged: Merge) -> tuple[dict[str, Combination], dict[str, Item]]:
    """The merged tasks as the product names them; a task has one item for each agency that takes part."""
    problem, n_agencies = place.problem, place.problem.n_agencies
    items: dict[str, Item] = {}
    of: list[list[str]] = []
    for k, used in enumerate(problem.resources):
        of.append([])
        for agency in np.flatnonzero(used[:n_agencies]).tolist():
            skills = [r for r in np.flatnonzero(used[n_agencies:]).tolist() if r // 2 == agency]
            code = f"I{k}-{agency}"
            of[k].append(code)
            skill = f"Q{skills[0]}" if skills else None
            items[code] = Item(item=code, name=code, agency=f"A{agency:02d}", qualification=skill, is_key=False)
    made = {}
    for c, (column, counts) in enumerate(zip(merged.combinations, merged.visits.tolist(), strict=True)):
        codes = [code for k in np.flatnonzero(column).tolist() for code in of[k]]
        made[f"C{c}"] = Combination(
            combination=f"C{c}",
            tasks=tuple(f"K{k}" for k in np.flatnonzero(column).tolist()),
            agencies=tuple(dict.fromkeys(items[code].agency for code in codes)),
            items=tuple(codes),
            visits={f"2027-{month + 1:02d}": count for month, count in enumerate(counts) if count},
        )
    return made, items


def _draw_firms(flow: list[Arc], combinations: dict[str, Combination], tickets: Tickets, register: Path) -> list[Visit]:
    """The product's firm draw (PROTOCOL 6) without its look at the commitment."""
    counts = firm_draw._counts(flow, round_arcs(flow, tickets))
    ranked = rank_firms(register, tickets.seed, firm_draw._by_pool(counts))
    months = [(name, month, count) for name, each in combinations.items() for month, count in each.visits.items()]
    rows = [
        row
        for name, firms in firm_draw._cut(counts, ranked).items()
        for row in firm_draw._deal(name, firms, months, tickets)
    ]
    return [
        Visit(visit=f"V{number:05d}", firm=firm, combination=name, month=month)
        for number, (firm, name, month) in enumerate(rows, start=1)
    ]


def _staff(
    needs: tuple[Need, ...], visits: dict[str, Visit], items: dict[str, Item], rng: np.random.Generator
) -> list[Inspector]:
    """Inspectors in proportion to their agencies' busiest months; half hold each of the agency's qualifications."""
    monthly = Counter((need.agency, visits[need.visit].month) for need in needs)
    owed: Counter[str] = Counter()
    for (agency, _), count in monthly.items():
        owed[agency] = max(owed[agency], count)
    skills: dict[str, set[str]] = {agency: set() for agency in owed}
    for item in items.values():
        if item.qualification and item.agency in skills:
            skills[item.agency].add(item.qualification)
    left = N_INSPECTORS - 5 * len(owed)
    people = []
    for agency, count in sorted(owed.items()):
        for number in range(5 + round(left * count / owed.total())):
            held = {skill for skill in sorted(skills[agency]) if number < 3 or rng.random() < 0.5}
            code = f"{agency}-{number:03d}"
            people.append(
                Inspector(
                    inspector=code,
                    name=code,
                    agency=agency,
                    certificate=code,
                    valid_until=date(2030, 12, 31),
                    qualifications=frozenset(held),
                )
            )
    return people


def _draw_inspectors(arcs: tuple[Arc, ...], tickets: Tickets) -> Counter[tuple[str, str]]:
    """The product's rounding (PROTOCOL 7); how many officers each need has."""
    seats: Counter[tuple[str, str]] = Counter()
    for (tail, head, _), whole in zip(arcs, round_arcs(arcs, tickets), strict=True):
        if whole and tail.startswith("need:") and head.startswith("duty:"):
            _, visit, agency, *_ = tail.split(":")
            seats[visit, agency] += 1
    return seats


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """The most bytes resident at once in this process and its children meanwhile, sampled ten times a second."""
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            peak[0] = max(peak[0], resident(os.getpid()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def measure(tasks: list[Task], processes: int) -> str:
    """Plan the counties and say what it took, as a row of a table."""
    load, before, begin = os.getloadavg()[0], time.process_time(), time.perf_counter()
    with peak_memory() as peak, spreading(processes, len(tasks)) as run:
        rows: list[Figures] = list(run(plan_county, tasks))
    # The workers' parent is the server they fork from, so their seconds are told by themselves.
    seconds, cpu = time.perf_counter() - begin, time.process_time() - before + sum(row.seconds for row in rows)
    faults, short = (
        sum(row.faults for row in rows),
        [task.region for task, row in zip(tasks, rows, strict=True) if row.short],
    )
    assert not faults, f"{faults} needs without their officers"
    parts = " ".join(
        f"{name} {sum(getattr(row, name) for row in rows):.0f}" for name in ("quotas", "firms", "chances", "rounding")
    )
    firms = sum(row.n_firms for row in rows)
    return (
        f"| {len(tasks)} | {firms / 1e6:.2f} M | {sum(row.visits for row in rows):,} | "
        f"{sum(row.seats for row in rows):,} | {seconds:.1f} | {cpu:.1f} | {cpu / firms * 1e6:.1f} | "
        f"{peak[0] / 1e6:.0f} | {parts} | {len(short)} | {load:.1f} |"
    )


HEAD = (
    "| counties | firms | visits | seats | s | CPU s | CPU s a million firms | MB | CPU s by part | counties short "
    "| load before |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for the registers, kept from run to run")
    parser.add_argument("--counties", type=int, nargs="+", default=list(COUNTIES))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--append", action="store_true", help="append the table to benchmarks/RESULTS.md")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    tasks = [
        Task(region=f"county {seed}", seed=seed, register=str(asked.out / f"county-{seed}.parquet"))
        for seed in range(max(asked.counties) + len(CONTRADICTORY))
        if seed not in CONTRADICTORY
    ]
    for task in tasks:
        if not Path(task.register).exists():
            write_register(task)
    print(HEAD)
    lines = []
    for counties in asked.counties:
        lines.append(measure(tasks[:counties], asked.processes))
        print(lines[-1], flush=True)
    if asked.append:
        with (Path(__file__).parent / "RESULTS.md").open("a", encoding="utf-8") as file:
            title = f"\n## Province, {datetime.now():%Y-%m-%d %H:%M}, {machine()}, {asked.processes} processes\n\n"
            file.write(title + "\n".join([HEAD, *lines]) + "\n")


if __name__ == "__main__":
    main()
