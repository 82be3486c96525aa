"""The demonstration: a made-up county, planned, drawn and proven from its registers on disk."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from inspection import service
from inspection.demo.county import CountySize, write_county
from inspection.documents.workbook import write_plan_workbook
from inspection.errors import Language, StoreError
from inspection.model import Summary
from inspection.office import Office
from inspection.registry.report import ImportReport
from inspection.steps.line import Line, Watcher
from inspection.steps.workers import Crew

ORIGIN = "open-draw.example/demonstration"
MARK = ".demonstration"
"""Left in the folder, so that only a demonstration is ever replaced by a demonstration."""

Stage = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """What was made, and what the checker said in its own process."""

    report: ImportReport
    summary: Summary
    verdict: str
    exit_code: int


def demonstrate(
    out: Path,
    size: CountySize,
    stage: Stage,
    watcher: Watcher,
    language: Language,
    *,
    processes: int = 1,
    cluster: Crew | None = None,
) -> Demonstration:
    """``out`` holds registers/, workspace/, bundle/ and plan.xlsx of a demonstration made anew."""
    clear(out)
    with stage("generate"):
        files = write_county(out / "registers", size)
    office = Office.found(out / "workspace", origin=ORIGIN, policy=files.policy)
    with stage("import"):
        report = office.import_files(
            files.registers, mappings={}, as_of=date(size.year, 1, 1), strict=True, progress=None
        )
    line, _ = office.start(watcher)
    proof = Proof(line, out / "bundle")
    year = service.plan_year(
        line,
        service.unattended(line.given.policy),
        processes=processes,
        cluster=cluster,
        when_drawn=proof.make,
    )
    summary = service.summary(line, year, language)
    with stage("workbook"):
        write_plan_workbook(out / "plan.xlsx", service.plan_rows(line, year), summary, language)
    with stage("verify"):
        verdict, exit_code = proof.verdict()
    return Demonstration(report=report, summary=summary, verdict=verdict, exit_code=exit_code)


class Proof:
    """The bundle of a drawn plan, and its checker in a process of its own.

    The checker needs nothing but the bundle, and the bundle holds no days, so both are made while days are set.
    """

    def __init__(self, line: Line, target: Path) -> None:
        self._line = line
        self._target = target
        self._checker: subprocess.Popen[str] | None = None

    def make(self) -> None:
        """The bundle stands and its checker has started."""
        bundle = service.bundle(self._line, self._target)
        self._checker = subprocess.Popen(
            [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def verdict(self) -> tuple[str, int]:
        """What the checker printed, and its exit code."""
        if self._checker is None:
            self.make()
        assert self._checker is not None
        text, _ = self._checker.communicate()
        return text, self._checker.returncode


def clear(out: Path) -> None:
    """``out`` is an empty folder marked as a demonstration; an earlier demonstration in it is gone.

    Raises:
        StoreError: it holds something else.
    """
    if out.exists() and any(out.iterdir()):
        if not (out / MARK).is_file():
            raise StoreError("demo.folder.occupied", folder=out)
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()
