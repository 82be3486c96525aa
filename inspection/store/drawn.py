"""What was drawn: combinations, visits, needs, assignments and days, written in bulk and read back as records.

Every function takes the connection of the transaction it belongs to; ``draw`` is always the firm draw of the visits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Connection

from inspection.model import Assignment, Combination, Need, Visit


def add_combinations(connection: Connection, draw: str, combinations: Iterable[Combination]) -> None:
    """The combinations are stored with the draw (it must be open)."""
    raise NotImplementedError


def add_visits(connection: Connection, draw: str, visits: Iterable[Visit]) -> None:
    """The visits are stored, without days; their combinations must be there."""
    raise NotImplementedError


def add_needs(connection: Connection, draw: str, needs: Iterable[Need]) -> None:
    """The needs are stored; their visits must be there."""
    raise NotImplementedError


def add_assignments(connection: Connection, draw: str, assignments: Iterable[Assignment]) -> None:
    """The assignments are stored; their needs must be there."""
    raise NotImplementedError


def set_days(connection: Connection, draw: str, days: Mapping[str, date]) -> None:
    """Each visit named has its day; other visits keep theirs.

    Raises:
        StoreError: a visit named is not of this draw.
    """
    raise NotImplementedError


def combinations(connection: Connection, draw: str) -> tuple[Combination, ...]:
    """The draw's combinations by code."""
    raise NotImplementedError


def visits(connection: Connection, draw: str) -> tuple[Visit, ...]:
    """The draw's visits by code."""
    raise NotImplementedError


def needs(connection: Connection, draw: str) -> tuple[Need, ...]:
    """The draw's needs by visit, agency."""
    raise NotImplementedError


def assignments(connection: Connection, draw: str) -> tuple[Assignment, ...]:
    """The draw's assignments by visit, agency, inspector."""
    raise NotImplementedError


def days(connection: Connection, draw: str) -> dict[str, date]:
    """The day of every visit that has one, by visit."""
    raise NotImplementedError
