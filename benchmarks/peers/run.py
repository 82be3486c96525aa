"""What a user would pick instead, and us, on the same instances: ``python benchmarks/peers/run.py --python PEERS``.

PEERS is the interpreter of an environment that holds requirements.lock (README.md beside this file); MATCHER a checkout
of openreview-matcher built as its own README says. What is not given, cannot be installed or does not finish stands in
the table with the reason. Every method runs in a process of its own, one after the other, under one limit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import panels
from exchange import read_agencies, write_agencies
from quality import judge

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "RESULTS.md"
AGENCY = 8
"""The agency of the county whose chances are sampled: 20 people, 255 needs."""


@dataclass(frozen=True)
class Ran:
    """A process that ended: its peak memory, what it printed, and why it gave nothing ("" when it did)."""

    megabytes: float
    output: str
    failed: str


@dataclass(frozen=True)
class Bench:
    """Where things are, and how long a process may take."""

    peers: str
    matcher: str
    folder: Path
    limit: float

    def run(self, python: str, script: str, *words: str) -> Ran:
        from benchmarks.run import resident

        command = [python, str(HERE / script), *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        peak, done = [0], threading.Event()

        def watch() -> None:
            while not done.wait(0.05):
                peak[0] = max(peak[0], resident(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            output, _ = process.communicate(timeout=self.limit)
            last = output.strip().splitlines()[-1][:110] if output.strip() else f"exit {process.returncode}"
            failed = last if process.returncode else ""
        except subprocess.TimeoutExpired:
            process.kill()
            output, failed = process.communicate()[0], f"not finished in {self.limit:.0f} s"
        done.set()
        watcher.join()
        return Ran(peak[0] / 1e6, output, failed)


INSPECTOR_METHODS = {
    "us: fair chances, then fair rounding": ("ours_inspectors.py", "ours"),
    "openreview-matcher, randomised": ("openreview.py", "matcher", "--solver", "randomized"),
    "openreview-matcher, minmax, random affinities": ("openreview.py", "matcher", "--solver", "minmax"),
    "min-cost flow, random costs": ("random_costs.py", "ours"),
    "CP-SAT monolith, random costs": ("cp_sat.py", "ours"),
    "ORDER BY RANDOM, then round robin": ("round_robin.py", "ours"),
}
PANEL_METHODS = {
    "us: spread over types, fair rounding, hash": "ours",
    "sortition-algorithms, maximin": "sortition",
    "min-cost flow, random costs": "flow",
    "CP-SAT monolith, random costs": "cp-sat",
    "ORDER BY RANDOM in each tier": "sql",
}


def inspectors(bench: Bench, path: Path, draws: int) -> list[str]:
    """A row for each method on one instance; with one draw only stated chances are shown."""
    agencies = read_agencies(path)
    rows = []
    for method, (script, needs, *words) in INSPECTOR_METHODS.items():
        result = bench.folder / "result.npz"
        result.unlink(missing_ok=True)
        if needs == "matcher" and not (bench.peers and bench.matcher):
            rows.append(f"| {method} | not run: no checkout was named | | | | | | | |")
            continue
        python = bench.peers if needs == "matcher" else sys.executable
        extra = [*words, "--draws", str(draws), "--limit", str(bench.limit), "--matcher", bench.matcher]
        ran = bench.run(python, script, str(path), str(result), *extra)
        if ran.failed or not result.exists():
            rows.append(f"| {method} | {ran.failed} | | {ran.megabytes:.0f} | | | | | |")
            continue
        kept = np.load(result)
        n, drawn = len(agencies), int(kept["draws"])
        one = [kept[f"one_{i}"] for i in range(n)]
        shown = []
        if "chance_0" in kept:
            chance = [kept[f"chance_{i}"] for i in range(n)]
            shown.append(("stated", judge(agencies, chance, one, is_counted=False)))
        if draws > 1:
            counted = [kept[f"count_{i}"] / drawn for i in range(n)]
            shown.append((f"{drawn} draws", judge(agencies, counted, one, is_counted=True)))
        begin = f"| {method} | {kept['seconds']:.2f} | {kept['cpu']:.2f} | {ran.megabytes:.0f} "
        if not shown:
            q = judge(agencies, one, one, is_counted=False)
            rows.append(f"{begin}| cannot be stated | | | {q.load_gap} | {q.broken} |")
        for how, q in shown:
            rows.append(
                f"{begin}| {how}: {q.largest:.3f} (bound {q.bound:.3f}), {q.excess:.2f} × own bound | {q.entropy:.1f} "
                f"| {q.never:.1f} | {q.load_gap} | {q.broken} |"
            )
    return rows


def panel(bench: Bench, name: str, made: panels.Panel, methods: list[str]) -> tuple[list[str], list[str]]:
    """Rows of the methods on one panel, and the methods that did not finish."""
    path, rows, failed = bench.folder / "panel.npz", [], []
    made.write(path)
    for method in methods:
        key = PANEL_METHODS[method]
        result = bench.folder / "result.npz"
        result.unlink(missing_ok=True)
        label = f"| {name} | {method} "
        if key == "sortition" and not bench.peers:
            rows.append(f"{label}| not run: no environment was named | | | | | | | |")
            failed.append(method)
            continue
        words = ["--method", key, "--draws", "200", "--limit", str(min(bench.limit, 30))]
        ran = bench.run(
            bench.peers if key == "sortition" else sys.executable, "panel_methods.py", str(path), str(result), *words
        )
        if ran.failed or not result.exists():
            rows.append(f"{label}| {ran.failed} | | {ran.megabytes:.0f} | | | | | |")
            failed.append(method)
            continue
        rows.append(label + panel_figures(made, np.load(result), ran.megabytes))
    return rows, failed


def panel_figures(made: panels.Panel, kept: Any, megabytes: float) -> str:
    """The cells of one row: chances of firms, how alike firms alike are, tiers out of order, quotas missed."""
    chance, kinds = kept["chance"], made.type_of
    how = "stated" if int(kept["draws"]) == 1 else f"{int(kept['draws'])} draws"
    inside = [np.ptp(chance[kinds == kind]) for kind in range(len(made.size))]
    mean = np.array([chance[kinds == kind].mean() for kind in range(len(made.size))])
    relative = (mean * made.size / made.weight).min()
    spreads = ", ".join(
        f"{mean[made.feature[:, 0] == t].min():.3f}–{mean[made.feature[:, 0] == t].max():.3f}"
        for t in np.unique(made.feature[:, 0])
    )
    alike = f"{max(inside):.3f}" if how == "stated" else "–"
    return (
        f"| {float(kept['seconds']):.2f} | {float(kept['cpu']):.2f} | {megabytes:.0f} | {how}: {chance.min():.4f} "
        f"| {relative:.4f} | {alike} | {spreads} | {inversions(made, mean)} | {made.broken(kept['members'])} |"
    )


def inversions(made: panels.Panel, mean: Any) -> int:
    """Pairs of neighbouring tiers of one trade whose chances fall with risk by more than sampling explains."""
    if len(np.unique(made.weight / made.size)) == 1:
        return 0
    by = {(int(t), int(k)): float(m) for (t, k), m in zip(made.feature, mean, strict=True)}
    return sum(1 for (t, k), m in by.items() if (t + 1, k) in by and by[t + 1, k] < m - 0.02)


def panels_table(bench: Bench, most: int) -> list[str]:
    """Published pools, then registers of doubling size until sortition-algorithms does not finish, then a county."""
    everyone, us = list(PANEL_METHODS), list(PANEL_METHODS)[:1]
    peer = list(PANEL_METHODS)[1]
    rows = panel(bench, "published pool (200, 20)", panels.published(200, 20), [us[0], peer])[0]
    rows += panel(bench, "published pool (2000, 200)", panels.published(2_000, 200), [us[0], peer])[0]
    firms, finished = 200, True
    while finished and firms <= most:
        made, failed = panel(bench, f"{firms:,} firms", panels.trades(firms), everyone)
        rows += made
        finished = peer not in failed
        firms *= 2
    rows += panel(
        bench,
        "90,000 firms",
        panels.trades(90_000),
        [us[0], "min-cost flow, random costs", "ORDER BY RANDOM in each tier"],
    )[0]
    return rows


def county(bench: Bench) -> list[str]:
    """The demo county's year of firm visits: the product against every task drawing for itself."""
    from inspection.demo.county import CountySize, write_county

    registers, out = bench.folder / "registers", bench.folder / "county.npz"
    write_county(registers, CountySize())
    rows = []
    for method, words in {
        "us: merged quotas, fair rounding, hash": ("ours", str(registers), str(out)),
        "ORDER BY RANDOM, task by task": ("sql", str(out)),
    }.items():
        ran = bench.run(sys.executable, "county_firms.py", *words)
        if ran.failed:
            rows.append(f"| {method} | {ran.failed} | | {ran.megabytes:.0f} | | | | | |")
            continue
        figures = json.loads(ran.output.strip().splitlines()[-1])
        bound = f" (bound {figures['bound']:,})" if "bound" in figures else ""
        tiers = "; ".join(f"{mean:.3f} ({low:.3f}–{high:.3f})" for mean, low, high in figures["tiers"])
        rows.append(
            f"| {method} | {figures['seconds']:.2f} | {figures['cpu']:.2f} | {ran.megabytes:.0f} "
            f"| {figures['visits']:,}{bound} of {figures['checks']:,} checks | {figures['firms']:,} "
            f"| {100 * figures['covered']:.2f} % | {figures['twice']:,} | {tiers} |"
        )
    return rows


