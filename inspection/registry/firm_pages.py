"""Firms of a snapshot in pages by code: no page costs more than the first, however far down it is."""

from __future__ import annotations

from pathlib import Path

from inspection.registry.firm_search import COLUMNS, RegisteredFirm, database
from inspection.registry.source import quoted


def page_of_firms(firms: Path, text: str, after: str, most: int) -> tuple[RegisteredFirm, ...]:
    """Firms whose name or code holds the text, by code, those after the code ``after``, at most so many.

    The file is sorted by code, so that only the parts of it that may hold such firms are read.
    """
    conditions, values = ["firm > ?"], [after]
    if text:
        conditions.append("(contains(name, ?) OR contains(firm, upper(?)))")
        values += [text, text]
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM read_parquet({quoted(str(firms))}) "
        f"WHERE {' AND '.join(conditions)} ORDER BY firm LIMIT {most}"
    )
    with database() as connection:
        rows = connection.execute(query, values).fetchall()
    return tuple(RegisteredFirm(**dict(zip(COLUMNS, row, strict=True))) for row in rows)
