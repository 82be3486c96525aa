"""Where the registers of a made-up county lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["agencies", "items", "inspectors", "firms", "tasks", "recusals", "findings"]
"""The importer's names of the registers; a county is made with all but findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyFiles:
    """Where the registers and the policy were written."""

    agencies: Path
    items: Path
    inspectors: Path
    tasks: Path
    recusals: Path
    firms: Path
    policy: Path

    @property
    def registers(self) -> Mapping[Kind, tuple[Path, ...]]:
        """The files by kind of register, as the importer takes them."""
        kinds: tuple[Kind, ...] = ("agencies", "items", "inspectors", "firms", "tasks", "recusals")
        return {kind: (getattr(self, kind),) for kind in kinds}


def county_files(folder: Path) -> CountyFiles:
    """The usual names in a folder."""
    return CountyFiles(
        agencies=folder / "agencies.xlsx",
        items=folder / "items.xlsx",
        inspectors=folder / "inspectors.xlsx",
        tasks=folder / "tasks.xlsx",
        recusals=folder / "recusals.csv",
        firms=folder / "firms.csv",
        policy=folder / "policy.toml",
    )
