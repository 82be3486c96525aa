"""The ways in which a receiver can be told to fail, for tests and trials."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Literal, get_args

Fault = Literal["error", "busy", "silent", "lost", "garbled", "slow", "partial"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
"""500; 503 with Retry-After; no answer and nothing stored; stored, but the answer is lost; stored, but the answer is
garbage; stored, answered late; half of the records put off."""


class Faults:
    """Chooses how each request fails, if at all."""

    def __init__(
        self, share: float, kinds: Sequence[Fault] = FAULTS, *, seed: int | None = None, hold: float = 3
    ) -> None:
        self.share, self.kinds, self.hold = share, tuple(kinds), hold
        self.counts: dict[str, int] = {}
        self._random, self._lock = random.Random(seed), threading.Lock()

    def choose(self) -> Fault | None:
        """How the next request fails; None when it does not."""
        with self._lock:
            fault = self._random.choice(self.kinds) if self._random.random() < self.share else None
            name = fault or "none"
            self.counts[name] = self.counts.get(name, 0) + 1
            return fault
