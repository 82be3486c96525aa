"""The import as one straight line: open, stage, check, freeze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from inspection.registry.report import ImportReport
from inspection.registry.settings import ImportSettings, Progress, RegisterKind


def import_registers(
    files: Mapping[RegisterKind, Sequence[Path]],
    folder: Path,
    settings: ImportSettings,
    progress: Progress | None = None,
) -> ImportReport:
    """Good rows are frozen in folder/snapshots/<digest>, bad ones named and kept in folder/quarantine."""
    raise NotImplementedError
