"""Offices in mid-year: a small planned county, registers with further tasks, a clock that is set by hand."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl

from inspection import service
from inspection.beacon.ceremony import UnattendedCeremony
from inspection.office import Office
from inspection.steps.line import Line, Silent
from inspection.steps.supplements import begin_supplement
from inspection.store.draws import draws

JOINT = (
    "370828-B-001", "年中联合抽查", "定向", "缗城县市场监督管理局", "缗城县消防救援大队",
    "370828-SCJG-000-1、370828-XFJY-000-1", "企业", None, None, None, "370828", "12户", "8月—10月",
)  # fmt: skip
SINGLE = (
    "370828-B-002", "年中补充抽查", "定向", "缗城县公安局", None,
    "370828-GAJ-000-1", "个体工商户", None, None, None, "370828", "9户", "8月—10月",
)  # fmt: skip


def changed(row: Sequence[Any], **cells: Any) -> tuple[Any, ...]:
    """The row of the tasks register with other cells: tier, many, months, code, items."""
    place = {"code": 0, "items": 5, "kind": 6, "tier": 7, "many": 11, "months": 12}
    return tuple(cells.get(next((n for n, p in place.items() if p == i), ""), cell) for i, cell in enumerate(row))


@dataclass
class MidYear:
    """An office, its registers, and a clock that ticks from a set time."""

    office: Office
    registers: dict[str, tuple[Path, ...]]
    scratch: Path
    folder: Path
    moment: datetime = datetime(2027, 1, 5, tzinfo=UTC)
    ticks: int = 0
    watcher: Any = field(default_factory=Silent)

    def clock(self) -> datetime:
        """Two milliseconds later at each look."""
        self.ticks += 1
        return self.moment + timedelta(milliseconds=2 * self.ticks)

    def set_day(self, day: date) -> None:
        """It is this day, in the morning."""
        self.moment = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)

    def line(self) -> Line:
        """The line of the year."""
        return service.open_line(self.office.workspace, None, self.clock, self.watcher)

    def start(self) -> Line:
        """The line of the year; a draft follows the latest registers."""
        workspace, policy = self.office.workspace, self.office.policy()
        if not self.office.is_committed(service.plan_code(policy)):
            service.renew_plan(workspace, policy, self.office.snapshot(), self.clock())
        return self.line()

    def import_tasks(self, *rows: Sequence[Any], keep: bool = True) -> None:
        """The registers are imported again, with further rows of tasks; or with these alone."""
        book = openpyxl.load_workbook(self.registers["tasks"][0])
        if not keep:
            book.active.delete_rows(2, book.active.max_row)
        for row in rows:
            book.active.append(row)
        path = self.scratch / f"tasks-{len(list(self.scratch.iterdir()))}.xlsx"
        book.save(path)
        self.import_files(tasks=(path,))

    def import_files(self, **others: tuple[Path, ...]) -> None:
        """All registers are imported, some of them others."""
        given: Any = self.registers | others
        report = self.office.import_files(given, mappings={}, as_of=date(2027, 1, 1), strict=True)
        assert report.snapshot is not None, [example.reason("en") for example in report.examples]

    def supplement(self, start: date | None = None) -> Line:
        """The line of a supplement from the latest registers."""
        return begin_supplement(self.line(), self.office.snapshot(), start)

    def bundle(self) -> Path:
        """A fresh bundle of the plan."""
        return service.bundle(self.line(), self.scratch / "bundle")


def ceremony(line: Line, seed: str = "secret") -> UnattendedCeremony:
    """All parties, with the same secrets every time."""
    rules = line.given.policy.ceremony
    return UnattendedCeremony(
        parties=rules.parties,
        algorithm=rules.digest,
        is_sealed=rules.seal,
        token=lambda: hashlib.sha256(seed.encode()).hexdigest(),
        die=lambda: 4,
    )


def found(files: Any, folder: Path, edit: Callable[[str], str] = lambda text: text) -> MidYear:
    """An office with the county's registers imported, its policy edited."""
    policy = folder / "policy.toml"
    policy.write_text(edit(files.policy.read_text(encoding="utf-8")), encoding="utf-8")
    office = Office.found(folder / "workspace", origin="open-draw.example/test", policy=policy)
    scratch = folder / "scratch"
    scratch.mkdir()
    made = MidYear(office=office, registers=dict(files.registers), scratch=scratch, folder=folder)
    made.import_files()
    return made


def copied(files: Any, source: Path, folder: Path) -> MidYear:
    """The same office again, in a folder of its own; its clock stands after everything the log holds."""
    shutil.copytree(source, folder)
    office = Office.opened(folder / "workspace")
    made = MidYear(office=office, registers=dict(files.registers), scratch=folder / "scratch", folder=folder)
    made.ticks = 1000
    return made


def planned(files: Any, folder: Path, edit: Callable[[str], str] = lambda text: text) -> MidYear:
    """An office whose year is planned and drawn."""
    made = found(files, folder, edit)
    line = made.start()
    service.plan_year(line, ceremony(line))
    return made


def twice_a_year(text: str) -> str:
    """The policy with two visits a year to firms of tier D, and reserve firms called."""
    return replacing(text).replace("weight = 10\nvisits = 1", "weight = 10\nvisits = 2")


def replacing(text: str) -> str:
    """The policy with reserve firms called."""
    return text.replace('unreachable = "close"', 'unreachable = "replace"')


def verified(bundle: Path) -> tuple[int, str]:
    """Exit code and lines of the bundle's own checker."""
    command = [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def with_reserve(made: MidYear) -> list[str]:
    """Visits of the year whose pools have so many reserve firms that all of them could be replaced twice."""
    line = made.line()
    with line.workspace.store.reading() as connection:
        record = next(draw for draw in draws(connection, line.name) if draw.folder == "1-firms")
    firms = [row.split(",") for row in line.read(record.files["firms.csv"]).decode().splitlines()[1:]]
    visits = [row.split(",") for row in line.read(record.files["visits.csv"]).decode().splitlines()[1:]]
    pool_of = {firm: pool for firm, pool, *_ in firms}
    size = Counter(pool_of.values())
    taken = Counter(pool_of[firm] for _, firm, *_ in visits)
    return [visit for visit, firm, *_ in visits if size[pool_of[firm]] >= 3 * taken[pool_of[firm]]]
