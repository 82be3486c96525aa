"""What run.py and the peers hand each other: instances and results as .npz files. Needs numpy alone."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Agency:
    """Needs and inspectors of one agency; fields as in solver.chances.ChanceProblem."""

    month: Array
    officers: Array
    qualified: Array
    group: Array
    eligible: Array
    holder: Array
    capacity: Array

    @property
    def may_go(self) -> Array:
        """Whether an inspector may serve a need and is there in its month, (n_needs, n_inspectors)."""
        return self.eligible[self.group] & (self.capacity[:, self.month] > 0).T

    @property
    def qualifies(self) -> Array:
        """Whether an inspector holds what a need asks for, (n_needs, n_inspectors)."""
        return self.may_go & self.holder[self.group] & (self.qualified > 0)[:, None]


FIELDS = tuple(Agency.__dataclass_fields__)


def write_agencies(path: Path, agencies: list[Any]) -> None:
    np.savez(path, **{f"{i}_{name}": getattr(a, name) for i, a in enumerate(agencies) for name in FIELDS})


def read_agencies(path: Path) -> list[Agency]:
    kept = np.load(path)
    count = len(kept.files) // len(FIELDS)
    return [Agency(**{name: kept[f"{i}_{name}"] for name in FIELDS}) for i in range(count)]


@dataclass(frozen=True)
class Asked:
    """The command line of a peer."""

    instance: Path
    result: Path
    draws: int
    limit: float

    def seeds(self) -> Iterator[int]:
        """Numbers of draws, from 0, until there are enough or four fifths of the limit are used."""
        begun = time.perf_counter()
        for seed in range(self.draws):
            yield seed
            if time.perf_counter() - begun > 0.8 * self.limit:
                return


def asked() -> Asked:
    parser = argparse.ArgumentParser()
    parser.add_argument("instance", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--matcher", default="")
    given, _ = parser.parse_known_args()
    return Asked(given.instance, given.result, given.draws, given.limit)


@dataclass(frozen=True)
class Spent:
    """Seconds on the wall and of the processors."""

    wall: float
    cpu: float


class Clock:
    """Runs from its making."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        return Spent(time.perf_counter() - self.wall, time.process_time() - self.cpu)


Draw = Callable[[int], list[Array]]
"""Number of the draw → by agency, who serves which need: (n_needs, n_inspectors), 0 or 1."""


def answer(given: Asked, draw: Draw, *, prepared: Spent | None = None, chance: list[Array] | None = None) -> None:
    """Draws as often as asked; what was counted, one draw and, where the peer states them, the chances are written.

    Args:
        given: the command line.
        draw: one draw.
        prepared: what was spent once, before the first draw.
        chance: stated chances by agency, (n_needs, n_inspectors).
    """
    prepared = prepared or Spent(0.0, 0.0)
    counts: list[Array] = []
    drawn, first = 0, Spent(0.0, 0.0)
    one: list[Array] = []
    for seed in given.seeds():
        clock = Clock()
        one = draw(seed)
        first = first if drawn else clock.spent()
        counts = [a + b for a, b in zip(counts, one, strict=True)] if counts else [a.astype(np.int64) for a in one]
        drawn += 1
    stated = {f"chance_{i}": table for i, table in enumerate(chance or [])}
    sampled = {f"count_{i}": table for i, table in enumerate(counts)}
    single = {f"one_{i}": table for i, table in enumerate(one)}
    spent = {"seconds": prepared.wall + first.wall, "cpu": prepared.cpu + first.cpu}
    np.savez(given.result, **spent, draws=drawn, **stated, **sampled, **single)
