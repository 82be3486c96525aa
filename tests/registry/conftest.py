"""The shortest way to import some registers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from register_rows import Import, settings, write_csv

from inspection.registry import ImportReport, import_registers


@pytest.fixture
def run(tmp_path: Path) -> Import:
    """Imports rows (first the header) or paths per register; ``workspace`` is tmp_path/w."""

    def run(**registers: object) -> ImportReport:
        changed = registers.pop("settings", {})
        assert isinstance(changed, Mapping)
        files: dict[str, list[Path]] = {}
        for kind, given in registers.items():
            if isinstance(given, Path):
                files[kind] = [given]
            elif given and isinstance(given[0], Path):  # type: ignore[index]
                files[kind] = list(given)  # type: ignore[call-overload]
            else:
                files[kind] = [write_csv(tmp_path / f"{kind}.csv", given)]  # type: ignore[arg-type]
        return import_registers(files, tmp_path / "w", settings(**changed))  # type: ignore[arg-type]

    return run
