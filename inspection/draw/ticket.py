"""Tickets: the number a seed gives to a name in a stream (PROTOCOL 4).

Whoever knows the seed can compute anyone's ticket; before it exists nobody can. Firms are drawn by lowest ticket, as
if each had been dealt a number from a well-shuffled pack of 2^256.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inspection.draw.canonical import Digest, hasher
from inspection.draw.refusal import DrawRefusal


@dataclass(frozen=True, slots=True)
class Tickets:
    """All tickets of one draw.

    >>> tickets = Tickets("0" * 64, "sha256")
    >>> tickets.ticket("firm", "91370828MA30000006")
    '7271d52c492395aa666574f93c0dcec807c1d43240a8b8fc3610da5ded877835'
    >>> tickets.coin(0, 6), tickets.coin(1, 6), tickets.coin(2, 6)
    (3, 2, 5)
    >>> tickets.order("firm", ["ann", "bob", "cy"])
    ['bob', 'cy', 'ann']
    """

    seed: str
    algorithm: Digest

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.seed):
            raise DrawRefusal("draw.seed", seed=self.seed[:80])
        hasher(self.algorithm)

    def ticket(self, stream: str, name: str) -> str:
        """D("<seed>/<stream>/<name>"), 64 hex digits."""
        return hasher(self.algorithm)(f"{self.seed}/{stream}/{name}".encode()).hexdigest()

    def position(self, stream: str, name: str, n: int) -> int:
        """A position 0 … n − 1, each as likely: the ticket as a fraction of 2^256, times n, rounded down."""
        return int(self.ticket(stream, name), 16) * n >> 256

    def coin(self, i: int, n: int) -> int:
        """The i-th number 0 … n − 1 of the rounding, each as likely."""
        return self.position("round", str(i), n)

    def coins(self) -> Callable[[int, int], int]:
        """``coin`` with the parts that stay the same prepared once, for the inner loop of the rounding."""
        make, prefix = hasher(self.algorithm), f"{self.seed}/round/".encode()

        def coin(i: int, n: int) -> int:
            return int.from_bytes(make(prefix + str(i).encode()).digest(), "big") * n >> 256

        return coin

    def keys(self, stream: str) -> Callable[[str], tuple[str, str]]:
        """The sort key of a stream: a name's ticket, then the name itself for ties."""
        make, prefix = hasher(self.algorithm), f"{self.seed}/{stream}/".encode()
        return lambda name: (make(prefix + name.encode()).hexdigest(), name)

    def order(self, stream: str, names: Iterable[str]) -> list[str]:
        """The names by ticket, lowest first, ties by name."""
        return sorted(names, key=self.keys(stream))
