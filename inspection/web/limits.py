"""Rate limits: so many times within so long, counted in this process alone."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MOST_KNOWN = 20_000
"""Names counted at a time: an attacker with many addresses does not fill the memory."""


@dataclass(slots=True)
class Limit:
    """So many times within a span, by name.

    With several workers each counts what it sees, so the bound is that of all of them together at most; failed
    sign-ins are counted in the trail as well, which all workers share.
    """

    most: int
    span: timedelta
    _times: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seconds_to_wait(self, name: str, now: datetime, *, counts: bool = True) -> int:
        """0 when it may happen now (and then it is counted, unless only asked); else seconds until it may."""
        with self._lock:
            times = self._times.setdefault(name, deque())
            while times and now - times[0] >= self.span:
                times.popleft()
            if len(times) >= self.most:
                return max(1, int((times[0] + self.span - now).total_seconds()))
            if counts:
                times.append(now)
            elif not times:
                del self._times[name]
            self._sweep(now)
            return 0

    def forget(self, name: str) -> None:
        """Nothing was counted under the name."""
        with self._lock:
            self._times.pop(name, None)

    def _sweep(self, now: datetime) -> None:
        if len(self._times) <= MOST_KNOWN:
            return
        for name in [name for name, times in self._times.items() if not times or now - times[-1] >= self.span]:
            del self._times[name]
        while len(self._times) > MOST_KNOWN:
            del self._times[next(iter(self._times))]
