from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Writer = Callable[..., Path]


@pytest.fixture
def write_csv(tmp_path: Path) -> Writer:
    """Writes rows under a name, in an encoding."""

    def write(name: str, rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)
        return path

    return write
