"""A small made-up county, imported once per test process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# The same examples on every machine: a run that passed once does not fail, or search for minutes, on another day.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")

if TYPE_CHECKING:
    from inspection.demo.county import CountyFiles
    from inspection.office import Office
    from inspection.service import PlannedYear


@dataclass(frozen=True)
class SmallCounty:
    """Registers of the county, and a way to found offices that have them imported."""

    files: CountyFiles
    office: Callable[[], Office]


@pytest.fixture(scope="session")
def county_files(tmp_path_factory: pytest.TempPathFactory) -> CountyFiles:
    from inspection.demo.county import CountySize, write_county

    return write_county(tmp_path_factory.mktemp("county"), CountySize.scaled(3_000))


@pytest.fixture(scope="session")
def county(county_files: CountyFiles, tmp_path_factory: pytest.TempPathFactory) -> SmallCounty:
    from inspection.office import Office

    def office() -> Office:
        folder = tmp_path_factory.mktemp("office") / "workspace"
        founded = Office.found(folder, origin="open-draw.example/test", policy=county_files.policy)
        report = founded.import_files(county_files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
        assert report.snapshot is not None
        return founded

    return SmallCounty(files=county_files, office=office)


@dataclass(frozen=True)
class Planned:
    """A planned small county with its bundle."""

    office: Office
    year: PlannedYear
    bundle: Path


@pytest.fixture(scope="session")
def planned(county: SmallCounty, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planned]:
    from inspection import service
    from inspection.steps.line import Silent

    office = county.office()
    line, _ = office.start(Silent())
    year = service.plan_year(line, service.unattended(line.given.policy))
    bundle = service.bundle(line, tmp_path_factory.mktemp("proof") / "bundle")
    yield Planned(office=office, year=year, bundle=bundle)
