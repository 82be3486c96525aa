"""100 000 findings from .xlsx in at most 60 s, good ones alone and with every hundredth row faulty; then all disclosed.

The made-up county's visits are copied under further codes until they hold so many items: the import, the store and the
disclosure meet what a prefecture would bring, through the same calls as the commands.

Usage: python benchmarks/findings.py [items]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from inspection import service
from inspection.demo.county import CountySize, write_county
from inspection.office import Office
from inspection.rules.visit_life import Actor
from inspection.steps.line import Silent
from inspection.store import drawn, work
from inspection.work import work_steps
from inspection.work.visit_facts import VisitFacts

FIRMS = 20_000
LIMIT = 60.0
NOW = datetime(2027, 12, 1, 2, tzinfo=UTC)
HEADER = ("检查编号", "统一社会信用代码", "检查部门", "事项编码", "检查结果", "检查方式", "检查日期", "问题描述")


def year(folder: Path, items: int) -> tuple[Office, VisitFacts]:
    """A drawn year whose visits hold at least so many items."""
    files = write_county(folder / "county", CountySize.scaled(FIRMS))
    office = Office.found(folder / "workspace", origin="open-draw.example/bench", policy=files.policy)
    office.import_files(files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
    line, _ = office.start(Silent())
    service.plan_year(line, service.unattended(line.given.policy))
    facts = VisitFacts(line)
    with line.workspace.store.reading() as connection:
        visits, needs = drawn.visits(connection, facts.first), drawn.needs(connection, facts.first)
        parts = work.parts(connection, line.name)
    held = sum(len(facts.items_of(part.key.draw, part.combination, part.key.agency)) for part in parts)
    with line.workspace.store.writing() as connection:
        for copy in range(1, -(-items // held)):
            drawn.add_visits(connection, facts.first, (replace(each, visit=f"{each.visit}W{copy}") for each in visits))
            drawn.add_needs(connection, facts.first, (replace(each, visit=f"{each.visit}W{copy}") for each in needs))
    return office, facts


def write_sheet(path: Path, office: Office, facts: VisitFacts, items: int, faulty: int) -> int:
    """A filled-in sheet of so many rows, every ``faulty``-th with a result nobody knows (0: none); its rows."""
    import xlsxwriter  # type: ignore[import-untyped]  # ships no types

    results = (
        "1 未发现问题",
        "1 未发现问题",
        "1 未发现问题",
        "5 发现问题已责令改正",
        "7 未发现开展本次抽查涉及的经营活动",
    )
    row = 0
    with office.workspace.store.reading() as connection:
        parts = work.parts(connection, facts.line.name)
        firms = facts.firms_now(connection, {part.key[:2] for part in parts})
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("检查结果")
        sheet.write_row(0, 0, HEADER)
        for part in parts:
            for item in facts.items_of(part.key.draw, part.combination, part.key.agency):
                if row == items:
                    return row
                row += 1
                result = "都好" if faulty and row % faulty == 0 else results[row % len(results)]
                note = f"第 {row} 项：标识不全" if row % 5 == 3 else ""
                day = f"2027-11-{1 + row % 28:02}"
                key = facts.label(*part.key[:2]), firms[part.key[:2]], part.key.agency, item.item
                sheet.write_row(row, 0, (*key, result, "实地检查", day, note))
    return row


def timed(what: str, step: Callable[[], Any]) -> tuple[float, Any]:
    """The step is done, and its seconds are printed."""
    began, cpu = time.perf_counter(), time.process_time()
    value = step()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:34} {seconds:6.2f} s  ({time.process_time() - cpu:.2f} s of CPU)  peak {peak:5.0f} MB", flush=True)
    return seconds, value


def main(items: int) -> int:
    ticks = iter(range(10**6))
    now = lambda: NOW + timedelta(seconds=next(ticks))  # noqa: E731 a clock
    clerk, system = Actor(name="录入员", role="clerk"), Actor(name="周主任", role="planner")
    with tempfile.TemporaryDirectory() as folder:
        office, facts = year(Path(folder), items)
        for month in range(1, 13):
            work_steps.dispatch_month(office, f"2027-{month:02}", now(), system)
        with office.workspace.store.reading() as connection:
            keys = [part.key for part in work.parts(connection, facts.line.name)]
        timed(f"accept {len(keys)} parts", lambda: work_steps.accept_all(office, keys, clerk, now()))
        mixed, clean = Path(folder) / "faulty.xlsx", Path(folder) / "clean.xlsx"
        write_sheet(mixed, office, facts, items, 100)
        rows = write_sheet(clean, office, facts, items, 0)
        took = []
        for name, path in (("faulty", mixed), ("clean", clean)):
            seconds, done = timed(
                f"import {rows} rows, {name}",
                lambda path=path: work_steps.import_findings(office, [path], clerk, now()),
            )
            took.append(seconds)
            print(f"    entered {done.entered}, unchanged {done.unchanged}, rejected {done.read.counts.rejected}")
        with office.workspace.store.reading() as connection:
            ready = [part.key for part in work.parts(connection, facts.line.name, work.PartFilter(states=("entered",)))]
        reviewer = Actor(name="审核员", role="reviewer")
        timed(f"review {len(ready)} parts", lambda: work_steps.review(office, ready, reviewer, now()))
        timed("disclose", lambda: print("   ", work_steps.disclose_due(office, now()), "records"))
        print("due", len(work_steps.due_list(office, None, now())))
    return 0 if max(took) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 100_000))
