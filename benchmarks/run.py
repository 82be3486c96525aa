"""``make bench``: time and memory of whole processes, printed as a table and appended to benchmarks/RESULTS.md.

Memory is the largest sum of resident sets over the process and its children, sampled ten times a second.
Usage: python benchmarks/run.py [case …]
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inspection.demo.county import CountySize, write_county

HERE = Path(__file__).parent
LIMITS = {"county": (8.0, 600), "prefecture": (45.0, 1500), "firm draw": (8.0, 500)}
"""Seconds and MB the issue allows on two cores."""


@dataclass(frozen=True)
class Row:
    case: str
    seconds: float
    megabytes: float
    ok: bool
    note: str


def resident(pid: int) -> int:
    """Bytes resident in a process and all below it."""
    total = 0
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        total += pages * os.sysconf("SC_PAGE_SIZE")
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += resident(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total


def measure(case: str, command: list[str]) -> Row:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            peak[0] = max(peak[0], resident(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    print(output)
    note = output.strip().splitlines()[-1] if output.strip() else ""
    return Row(case, seconds, peak[0] / 1e6, process.returncode == 0, note)


def whole(case: str, size: CountySize, processes: int) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        write_county(Path(folder) / "registers", size)
        script = str(HERE / "registers_to_bundle.py")
        return measure(case, [sys.executable, script, f"{folder}/registers", f"{folder}/out", str(processes)])


def firm_draw(firms: int) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        given = [f"{folder}/firms.parquet", str(firms)]
        command = [sys.executable, str(HERE / "firm_draw.py")]
        subprocess.run([*command, "--write", *given], check=True)
        return measure("firm draw", [*command, "--measure", *given])


CASES = {
    "county": lambda: whole("county", CountySize(), 1),
    "prefecture": lambda: whole("prefecture", CountySize.prefecture(), 2),
    "firm draw": lambda: firm_draw(14_000_000),
}


def machine() -> str:
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main(chosen: list[str]) -> int:
    rows = [CASES[case]() for case in chosen or CASES]
    results = HERE / "RESULTS.md"
    lines = results.read_text(encoding="utf-8").split("\n")
    table = lines.index("|---|---|---|---|---|---|---|---|---|") + 1
    end = next(place for place in range(table, len(lines)) if not lines[place].startswith("|"))
    for row in rows:
        seconds, megabytes = LIMITS[row.case]
        line = (
            f"| {datetime.now():%Y-%m-%d %H:%M} | {row.case} | {row.seconds:.1f} | {row.seconds / seconds:.2f} "
            f"| {row.megabytes:.0f} | {row.megabytes / megabytes:.2f} | {'yes' if row.ok else 'NO'} | {row.note} "
            f"| {machine()} |"
        )
        print(line)
        lines.insert(end, line)
        end += 1
    results.write_text("\n".join(lines), encoding="utf-8")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
