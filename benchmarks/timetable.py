"""Officer-days of a county's timetable against what no timetable can beat, and how long it takes.

    python -m benchmarks.timetable [WORKSPACE] [--efforts 0 3 10 20]

Without a workspace of a finished plan (``inspection demo`` leaves one) the county is drawn from a seed. The bound
counts, for each officer, month and town, full days: no timetable that keeps a team in one town a day has fewer
officer-days. Every timetable is checked by plain loops that never saw the solver.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from benchmarks.inspectors import county_visits
from solver.timetable import Timetable, TimetableProblem, timetable


def of_workspace(folder: Path) -> TimetableProblem:
    """The visits of the plan in a workspace, as its line timetables them."""
    from inspection import service
    from inspection.beacon.ceremony import AttendedCeremony
    from inspection.office import Office
    from inspection.planning.days import timetable_problem
    from inspection.rules.workdays import workdays

    line = Office.opened(folder).line()
    year = service.plan_year(line, AttendedCeremony())
    policy = line.given.policy
    towns = {code: firm.town for code, firm in year.firms.items()}
    calendar = workdays(policy.plan.year, policy)
    return timetable_problem(year.drawn.firms.visits, year.drawn.assignments, towns, calendar, policy)


def faults(problem: TimetableProblem, result: Timetable) -> list[str]:
    """Every rule a timetable breaks, counted visit by visit."""
    out, met, towns, found = Counter[tuple[int, int]](), Counter[tuple[int, int]](), defaultdict(set), []
    for visit, day in enumerate(result.day.tolist()):
        if day < 0:
            continue
        if not problem.first_day[visit] <= day <= problem.last_day[visit]:
            found.append(f"visit {visit} outside its month")
        before = int(problem.previous[visit]) if problem.previous.size else -1
        if before >= 0 and abs(int(problem.day_ordinal[day]) - before) < problem.min_gap:
            found.append(f"visit {visit} too soon")
        for officer in problem.officers[problem.officer_offsets[visit] : problem.officer_offsets[visit + 1]].tolist():
            out[officer, day] += 1
            towns[officer, day].add(int(problem.town[visit]))
            if problem.blocked is not None and problem.blocked[officer, day]:
                found.append(f"officer {officer} away on day {day}")
        if problem.agency_daily.size:
            for agency in problem.agencies[problem.agency_offsets[visit] : problem.agency_offsets[visit + 1]].tolist():
                met[agency, day] += 1
    found += [
        f"officer {officer} has {n} visits" for (officer, _), n in out.items() if n > problem.visits_per_officer_day
    ]
    found += [f"agency {agency} has {n} visits" for (agency, _), n in met.items() if n > problem.agency_daily[agency]]
    two = sum(len(there) > 1 for there in towns.values())
    if (len(towns), two) != (result.officer_days, result.officer_days_two_towns):
        found.append(f"{len(towns)} officer-days and {two} in two towns, told {result.officer_days}")
    return found


HEAD = (
    "| effort | s | CPU s | officer-days | bound | above it | in two towns | visits a day | unplaced | faults "
    "| load before |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path, nargs="?")
    parser.add_argument("--efforts", type=float, nargs="+", default=[0.0, 3.0, 10.0, 20.0])
    asked = parser.parse_args()
    problem = of_workspace(asked.workspace) if asked.workspace else county_visits(0)
    print(f"{problem.first_day.size} visits, {problem.officers.size} seats, {problem.n_inspectors} officers")
    print(HEAD)
    for effort in asked.efforts:
        load, cpu, begin = os.getloadavg()[0], time.process_time(), time.perf_counter()
        result = timetable(problem, effort=effort)
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        used = np.bincount(result.day[result.day >= 0])
        above = (result.officer_days + result.officer_days_two_towns) / result.bound_one_town - 1
        spread = f"{used[used > 0].min()}–{used.max()}"
        print(
            f"| {effort:g} | {seconds:.1f} | {cpu:.1f} | {result.officer_days} | {result.bound_one_town} | "
            f"{above:.2%} | {result.officer_days_two_towns} | {spread} | "
            f"{len(result.unplaced)} | {len(faults(problem, result))} | {load:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
