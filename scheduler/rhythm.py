"""Rhythms: the occasions on which a job is due, each with a name that is the same on every machine.

Times are official time (UTC+8, no summer time). An occasion is known by its name, never by when it was noticed, so a
clock that is set back or a machine that slept names the same occasions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from inspection.office import CHINA

LONGEST_SEARCH = 800
"""Days looked ahead or back for an occasion: more than two years, so that a yearly one is always found."""

Named = Callable[[date], str | None]
"""The name of the occasion that falls on a day; None when none does."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Occasion:
    """A time a job is due, and what the occasion is called: a year, a month, a day or a minute."""

    due_at: datetime
    name: str


class Rhythm(Protocol):
    """When a job is due."""

    def between(self, after: datetime, until: datetime) -> Iterator[Occasion]:
        """Occasions later than ``after``, up to and with ``until``, in order."""

    def count(self, after: datetime, until: datetime) -> int:
        """How many there are between."""

    def last(self, until: datetime) -> Occasion | None:
        """The latest one up to and with ``until``."""

    def next(self, after: datetime) -> Occasion | None:
        """The first one later than ``after``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDays:
    """At a time of the days that have a name."""

    named: Named
    at: time

    def between(self, after: datetime, until: datetime) -> Iterator[Occasion]:
        """As ``Rhythm``."""
        day, last = after.astimezone(CHINA).date(), until.astimezone(CHINA).date()
        while day <= last:
            occasion = self._on(day)
            if occasion is not None and after < occasion.due_at <= until:
                yield occasion
            day += timedelta(days=1)

    def count(self, after: datetime, until: datetime) -> int:
        """As ``Rhythm``."""
        return sum(1 for _ in self.between(after, until))

    def last(self, until: datetime) -> Occasion | None:
        """As ``Rhythm``."""
        return self._search(until.astimezone(CHINA).date(), -1, lambda found: found.due_at <= until)

    def next(self, after: datetime) -> Occasion | None:
        """As ``Rhythm``."""
        return self._search(after.astimezone(CHINA).date(), 1, lambda found: found.due_at > after)

    def _search(self, day: date, step: int, fits: Callable[[Occasion], bool]) -> Occasion | None:
        for _ in range(LONGEST_SEARCH):
            occasion = self._on(day)
            if occasion is not None and fits(occasion):
                return occasion
            day += timedelta(days=step)
        return None

    def _on(self, day: date) -> Occasion | None:
        name = self.named(day)
        return None if name is None else Occasion(due_at=datetime.combine(day, self.at, CHINA), name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryMinutes:
    """Each so many minutes, counted from midnight of 1970-01-01 official time."""

    minutes: int

    def between(self, after: datetime, until: datetime) -> Iterator[Occasion]:
        """As ``Rhythm``."""
        return map(self._numbered, range(self._number(after) + 1, self._number(until) + 1))

    def count(self, after: datetime, until: datetime) -> int:
        """As ``Rhythm``."""
        return max(0, self._number(until) - self._number(after))

    def last(self, until: datetime) -> Occasion | None:
        """As ``Rhythm``."""
        return self._numbered(self._number(until))

    def next(self, after: datetime) -> Occasion | None:
        """As ``Rhythm``."""
        return self._numbered(self._number(after) + 1)

    def _number(self, moment: datetime) -> int:
        return (moment - EPOCH) // timedelta(minutes=self.minutes)

    def _numbered(self, number: int) -> Occasion:
        due = EPOCH + number * timedelta(minutes=self.minutes)
        return Occasion(due_at=due, name=f"{due:%Y-%m-%dT%H:%M}")


EPOCH = datetime(1970, 1, 1, tzinfo=CHINA)


def every_day(day: date) -> str:
    """Every day is an occasion."""
    return day.isoformat()


def workdays_only(is_open: Callable[[date], bool]) -> Named:
    """Days on which offices are open."""
    return lambda day: day.isoformat() if is_open(day) else None


def month_after(day: date) -> str | None:
    """The first of a month stands for the month before, which is over."""
    return f"{day - timedelta(days=1):%Y-%m}" if day.day == 1 else None


def year_after(day: date) -> str | None:
    """New Year's Day stands for the year before, which is over."""
    return str(day.year - 1) if (day.month, day.day) == (1, 1) else None
