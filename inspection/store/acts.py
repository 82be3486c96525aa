"""Numbers of inspection acts: the parent key of what is reported of an inspection and its sequel (DOMAIN 6.2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from inspection.store.outbox_tables import acts as table

DIGITS = 6
"""Of the serial within a division and year."""


def act_number(connection: Connection, part: tuple[str, str, str], division: str, now: datetime) -> str:
    """The number of the inspection one agency makes at one visit: given once, never changed, never used again.

    Division, year of allocation, and a serial: 3708282027000001. To be called in a writing transaction of the store,
    which has one writer at a time.

    Args:
        part: draw, visit and agency, of an agency that owes the visit officers.
    """
    draw, visit, agency = part
    known = connection.scalar(select(table.c.act).filter_by(draw=draw, visit=visit, agency=agency))
    if known is not None:
        return str(known)
    prefix = f"{division}{now.year}"
    last = connection.scalar(select(func.max(table.c.act)).where(table.c.act.startswith(prefix, autoescape=True)))
    serial = int(last[len(prefix) :]) + 1 if last is not None else 1
    act = f"{prefix}{serial:0{DIGITS}}"
    row = {"act": act, "draw": draw, "visit": visit, "agency": agency, "allocated_at": now}
    connection.execute(insert(table), row)
    return act
