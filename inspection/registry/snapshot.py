"""Frozen registers on disk: content-addressed, never edited, only superseded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from inspection.errors import StoreError
from inspection.model import Agency, Inspector, Item, Recusal, Selection, Task

FORMAT = 1
"""Changes when the same registers would give another digest."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The registers of one import, in ``folder`` = …/snapshots/<digest>/.

    ``firms.parquet`` is sorted by firm, bytewise, with columns firm, name, kind, tier, status, region, town, industry,
    tags (sorted, joined by ';'), address ('' where empty) and established (date or null). The other registers are
    JSON lines sorted by their key. The digest is over canonical content: format and order of the files read do not
    change it.
    """

    folder: Path
    digest: str

    @classmethod
    def open(cls, folder: Path, digest: str) -> Snapshot:
        """The snapshot of a digest under a workspace folder.

        Raises:
            StoreError: there is none, or it is incomplete.
        """
        home = folder / "snapshots" / digest
        if not (home / "snapshot.json").is_file() or not (home / "firms.parquet").is_file():
            raise StoreError("registers.snapshot.missing", digest=digest, folder=str(folder))
        return cls(folder=home, digest=digest)

    @property
    def firms(self) -> Path:
        """The firms, as a Parquet file."""
        return self.folder / "firms.parquet"

    @cached_property
    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.folder / "snapshot.json").read_text(encoding="utf-8"))
        return facts

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows per register."""
        rows: dict[str, int] = self._facts["rows"]
        return rows

    @property
    def firm_counts(self) -> Mapping[str, Mapping[str, int]]:
        """Firms by each value of kind, tier, status and region, e.g. ``firm_counts["tier"]["A"]``."""
        counts: dict[str, dict[str, int]] = self._facts["firms"]
        return counts

    def agencies(self) -> tuple[Agency, ...]:
        """By code."""
        return tuple(Agency(**row) for row in self._rows("agencies"))

    def items(self) -> tuple[Item, ...]:
        """By code."""
        return tuple(Item(**row) for row in self._rows("items"))

    def inspectors(self) -> tuple[Inspector, ...]:
        """By code."""
        return tuple(
            Inspector(
                **{
                    **row,
                    "valid_until": date.fromisoformat(row["valid_until"]),
                    "qualifications": frozenset(row["qualifications"]),
                }
            )
            for row in self._rows("inspectors")
        )

    def tasks(self) -> tuple[Task, ...]:
        """By code."""
        return tuple(_task(row) for row in self._rows("tasks"))

    def recusals(self) -> tuple[Recusal, ...]:
        """By inspector, then firm."""
        return tuple(Recusal(**row) for row in self._rows("recusals"))

    def _rows(self, register: str) -> list[dict[str, Any]]:
        text = (self.folder / f"{register}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


def _task(row: dict[str, Any]) -> Task:
    chosen = row["selection"]
    return Task(
        task=row["task"],
        name=row["name"],
        lead=row["lead"],
        joining=tuple(row["joining"]),
        items=tuple(row["items"]),
        selection=Selection(
            region=chosen["region"],
            kinds=frozenset(chosen["kinds"]),
            tiers=frozenset(chosen["tiers"]),
            industries=tuple(chosen["industries"]),
            tags=frozenset(chosen["tags"]),
        ),
        count=row["count"],
        ratio=None if row["ratio"] is None else Fraction(row["ratio"]),
        months=tuple(row["months"]),
    )
