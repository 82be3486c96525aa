"""How far merging cuts visits where the tasks are real: published item lists, joint list, plan rows and firms.

Usage: ``python benchmarks/real_county.py [--data FOLDER] [--firms FILE]``. The data is not part of the project (its
licences differ); where the folder is absent this says so. real_lists.py states the rules for what the sources leave
open. Tasks whose trade no firm has are left out and counted. Staff: enough that no month is short, so that rules of
merging alone bind. The demo county is measured beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from pathlib import Path

from real_lists import ALL, REGION, Published, Wanted, listed, profiles, published, rows_of

from inspection.model import Inspector, Item, Pool, Selection, Task
from inspection.planning.quotas import Quotas, plan_quotas, region_problems, task_total
from inspection.rules.frame import build_frame
from inspection.rules.policy import Policy, parse_policy

ROOT = Path(__file__).parents[1]
PUBLISHED_CUT = 32.8
"""What a county that merged its plans reported, %."""

YEAR = 2027


def tasks_of(wanted: list[Wanted], plans: Published, present: set[str]) -> tuple[list[Task], dict[str, Item], int]:
    """Tasks and items of the trades that firms have, and how many tasks were left out."""
    tasks, items, out = [], dict[str, Item](), 0
    for number, each in enumerate(wanted):
        if not each.trade or (each.trade != ALL and each.trade not in present) or not all(each.agencies):
            out += 1
            continue
        code = f"T{number:03d}"
        names = {f"{code}-{i:02d}": name for i, name in enumerate(each.items[:20])}
        lead = each.agencies[0]
        for item, name in names.items():
            items[item] = Item(item=item, name=name, agency=lead, qualification=None, is_key=False)
        window = plans.months.get(each.trade, plans.windows[number % len(plans.windows)])
        ratio = plans.at_large if each.trade == ALL else plans.ratio.get(each.trade, plans.usual)
        tags = frozenset() if each.trade == ALL else frozenset({each.trade})
        tasks.append(
            Task(
                task=code,
                name=each.name,
                lead=lead,
                joining=each.agencies[1:],
                items=tuple(names),
                selection=Selection(region=REGION, tags=tags),
                count=None,
                ratio=ratio,
                months=tuple(f"{YEAR}-{month:02d}" for month in window),
            )
        )
    return tasks, items, out


def policy_of(floor: str) -> Policy:
    """The product's own template; the coverage floor is the only value changed."""
    text = (resources.files("inspection_data") / "policy.toml").read_text(encoding="utf-8")
    return parse_policy(text.replace('floor = "5%"', f'floor = "{floor}"', 1))


