"""Commitments of single parties, kept until those of all are handed in together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from inspection.errors import StoreError
from inspection.store.pledge_tables import pledges as table


def keep_pledge(connection: Connection, draw: str, party: str, commitment: str, at: datetime) -> None:
    """The party's commitment to the draw is kept; the same again changes nothing.

    Raises:
        StoreError: another commitment of the party is kept already.
    """
    kept = connection.scalar(select(table.c.commitment).filter_by(draw=draw, party=party))
    if kept is None:
        connection.execute(insert(table), {"draw": draw, "party": party, "commitment": commitment, "at": at})
    elif kept != commitment:
        raise StoreError("store.pledge.kept", draw=draw, party=party)


def pledged(connection: Connection, draw: str) -> Mapping[str, str]:
    """Party → commitment, as far as they were brought."""
    query = select(table.c.party, table.c.commitment).filter_by(draw=draw).order_by(table.c.party)
    return {row.party: row.commitment for row in connection.execute(query)}


def drop_pledge(connection: Connection, draw: str, party: str) -> None:
    """The party may bring another commitment."""
    connection.execute(delete(table).filter_by(draw=draw, party=party))
