"""Seconds and peak memory of hashing, ranking and cutting a register: ``python benchmarks/firm_draw.py [firms …]``."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHARE = 20
"""One firm in so many is drawn."""

FIRMS_PER_POOL = 4_000


def write_register(path: Path, firms: int) -> None:
    """A made-up register of three columns, sorted by firm."""
    import duckdb

    pools = max(1, firms // FIRMS_PER_POOL)
    duckdb.sql(
        f"""COPY (SELECT printf('9137%014d', i) AS firm, 'P' || (i * 7919 % {pools}) AS pool,
                         'town-' || (i * 104729 % {pools * 3}) AS town
                  FROM range({firms}) AS t(i)) TO '{path}' (FORMAT '{path.suffix[1:]}')"""
    )


def measure(path: Path, firms: int) -> None:
    """Prints one line; runs in a process of its own, so that the peak is the ranking's."""
    from inspection.registry.ranking import rank_firms

    pools = max(1, firms // FIRMS_PER_POOL)
    take = {f"P{i}": firms // pools // SHARE for i in range(pools)}
    begin = time.perf_counter()
    ranked = rank_firms(path, "ab" * 32, take)
    seconds = time.perf_counter() - begin
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    peak = usage.ru_maxrss / 1024
    drawn = sum(len(members) for members in ranked.values())
    print(
        f"{path.suffix[1:]:8}{firms:>12,} firms {drawn:>10,} drawn {seconds:8.2f} s {cpu:8.2f} CPU s {peak:8.0f} MB",
        flush=True,
    )


def main() -> None:
    for firms in [int(text) for text in sys.argv[1:]] or [90_000, 1_000_000, 14_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            for suffix in (".parquet", ".csv"):
                path = Path(folder) / f"firms{suffix}"
                for step in ("--write", "--measure"):
                    subprocess.run([sys.executable, __file__, step, str(path), str(firms)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write_register(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
