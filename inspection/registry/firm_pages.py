"""Firms of a snapshot in pages by code: no page costs more than the first, however far down it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from inspection.registry.firm_search import COLUMNS, RegisteredFirm, database
from inspection.registry.source import quoted

NOTHING: Mapping[str, str] = MappingProxyType({})


def page_of_firms(
    firms: Path, text: str, after: str, most: int, where: Mapping[str, str] = NOTHING
) -> tuple[RegisteredFirm, ...]:
    """Firms whose name or code holds the text, by code, those after the code ``after``, at most so many.

    The file is sorted by code, so that only the parts of it that may hold such firms are read.

    Args:
        where: values that columns of ``COLUMNS`` must have.
    """
    conditions, values = ["firm > ?"], [after]
    for column in COLUMNS:
        if column in where:
            conditions.append(f"{column} = ?")
            values.append(where[column])
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
