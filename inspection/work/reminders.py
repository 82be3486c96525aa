"""Reminders: what each agency owes the public soon or is late with, once a day, announced and written down."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from inspection.errors import Language, message
from inspection.office import Office
from inspection.publish.log_tiles import replace_file
from inspection.steps.line import Line
from inspection.store.outbox import announce
from inspection.store.outbox_tables import outbox
from inspection.work.work_steps import DueRow, due_list

URGENT = ("overdue", "soon")
"""What people are reminded of, the worst first."""


def remind(office: Office, day: str, now: datetime, folder: Path, language: Language = "zh") -> int:
    """Each agency with something soon due or overdue has its notice of the day; returns how many have one.

    A notice is announced once (kind ``reminder``) with the lists as they were then, and written to
    ``folder/<day>/<agency>.txt``; asked again for the day, it is neither announced nor written anew.
    """
    line = office.line()
    owed: dict[str, list[DueRow]] = defaultdict(list)
    for row in due_list(office, None, now):
        if row.urgency in URGENT:
            owed[row.owed.key.agency].append(row)
    names = {code: agency.name for code, agency in line.given.agencies.items()}
    for agency, rows in sorted(owed.items()):
        notice = _announced_once(line, _notice(line, agency, names.get(agency, agency), day, rows), now)
        path = folder / day / f"{agency}.txt"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, "\n".join(notice_lines(notice, language)).encode() + b"\n")
    return len(owed)


def notice_lines(notice: Mapping[str, Any], language: Language) -> Iterable[str]:
    """A notice as people read it."""
    yield message("reminder.head", language, **{name: notice[name] for name in ("agency_name", "plan", "day")})
    for urgency in URGENT:
        rows = [row for row in notice["rows"] if row["urgency"] == urgency]
        yield ""
        yield message(f"reminder.{urgency}", language, count=len(rows))
        for row in rows:
            kind = message(f"reminder.{row['kind']}", language)
            yield message("reminder.row", language, **{**row, "kind": kind})


def _notice(line: Line, agency: str, name: str, day: str, rows: Sequence[DueRow]) -> dict[str, Any]:
    return {
        "plan": line.name,
        "agency": agency,
        "agency_name": name,
        "day": day,
        "soon": sum(row.urgency == "soon" for row in rows),
        "overdue": sum(row.urgency == "overdue" for row in rows),
        "rows": [
            {
                "urgency": row.urgency,
                "kind": row.owed.kind,
                "label": row.label,
                "document": row.document,
                "since": row.owed.since.isoformat(),
                "due": row.owed.due.isoformat(),
                "late": max(0, (date.fromisoformat(day) - row.owed.due).days),
            }
            for row in rows
        ],
    }


def _announced_once(line: Line, notice: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The agency's notice of the day as it was announced, now or before."""
    record = f"{line.name}/reminder/{notice['agency']}/{notice['day']}"
    key = f"{record}/0"
    with line.workspace.store.writing() as connection:
        if (kept := connection.scalar(select(outbox.c.payload).filter_by(key=key))) is not None:
            return dict(json.loads(kept))
        announce(
            connection, key=key, record=record, kind="reminder", action="i", payload=notice, not_before=now, now=now
        )
    return notice
