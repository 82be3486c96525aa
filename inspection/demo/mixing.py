"""Repeatable numbers from names alone: no clock, no generator, the same on every machine.

A stream is named; its key is the head of the SHA-256 of the name, its values are SplitMix64 of key and index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.object_]
Indices = NDArray[np.int64]

_STEP = np.uint64(0x9E3779B97F4A7C15)


def key(name: str) -> int:
    """The first eight bytes of the SHA-256 of a name, as a whole number below 2^64."""
    return int.from_bytes(hashlib.sha256(f"open-draw/demo/{name}".encode()).digest()[:8], "big")


def uniform(name: str, size: int) -> NDArray[np.float64]:
    """Values in [0, 1), shape (size,), multiples of 2^-53: the i-th depends on the name and i only.

    Source: Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, 2014 (the finaliser).
    """
    with np.errstate(over="ignore"):
        state = np.uint64(key(name)) + (np.arange(size, dtype=np.uint64) + np.uint64(1)) * _STEP
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def below(name: str, size: int, bound: int) -> Indices:
    """Whole numbers in [0, bound), shape (size,)."""
    return (uniform(name, size) * bound).astype(np.int64)


def weighted(name: str, size: int, weights: Sequence[float]) -> Indices:
    """Indices into ``weights``, shape (size,), each as often as its weight says."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found: Indices = np.searchsorted(edges, uniform(name, size) * edges[-1], side="right").astype(np.int64)
    return found


def words(values: Sequence[str]) -> Words:
    """An array of strings that can be indexed by arrays and added element by element."""
    table = np.empty(len(values), dtype=object)
    table[:] = values
    return table


def share_out(total: int, weights: Sequence[float], least: int) -> list[int]:
    """Whole numbers that add up to ``total``, by weight and largest remainder, none below ``least``.

    Raises:
        ValueError: the total does not reach for the least of each.
    """
    if total < least * len(weights):
        raise ValueError(f"{total} does not reach for {len(weights)} parts of at least {least}")
    exact = _floored(total, weights, least)
    parts = [int(value) for value in exact]
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def _floored(total: int, weights: Sequence[float], least: int) -> list[float]:
    """Proportional parts after those too small were raised to ``least``, again and again until none is."""
    raised: set[int] = set()
    while True:
        rest = total - least * len(raised)
        whole = sum(weight for index, weight in enumerate(weights) if index not in raised)
        parts = [least if index in raised else rest * weight / whole for index, weight in enumerate(weights)]
        small = {index for index, part in enumerate(parts) if part < least}
        if not small:
            return parts
        raised |= small


def pick(name: str, values: Sequence[Any]) -> Any:
    """One value of a sequence, by the name."""
    return values[key(name) % len(values)]
