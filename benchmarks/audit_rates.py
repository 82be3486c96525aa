"""False alarms and power of the audit: ``python -m benchmarks.audit_rates [--histories N] [case …]``.

Each case is examined so many times under new seeds; printed as the table of benchmarks/RESULTS.md. An alarm is what the
command calls one (Holm, all families together, 1 %); then how often one came from a
family that names the fraud planted, and how often that family had at least something worth a look.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import audit_histories as made
from inspection.history.examine import Asked, examine
from inspection.history.records import History

REPLAYS = 12
"""Of each inspector draw: about what the command takes of a real county; of so small a one it would take 400."""


@dataclass(frozen=True)
class Case:
    """What is made, and which families name the fraud."""

    name: str
    make: Callable[[np.random.Generator], History]
    naming: tuple[str, ...] = ()


def honest_seats(past: made.PastSeats, random: np.random.Generator) -> made.PastSeats:
    del random
    return past


def cases() -> list[Case]:
    """Honest histories first."""
    years, dealt = partial(made.history, made.Size()), made.dealt
    street, voids = ("town", "town_mix"), ("rate", "person")
    load, meets = ("load", "agency_mix"), ("inspector_town", "inspector_firm", "pair")

    def draws(name: str, fraud: made.DrawFraud, naming: tuple[str, ...]) -> Case:
        # Their seats are those of a list, which are quick to replay.
        return Case(name, partial(years, draw=fraud, seat=dealt(honest_seats)), naming)

    def seats(name: str, fraud: made.SeatFraud, naming: tuple[str, ...]) -> Case:
        return Case(name, partial(years, seat=fraud), naming)

    every = partial(years, draw=made.stride, seat=dealt(honest_seats))
    return [
        Case("honest bundles", years),
        seats("honest lists", dealt(honest_seats), ()),
        draws("street: 8 of 10 of its firms exchanged", made.protecting(0.8), street),
        draws("street: 1 of 2 of its firms exchanged", made.protecting(0.5), street),
        draws("redrawn until the street has half its share, logged", made.redrawing(40, True), voids),
        draws("redrawn until the street has half its share, hidden", made.redrawing(40, False), street),
        draws("redrawn at most twice a year, logged", made.redrawing(3, True), voids),
        Case("every 10th firm (list)", every, ("period", "gap_repeats", "gap_spread")),
        seats("favourite takes 3 of 10 more seats (list)", dealt(made.overloading(0.3)), load),
        seats("favourite takes 1 of 10 more seats (list)", dealt(made.overloading(0.1)), load),
        seats("favourite takes 1 of 10 more seats (bundle)", made.overloading(0.1), load),
        seats("favourite gets the street, loads kept (bundle)", made.favouring(0.9), meets),
        seats("favourite gets the street, loads kept (list)", dealt(made.favouring(0.9)), meets[:1]),
        seats("two friends sit together 1 time in 2 (list)", dealt(made.coupling(0.5)), meets[2:]),
    ]


def examined(place: int, seed: int) -> tuple[bool, bool, bool]:
    """Of one case and seed: was there an alarm, does one name the fraud, is that worth a look at least.

    Of an honest history any family is taken to name it in the third.
    """
    case = cases()[place]
    audit = examine(case.make(np.random.default_rng([place, seed])), Asked(replays=REPLAYS, seed=seed))
    alarms, noted = {one.family for one in audit.alarms}, {one.family for one in audit.notable}
    naming = set(case.naming) or alarms | noted
    return bool(alarms), bool(alarms & naming), bool((alarms | noted) & naming)


def main(seeds: range, processes: int, wanted: list[str]) -> None:
    """Every case, or those whose name holds a wanted word, in the histories of these seeds."""
    heads = ("case", "histories", "alarm", "95 % interval", "names the fraud", "or worth a look")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    with ProcessPoolExecutor(processes) as pool:
        for place, case in enumerate(cases()):
            if wanted and not any(word in case.name for word in wanted):
                continue
            begin, n = time.perf_counter(), len(seeds)
            found = list(pool.map(partial(examined, place), seeds, chunksize=10))
            alarms, named, noted = (sum(column) for column in zip(*found, strict=True))
            low, high = interval(alarms, n)
            naming = f"{named / n:.1%}" if case.naming else "–"
            shares = (f"{alarms / n:.1%}", f"{low:.1%}–{high:.1%}", naming, f"{noted / n:.1%}")
            print(f"| {case.name} | {n} | {' | '.join(shares)} |", flush=True)
            print(f"{case.name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)


def interval(seen: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z, share = 1.96, seen / n
    middle, width = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, (middle - width) / (1 + z * z / n)), min(1.0, (middle + width) / (1 + z * z / n))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="words of the cases wanted; all when left out")
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0, help="histories not looked at before have new seeds")
    asked = parser.parse_args()
    main(range(asked.first_seed, asked.first_seed + asked.histories), asked.processes, asked.cases)