def report(bench: Bench, most: int) -> str:
    from benchmarks.inspectors import county as agencies_of
    from benchmarks.run import machine

    began = time.perf_counter()
    agencies = agencies_of(0)
    whole, single = bench.folder / "agencies.npz", bench.folder / "agency.npz"
    write_agencies(whole, agencies)
    write_agencies(single, [agencies[AGENCY]])
    head = "s | CPU s | MB | largest chance of a pair | entropy % | never % | load gap | rules broken in one draw |\n"
    rule = "|---|---|---|---|---|---|---|---|---|\n"
    lines = [
        f"\n## {datetime.now():%Y-%m-%d %H:%M}, {machine()}, limit {bench.limit:.0f} s a process\n",
        "### Inspectors of a county: 20 agencies, 500 people, 6 509 needs\n",
        "| method | " + head + rule + "\n".join(inspectors(bench, whole, 1)) + "\n",
        "### Inspectors of one agency, sampled: 20 people, 255 needs (seconds are those of one draw)\n",
        "| method | " + head + rule + "\n".join(inspectors(bench, single, 500)) + "\n",
        "### Firms as a panel with two sets of quotas (tier totals, seats by trade)\n",
        "| instance | method | s | CPU s | MB | least chance | least chance ÷ weight | most between two alike "
        "| chances by tier, lowest–highest trade | tiers out of order | firms off the quotas |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|\n" + "\n".join(panels_table(bench, most)) + "\n",
        "### Firms of the demo county: 90 000 firms, 250 tasks\n",
        "| method | s | CPU s | MB | visits | firms visited | enterprises covered | visited more than once "
        "| chance by tier, mean (lowest–highest pool) |\n" + rule + "\n".join(county(bench)) + "\n",
        f"Whole run: {time.perf_counter() - began:.0f} s.\n",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default="", help="interpreter of the peers' environment")
    parser.add_argument("--matcher", default="", help="checkout of openreview-matcher, built")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds a process may take")
    parser.add_argument(
        "--most-firms", type=int, default=6_400, help="largest register tried with sortition-algorithms"
    )
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(
            given.python, str(Path(given.matcher).resolve()) if given.matcher else "", Path(folder), given.limit
        )
        text = report(bench, given.most_firms)
    print(text)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
