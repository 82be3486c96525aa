"""A drawn year whose jobs are run by a clock set by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

sys.path.append(str(Path(__file__).parents[1] / "life"))

from work_year import WorkYear, copied

from inspection.office import CHINA
from inspection.store.schedule import Run
from inspection.store.tables import plans
from scheduler.jobs import office_jobs
from scheduler.runner import Runner


@dataclass
class Desk:
    """The year, its runner, and the time."""

    year: WorkYear
    moment: datetime

    def __post_init__(self) -> None:
        self.runner = Runner(self.year.office, office_jobs(self.year.office), lambda: self.moment)

    def only(self, *names: str) -> None:
        """No other jobs than these."""
        jobs = office_jobs(self.year.office)
        self.runner = Runner(self.year.office, {name: jobs[name] for name in names}, lambda: self.moment)

    def run_at(self, text: str) -> list[Run]:
        """What came of a look at this official time."""
        self.moment = at(text)
        return self.runner.run_due()

    def sleep(self, **span: int) -> None:
        self.moment += timedelta(**span)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.fixture(scope="session")
def drawn_year(planned: Any) -> Path:
    planned.office.workspace.store.close()
    return Path(planned.office.workspace.folder)


@pytest.fixture
def desk(drawn_year: Path, tmp_path: Path) -> Iterator[Desk]:
    year = copied(drawn_year, tmp_path / "year")
    plan_made(year, "2027-05-07T09:00")
    yield Desk(year=year, moment=at("2027-05-07T10:00"))
    year.office.workspace.store.close()


def plan_made(year: WorkYear, text: str) -> None:
    """The plan, which was made by the machine's clock, was made at another time: jobs have no duty before it."""
    with year.office.workspace.store.writing() as connection:
        connection.execute(update(plans).values(created_at=at(text)))
