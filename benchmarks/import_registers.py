"""Import of registers: 1 000 000 firms from CSV (at most 10 s, 1 GB) and 90 000 rows of .xlsx (at most 15 s).

Run: .venv/bin/python benchmarks/import_registers.py [case …]. Each case runs in its own process; prints seconds, peak
memory and rows. The registers are those of the made-up county and prefecture (inspection.demo).
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

CASES = ("county", "xlsx", "gb18030", "million", "million-dirty")


def run_case(case: str, folder: Path) -> None:
    from inspection.registry import ImportSettings, import_registers

    files = {kind: [folder / name] for kind, name in write_case(case, folder).items()}
    settings = ImportSettings(
        year=2027,
        regions=frozenset(f"3708{number:02}" for number in range(100)),
        tiers=("A", "B", "C", "D"),
        as_of=date(2027, 1, 1),
    )
    subprocess.run(["sync"], check=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, spent = time.perf_counter(), time.process_time()
    report = import_registers(files, folder / "workspace", settings)  # type: ignore[arg-type]
    seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    firms = report.counts["firms"]
    print(
        f"{case:14} {seconds:6.2f} s  ({cpu:.2f} s of CPU)  peak {peak / 1024:5.0f} MB (before {before / 1024:.0f})  "
        f"firms read {firms.read}, rejected {firms.rejected}  "
        + " ".join(f"{kind} {took:.2f}" for kind, took in report.seconds.items())
    )


def write_case(case: str, folder: Path) -> dict[str, str]:
    """The files of a case, made in another process so that its memory does not count; names by register."""
    code = f"import benchmarks.import_registers as b; b.make({case!r}, {str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])
    if case != "county":
        return {"firms": "firms.xlsx" if case == "xlsx" else "firms.csv"}
    return {
        "agencies": "agencies.xlsx",
        "items": "items.xlsx",
        "inspectors": "inspectors.xlsx",
        "firms": "firms.csv",
        "tasks": "tasks.xlsx",
        "recusals": "recusals.csv",
    }


def make(case: str, folder: str) -> None:
    """The files of a case are in ``folder``."""
    from inspection.demo.county import CountySize, write_county

    home = Path(folder)
    write_county(home, CountySize.prefecture(1_000_000) if case.startswith("million") else CountySize())
    firms = home / "firms.csv"
    if case == "gb18030":
        firms.write_bytes(firms.read_text(encoding="utf-8-sig").encode("gb18030"))
    if case == "xlsx":
        _as_workbook(firms, home / "firms.xlsx")
    if case == "million-dirty":
        lines = firms.read_text(encoding="utf-8").splitlines(keepends=True)
        lines[5_000::10_000] = [line.replace(",", ",,", 1) for line in lines[5_000::10_000]]
        lines[7_000::1_000] = [line.replace("存续", "筹建") for line in lines[7_000::1_000]]
        firms.write_text("".join(lines), encoding="utf-8")


def _as_workbook(source: Path, target: Path) -> None:
    import csv

    import xlsxwriter  # type: ignore[import-untyped]  # ships no types

    options = {"constant_memory": True, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(target), options) as book, source.open(encoding="utf-8-sig", newline="") as file:
        sheet = book.add_worksheet()
        for number, row in enumerate(csv.reader(file)):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)


def main() -> None:
    for case in sys.argv[1:] or CASES:
        with tempfile.TemporaryDirectory(prefix="bench-import-") as folder:
            code = f"import pathlib, benchmarks.import_registers as b; b.run_case({case!r}, pathlib.Path({folder!r}))"
            subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


if __name__ == "__main__":
    main()
