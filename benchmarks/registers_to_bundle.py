"""Registers on disk → verified bundle, as one process: import, plan, draw, days, bundle, checker in its own process.

Usage: python benchmarks/registers_to_bundle.py REGISTERS OUT PROCESSES
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from inspection import service
from inspection.demo.files import county_files
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
    year = service.plan_year(line, service.unattended(line.given.policy), processes=processes)
    with watcher.stage("bundle"):
        bundle = service.bundle(line, out / "bundle")
    with watcher.stage("verify"):
        checked = subprocess.run(
            [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle)], stdout=subprocess.PIPE, text=True
        )
    broken = [rule.text("en") for rule in year.rules if rule.ok is False]
    print(f"visits {len(year.plan.visits)}, rules broken {len(broken)}, checker exit {checked.returncode}")
    if broken or checked.returncode:
        print(*broken, checked.stdout[-2000:], sep="\n")
    return checked.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
