"""A year drawn once on each database, and copied for every test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from work_year import WorkYear, copied

sys.path.append(str(Path(__file__).parents[1] / "store"))


@pytest.fixture(scope="session")
def drawn_year(planned: Any) -> Path:
    """The workspace of the small planned county."""
    planned.office.workspace.store.close()
    return Path(planned.office.workspace.folder)


@pytest.fixture(scope="session")
def sealed_year(county_files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same county, its lists sealed until the visits."""
    from datetime import date

    from inspection import service
    from inspection.office import Office
    from inspection.steps.line import Silent

    folder = tmp_path_factory.mktemp("sealed")
    policy = folder / "policy.toml"
    text = county_files.policy.read_text(encoding="utf-8")
    marked = text.replace("seal = false", "seal = true")
    policy.write_text(marked if marked != text else text.replace("[ceremony]", "[ceremony]\nseal = true"), "utf-8")
    office = Office.found(folder / "workspace", origin="open-draw.example/sealed", policy=policy)
    report = office.import_files(county_files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
    assert report.snapshot is not None
    line, _ = office.start(Silent())
    service.plan_year(line, service.unattended(line.given.policy))
    office.workspace.store.close()
    return folder / "workspace"


@pytest.fixture
def year(drawn_year: Path, tmp_path: Path) -> Iterator[WorkYear]:
    made = copied(drawn_year, tmp_path / "year")
    yield made
    made.office.workspace.store.close()


@pytest.fixture
def another(tmp_path: Path) -> Callable[[Path], WorkYear]:
    """A copy of some year."""
    return lambda source: copied(source, tmp_path / "another")
