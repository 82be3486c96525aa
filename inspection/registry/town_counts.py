"""Firms by town: how many a register has, and how many of them a list names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Set
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from inspection.registry.firm_search import database
from inspection.registry.source import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class TownCount:
    """Live firms of the kinds counted in a town ('' where the register names none), and those of them named."""

    region: str
    town: str
    firms: int
    named: int

    @property
    def share(self) -> Fraction:
        """Named of all; 0 where there is none."""
        return Fraction(self.named, self.firms) if self.firms else Fraction(0)


def town_counts(firms: Path, kinds: Set[str], named: Iterable[str]) -> tuple[TownCount, ...]:
    """Live firms of these kinds by region and town, and how many of them are named.

    Args:
        firms: a snapshot's Parquet file.
        kinds: of firms that count.
        named: codes, each counted once.
    """
    listed = ", ".join(quoted(kind) for kind in sorted(kinds))
    with database() as connection, tempfile.TemporaryDirectory(prefix="towns-") as folder:
        path = Path(folder) / "named.csv"
        path.write_text("firm\n" + "".join(f"{firm}\n" for firm in sorted(set(named))), encoding="utf-8")
        rows = connection.execute(
            f"""
            SELECT f.region, f.town, count(*), count(n.firm)
            FROM read_parquet({quoted(str(firms))}) AS f
            LEFT JOIN read_csv({quoted(str(path))}, header = true, auto_detect = false, delim = ',', quote = '',
                 columns = {{'firm': 'VARCHAR'}}) AS n ON n.firm = f.firm
            WHERE f.status = 'live' AND f.kind IN ({listed})
            GROUP BY f.region, f.town ORDER BY f.region, f.town
            """
        ).fetchall()
    return tuple(TownCount(region=region, town=town, firms=firms, named=named) for region, town, firms, named in rows)
