"""Registers on disk → verified bundle, as one process: import, plan, draw, days, bundle, checker in its own process.

Usage: python benchmarks/registers_to_bundle.py REGISTERS OUT PROCESSES
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from inspection import service
from inspection.demo.files import county_files
from inspection.demonstration import Proof
from inspection.office import Office


class Clocked:
    """A watcher that prints what each step took."""

    def begin(self, step):
        pass

    def advance(self, done, total):
        pass

    def end(self, step, seconds):
        print(f"{step:28} {seconds:7.2f} s", flush=True)

    @contextmanager
    def stage(self, step):
        started = time.perf_counter()
        yield
        self.end(step, time.perf_counter() - started)


def main(registers: Path, out: Path, processes: int) -> int:
    watcher = Clocked()
    files = county_files(registers)
    office = Office.found(out / "workspace", origin="open-draw.example/bench", policy=files.policy)
    with watcher.stage("import"):
        report = office.import_files(files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
    assert report.snapshot is not None
    line, _ = office.start(watcher)
    proof = Proof(line, out / "bundle")
    ceremony = service.unattended(line.given.policy)
    year = service.plan_year(line, ceremony, processes=processes, when_drawn=proof.make)
    with watcher.stage("verify, from here"):
        verdict, code = proof.verdict()
    broken = [rule.text("en") for rule in year.rules if rule.ok is False]
    print(f"visits {len(year.plan.visits)}, rules broken {len(broken)}, checker exit {code}")
    if broken or code:
        print(*broken, verdict[-2000:], sep="\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
