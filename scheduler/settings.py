"""When each job is due: the times that come with us, changed by a file of the workspace."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from importlib import resources
from pathlib import Path
from typing import Any

from inspection.errors import InputError
from scheduler import rhythm
from scheduler.rhythm import EveryMinutes, Named, OnDays, Rhythm

FILE = "schedule.toml"
LONGEST_EVERY = 24 * 60
ONCE_FOR_EACH = frozenset({"month", "year"})
"""Rhythms each of whose occasions is a piece of work of its own; on the others the latest does for all before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTimes:
    """When a job is due; ``is_each`` says that every occasion missed is made up for by itself.

    ``keep`` is how many results are kept, ``to`` the folder they go to, where the job makes files.
    """

    rhythm: Rhythm
    is_each: bool
    keep: int
    to: str


def load_times(folder: Path, is_open: Callable[[date], bool]) -> dict[str, JobTimes]:
    """The times of every job that is not switched off, in the order in which jobs due together are done.

    Args:
        folder: the workspace.
        is_open: whether offices are open on a day.

    Raises:
        InputError: the workspace's file cannot be read, or names a job, key or time nobody knows.
    """
    own = folder / FILE
    text = (resources.files("inspection_data") / FILE).read_text(encoding="utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(text)
    for job, changed in _read(own).items():
        if job not in tables or not isinstance(changed, dict):
            raise InputError("schedule.file.job", path=own, got=job, known=", ".join(tables))
        if "every" in changed or "on" in changed:
            tables[job] = {key: value for key, value in tables[job].items() if key in ("keep", "to", "at")}
        if "every" in changed:
            tables[job].pop("at", None)
        tables[job] |= changed
    return {job: _times(job, table, is_open, own) for job, table in tables.items() if table.get("enabled", True)}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError("schedule.file.unreadable", path=path, reason=error) from None


def _times(job: str, table: Mapping[str, Any], is_open: Callable[[date], bool], path: Path) -> JobTimes:
    def refuse(key: str) -> InputError:
        return InputError("schedule.file.value", path=path, job=job, key=key, got=table.get(key))

    if unknown := table.keys() - {"on", "at", "every", "keep", "to", "enabled"}:
        raise refuse(min(unknown))
    if not isinstance(table.get("enabled", True), bool):
        raise refuse("enabled")
    keep, to = table.get("keep", 1), table.get("to", "")
    if type(keep) is not int or not 1 <= keep <= 10_000:
        raise refuse("keep")
    if not isinstance(to, str):
        raise refuse("to")
    if "every" in table:
        every = table["every"]
        if type(every) is not int or not 1 <= every <= LONGEST_EVERY:
            raise refuse("every")
        return JobTimes(rhythm=EveryMinutes(minutes=every), is_each=False, keep=keep, to=to)
    named = _named(is_open).get(str(table.get("on")))
    if named is None:
        raise refuse("on")
    try:
        at = time.fromisoformat(str(table.get("at")))
    except ValueError:
        raise refuse("at") from None
    # A time with an offset would be another moment than the day's that the occasion is named after.
    if at.tzinfo is not None:
        raise refuse("at")
    return JobTimes(rhythm=OnDays(named=named, at=at), is_each=table["on"] in ONCE_FOR_EACH, keep=keep, to=to)


def _named(is_open: Callable[[date], bool]) -> dict[str, Named]:
    """What ``on`` may say."""
    return {
        "day": rhythm.every_day,
        "workday": rhythm.workdays_only(is_open),
        "month": rhythm.month_after,
        "year": rhythm.year_after,
    }