def staff(tasks: list[Task], pools: list[Pool], policy: Policy) -> list[Inspector]:
    """Officers by agency, as many as the largest month could ask for."""
    seats: Counter[str] = Counter()
    for task in tasks:
        total = task_total(task, pools)
        for agency in task.agencies:
            seats[agency] += 2 * -(-total // len(task.months))
    return [
        Inspector(
            inspector=f"{agency}-{n:04d}",
            name="",
            agency=agency,
            certificate="",
            valid_until=date(YEAR + 1, 12, 31),
            qualifications=frozenset(),
        )
        for agency, most in sorted(seats.items())
        for n in range(4 + 2 * -(-most // policy.capacity.visits_per_officer_month))
    ]


@dataclass(frozen=True)
class Measured:
    """One county: tasks and visits with and without merging, and the least any plan under these rules can have."""

    name: str
    firms: int
    tasks: int
    out: int
    checks: int
    visits: int
    bound: int
    covered: int
    seconds: float

    def text(self) -> str:
        cut, most = (100 * (1 - part / self.checks) for part in (self.visits, self.bound))
        verdict = f"beats {PUBLISHED_CUT} %" if cut > PUBLISHED_CUT else f"does not beat {PUBLISHED_CUT} %"
        if cut <= PUBLISHED_CUT and most <= PUBLISHED_CUT:
            verdict += ", and the bound proves that no plan under these rules can"
        return (
            f"{self.name}: {self.firms:,} firms, {self.tasks} tasks ({self.out} left out): {self.checks:,} checks "
            f"unmerged, {self.visits:,} visits merged, cut {cut:.1f} %; bound {self.bound:,} visits, cut at most "
            f"{most:.1f} %; coverage asks for {self.covered:,}; {verdict}"
        )


def measure(folder: Path, firms: Path, policy: Policy, *, by_category: bool) -> Measured:
    """The county of these firms, planned by the product's own quotas.

    Raises:
        SystemExit: its rules cannot all be met.
    """
    known = profiles(rows_of(firms))
    present = {trade for profile in known for trade in profile.tags.split(";")}
    tasks, items, out = tasks_of(listed(folder, by_category=by_category), published(folder), present)
    pools = list(build_frame(known, tasks, policy).pools)
    inspectors = staff(tasks, pools, policy)
    began = time.process_time()
    problems = region_problems(pools, tasks, items, inspectors, policy)
    quotas = plan_quotas(problems, policy.coverage_kinds)
    seconds = time.process_time() - began
    if not isinstance(quotas, Quotas):
        raise SystemExit(f"rules in conflict: {quotas[0].shortage.rules}")
    return Measured(
        name="real lists, a task per category" if by_category else "real lists, a task per agency and trade",
        firms=sum(pool.size for pool in pools),
        tasks=len(tasks),
        out=out,
        checks=sum(task_total(task, pools) for task in tasks),
        visits=sum(sum(each.visits.values()) for each in quotas.combinations),
        bound=quotas.bound,
        covered=problems[0].merge.coverage,
        seconds=seconds,
    )


def demo_county(folder: Path) -> Measured:
    """The demonstration's county, planned as the product does from its registers."""
    from inspection import service
    from inspection.demo.county import CountySize, write_county
    from inspection.office import Office
    from inspection.steps.line import Silent

    files = write_county(folder / "registers", CountySize())
    office = Office.found(folder / "workspace", origin="open-draw.example/bench", policy=files.policy)
    office.import_files(files.registers, mappings={}, as_of=date(YEAR, 1, 1), strict=True)
    given = office.start(Silent())[0].given
    began = time.process_time()
    pools, quotas = service.check_feasible(given.policy, given.snapshot)
    live = [pool for pool in pools if pool.kind in given.policy.coverage_kinds]
    floor = given.policy.coverage.floor * sum(pool.size for pool in live)
    return Measured(
        name="demo county",
        firms=sum(pool.size for pool in pools),
        tasks=len(given.tasks),
        out=0,
        checks=sum(task_total(task, [pool for pool in pools if task.task in pool.tasks]) for task in given.tasks),
        visits=sum(sum(each.visits.values()) for each in quotas.combinations),
        bound=quotas.bound,
        covered=-(-floor.numerator // floor.denominator),
        seconds=time.process_time() - began,
    )


def measured(data: Path, firms: str, coverage: str, *, by_category: bool) -> list[Measured]:
    """The demo county, and the real one where its sources are at hand."""
    with tempfile.TemporaryDirectory() as folder:
        found = [demo_county(Path(folder))]
    if not (data / firms).exists():
        print(f"real lists not measured: the public lists and registers are not in {data} (--data names their folder)")
        return found
    return [*found, measure(data, data / firms, policy_of(coverage), by_category=by_category)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data", help="folder of the public sources")
    parser.add_argument("--firms", default="firms/cn_jining_3708.csv", help="register, within the folder")
    parser.add_argument("--coverage", default="5%", help="least share of distinct firms visited")
    parser.add_argument(
        "--by-category", action="store_true", help="every category of items is a task: minutes, not one"
    )
    given = parser.parse_args()
    from run import machine

    counties = measured(given.data, given.firms, given.coverage, by_category=given.by_category)
    lines = [f"- {found.text()} ({found.seconds:.1f} CPU s)" for found in counties]
    print(*lines, sep="\n")
    with (ROOT / "benchmarks/RESULTS.md").open("a", encoding="utf-8") as file:
        file.write("\n".join([f"\n## Merging, {datetime.now():%Y-%m-%d %H:%M}, {machine()}\n", *lines, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
