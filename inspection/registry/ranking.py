"""Hash and cut of a firm draw in DuckDB: the lowest tickets of each pool, in constant memory (PROTOCOL 6.2).

The plain form is ``draw.firms.first_of``; both give the same firms in the same order.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.draw.canonical import Digest
from inspection.draw.firms import FirstFirms, first_of
from inspection.draw.ticket import Tickets

if TYPE_CHECKING:
    import duckdb

SLACK = 1.25
"""Firms hashed below the cut, over those needed on average; a pool that comes out short is ranked again in full."""

SPARE = 40
"""Firms allowed beyond that, so that small pools hardly ever come out short."""


def ranking_of(source: Path) -> FirstFirms:
    """The ranking of a firms table as the port that ``draw_firms`` takes."""
    return lambda tickets, take: rank_firms(source, tickets.seed, take, tickets.algorithm)


def rank_firms(
    source: Path, seed: str, take: Mapping[str, int], algorithm: Digest = "sha256"
) -> dict[str, list[tuple[str, str]]]:
    """The firms with the lowest tickets of each pool.

    1. Count the pools. A ticket is uniform, so the k lowest of N lie below (k / N) · 2^256, give or take.
    2. Hash every firm, keep those below a somewhat higher bar of their pool, and sort these few.
    3. Pools that came out short, by chance, are ranked again without a bar.

    Args:
        source: firms.csv or a .parquet with the columns firm, pool, town.
        seed: 64 hex digits.
        take: pool → how many firms; pools not named, or with 0, are left out.
        algorithm: ``sm3`` takes the plain form, as DuckDB has no SM3.

    Returns:
        pool → (firm, town) in ticket order, ties by firm; fewer than asked when the pool is smaller.
    """
    wanted = {pool: count for pool, count in take.items() if count}
    if not wanted:
        return {}
    if algorithm != "sha256":
        with _connect() as connection:
            plain = first_of(_rows(connection, source))(Tickets(seed, algorithm), wanted)
            return {pool: list(members) for pool, members in plain.items()}
    with _connect() as connection:
        sizes = _pool_sizes(connection, source)
        cuts = [(pool, count, _bar(count, sizes.get(pool, 0))) for pool, count in wanted.items()]
        ranked = _lowest(connection, source, seed, cuts)
        short = [pool for pool, count in wanted.items() if len(ranked[pool]) < min(count, sizes.get(pool, 0))]
        if short:
            ranked |= _lowest(connection, source, seed, [(pool, wanted[pool], _OPEN) for pool in short])
    return ranked


_OPEN = "g"
"""Above every hex digit."""


def _bar(count: int, size: int) -> str:
    """The first 16 hex digits below which about ``count`` · SLACK + SPARE of ``size`` tickets lie."""
    allowed = int(count * SLACK) + SPARE
    return _OPEN if allowed >= size else f"{(allowed << 64) // size:016x}"


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(config={"preserve_insertion_order": False})
    # The size of a CSV is not known to DuckDB: left to itself it hashes the register, not the few bars (2.7 GB).
    connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    return connection


def _table(source: Path) -> str:
    """The DuckDB expression that reads the source; tables of a bundle have no quotes and only text."""
    name = str(source).replace("'", "''")
    if source.suffix == ".parquet":
        return f"read_parquet('{name}')"
    plain = "header=true, delim=',', quote='', escape='', auto_detect=false"
    return f"read_csv('{name}', {plain}, {_columns(source)})"


def _columns(source: Path) -> str:
    with source.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file), [])
    return "columns={" + ", ".join("'" + name.replace("'", "''") + "': 'VARCHAR'" for name in header) + "}"


def _pool_sizes(connection: duckdb.DuckDBPyConnection, source: Path) -> dict[str, int]:
    return dict(connection.execute(f"SELECT pool, count(*) FROM {_table(source)} GROUP BY pool").fetchall())


def _lowest(
    connection: duckdb.DuckDBPyConnection, source: Path, seed: str, cuts: Sequence[tuple[str, int, str]]
) -> dict[str, list[tuple[str, str]]]:
    """The lowest tickets of each pool below its bar, in ticket order, from (pool, how many, bar)."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE cuts AS SELECT unnest($1) AS pool, unnest($2) AS lowest, unnest($3) AS bar",
        [list(column) for column in zip(*cuts, strict=True)],
    )
    found = connection.execute(
        f"""
        SELECT pool, firm, town
        FROM (SELECT pool, firm, town, lowest, bar, sha256(? || firm) AS ticket
              FROM {_table(source)} JOIN cuts USING (pool))
        WHERE ticket < bar
        QUALIFY row_number() OVER (PARTITION BY pool ORDER BY ticket, firm) <= lowest
        ORDER BY pool, ticket, firm
        """,
        [f"{seed}/firm/"],
    )
    ranked: dict[str, list[tuple[str, str]]] = {pool: [] for pool, _, _ in cuts}
    towns: dict[str, str] = {}
    while rows := found.fetchmany(20_000):
        for pool, firm, town in rows:
            ranked[pool].append((firm, towns.setdefault(town, town)))
    return ranked


def _rows(connection: duckdb.DuckDBPyConnection, source: Path) -> Iterator[tuple[str, str, str]]:
    found = connection.execute(f"SELECT firm, pool, town FROM {_table(source)}")
    while rows := found.fetchmany(50_000):
        yield from rows
