"""Empty registers to fill in: header, example row, lists to choose from."""

from __future__ import annotations

from pathlib import Path

from inspection.registry.settings import RegisterKind


def write_template(kind: RegisterKind, path: Path) -> None:
    """A spreadsheet of one register with its headers, an example row and data validation is at ``path``."""
    raise NotImplementedError
