"""The frame at the size of the register: profiles counted, firms.csv written, drawn firms looked up (DuckDB)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from inspection.registry.source import quoted
from inspection.rules.frame import Profile

MEMORY = "400MB"
"""What DuckDB may hold before it spills to the temporary folder."""

TOWN_MARKS = '[,"\\s:]'
"""Characters no field of a table may hold (PROTOCOL 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastVisits:
    """What a firm has behind it this year: how often it was visited, and agencies that reached their cap there."""

    visits: int
    barred: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFirm:
    """What people read about a drawn firm."""

    firm: str
    name: str
    address: str
    town: str
    pool: str
    tier: str
    kind: str


class FrameTables:
    """A snapshot's live firms grouped into profiles; the same grouping then writes firms.csv."""

    def __init__(
        self, firms: Path, cutoffs: Sequence[date], history: Mapping[str, PastVisits], *, cluster_towns: bool = True
    ) -> None:
        self._firms = firms
        self._cutoffs = cutoffs
        self._history = history
        self._town = f"regexp_replace(town, {quoted(TOWN_MARKS)}, '', 'g')" if cluster_towns else "'-'"

    @contextmanager
    def opened(self) -> Iterator[OpenFrame]:
        """The frame in a database of its own, which is gone afterwards."""
        with _scratch_database() as (connection, folder):
            self._group(connection, folder)
            yield OpenFrame(connection, folder, self._town)

    def _group(self, connection: Any, folder: Path) -> None:
        """Tables ``live`` (firm → profile number) and ``profiles``, numbered in order of their attributes."""
        history = folder / "history.csv"
        _write_rows(history, ("firm,visits,barred", *_history_lines(self._history)))
        since = " ".join(
            f"WHEN established > DATE '{cut}' THEN DATE '{cut + timedelta(days=1)}'" for cut in reversed(self._cutoffs)
        )
        established = f"CASE {since} END" if since else "NULL::DATE"
        connection.execute(
            f"""
            CREATE VIEW live AS
            SELECT f.firm, f.town, f.tier, f.region, f.kind, f.industry, f.tags, {established} AS established,
                   coalesce(h.barred, '') AS barred, coalesce(h.visits, 0) AS visits
            FROM read_parquet({quoted(str(self._firms))}) AS f
            LEFT JOIN read_csv({quoted(str(history))}, header = true, delim = ',', quote = '', auto_detect = false,
                 columns = {{'firm': 'VARCHAR', 'visits': 'INTEGER', 'barred': 'VARCHAR'}}) AS h ON h.firm = f.firm
            WHERE f.status = 'live'
            """
        )
        connection.execute(
            """
            CREATE TABLE profiles AS
            SELECT row_number() OVER (ORDER BY tier, region, kind, industry, tags, established, barred, visits) - 1
                   AS profile, *
            FROM (SELECT tier, region, kind, industry, tags, established, barred, visits, count(*) AS size
                  FROM live GROUP BY ALL)
            """
        )


class OpenFrame:
    """The grouped register while its database is open."""

    def __init__(self, connection: Any, folder: Path, town: str) -> None:
        self._connection = connection
        self._folder = folder
        self._town = town

    def profiles(self) -> list[Profile]:
        """All profiles of live firms, by number."""
        rows = self._connection.execute(
            "SELECT tier, region, kind, industry, tags, established, barred, visits, size"
            " FROM profiles ORDER BY profile"
        ).fetchall()
        names = ("tier", "region", "kind", "industry", "tags", "established", "barred", "visits", "size")
        return [Profile(**dict(zip(names, row, strict=True))) for row in rows]

    def write_firms(self, target: Path, pools: Sequence[str], salt_key: bytes) -> None:
        """firms.csv (PROTOCOL 3) in order of firm; ``pools`` names the pool of each profile.

        A row's salt is the start of SHA-256(salt key ‖ table ‖ firm): nobody without the key can guess it, and a
        process that is started again writes the same bytes.
        """
        numbered = self._folder / "pools.csv"
        _write_rows(numbered, ("profile,pool", *(f"{number},{pool}" for number, pool in enumerate(pools))))
        self._connection.execute(
            f"""
            COPY (
                SELECT l.firm AS firm, p.pool AS pool, {self._town} AS town,
                       substr(sha256({quoted(salt_key.hex() + "/firms.csv/")} || l.firm), 1, 32) AS salt
                FROM live AS l
                JOIN profiles AS g ON g.tier = l.tier AND g.region = l.region AND g.kind = l.kind
                     AND g.industry = l.industry AND g.tags = l.tags AND g.barred = l.barred AND g.visits = l.visits
                     AND g.established IS NOT DISTINCT FROM l.established
                JOIN read_csv({quoted(str(numbered))}, header = true, auto_detect = false, delim = ',', quote = '',
                     columns = {{'profile': 'BIGINT', 'pool': 'VARCHAR'}}) AS p ON p.profile = g.profile
                ORDER BY l.firm
            ) TO {quoted(str(target))} (FORMAT csv, HEADER true, DELIMITER ',', QUOTE '')
            """
        )


def drawn_firms(firms: Path, frame: Path, wanted: Iterable[str]) -> dict[str, DrawnFirm]:
    """Name, address, town and pool of the firms wanted, by firm.

    Args:
        firms: the snapshot's Parquet file.
        frame: firms.csv of the draw.
        wanted: firms drawn.
    """
    with _scratch_database() as (connection, folder):
        listed = folder / "wanted.csv"
        _write_rows(listed, ("firm", *wanted))
        rows = connection.execute(
            f"""
            SELECT f.firm, f.name, f.address, f.town, c.pool, f.tier, f.kind
            FROM read_csv({quoted(str(listed))}, header = true, auto_detect = false, delim = ',', quote = '',
                 columns = {{'firm': 'VARCHAR'}}) AS w
            JOIN read_parquet({quoted(str(firms))}) AS f ON f.firm = w.firm
            JOIN read_csv({quoted(str(frame))}, header = true, auto_detect = false, delim = ',', quote = '',
                 columns = {{'firm': 'VARCHAR', 'pool': 'VARCHAR', 'town': 'VARCHAR', 'salt': 'VARCHAR'}}) AS c
                 ON c.firm = w.firm
            """
        ).fetchall()
    names = ("firm", "name", "address", "town", "pool", "tier", "kind")
    return {row[0]: DrawnFirm(**dict(zip(names, row, strict=True))) for row in rows}


@contextmanager
def _scratch_database() -> Iterator[tuple[Any, Path]]:
    """A DuckDB connection and the folder it spills to; both are gone afterwards."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="frame-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": 2,
            "memory_limit": MEMORY,
            "temp_directory": folder,
            "autoinstall_known_extensions": False,
        }
        with duckdb.connect(config=config) as connection:
            yield connection, Path(folder)


def _history_lines(history: Mapping[str, PastVisits]) -> Iterator[str]:
    for firm, past in sorted(history.items()):
        yield f"{firm},{past.visits},{';'.join(sorted(past.barred))}"


def _write_rows(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
