"""Pages for everybody in a real browser: what is open, a firm's own proof, the draw checked where the visitor sits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from browsing import PHONE, SCREEN, overflow, served, violations
from conftest import House
from web_house import planned_house

from inspection import work_steps
from inspection.change_steps import standing
from inspection.finding_steps import all_clear, review
from inspection.past import StandingVisit
from inspection.plan_announcing import announce_plan
from inspection.statistics_steps import make_statistics
from inspection.store import work
from inspection.store.work import PartFilter
from inspection.visit_life import Actor

pytestmark = pytest.mark.slow

PAGES = (
    "/open",
    "/open/records/tasks",
    "/open/records/visits",
    "/open/records/results",
    "/open/statistics",
    "/open/log",
    "/open/prove",
    "/open/check",
    "/open/data",
)


@dataclass
class Site:
    """A county whose plan is published, whose first months' visits are over, one of them found and one not."""

    house: House
    address: str
    visits: tuple[StandingVisit, ...]

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.house.client.get(path)
        assert answer.status_code == status, answer.text[:500]
        return answer

    def of_month(self, month: str) -> list[StandingVisit]:
        return [visit for visit in self.visits if visit.month == month]


@pytest.fixture(scope="module")
def site(copied: Any) -> Iterator[Site]:
    house = planned_house(copied())
    office = house.office
    line = office.line()
    visits = tuple(visit for visit in standing(line) if visit.day)
    months = sorted({visit.month for visit in visits})
    last = max(visit.day for visit in visits if visit.month == months[0] and visit.day)
    house.clock.time = datetime(last.year, last.month, last.day, 2, tzinfo=UTC) + timedelta(days=1)
    now = house.clock()
    announce_plan(line, now)
    work_steps.dispatch_month(office, months[0], now - timedelta(days=40))
    with line.workspace.store.reading() as connection:
        parts = work.parts(connection, line.name, PartFilter(month=months[0]))[:6]
    for part in parts:
        clerk = Actor(name="clerk", role="clerk", agency=part.key.agency)
        reviewer = Actor(name="reviewer", role="reviewer", agency=None)
        work_steps.accept(office, part.key.draw, part.key.visit, part.key.agency, clerk, now)
        all_clear(office, [part.key], clerk, now, finished=part.day)
        review(office, [part.key], reviewer, now)
    work_steps.disclose_due(office, now)
    make_statistics(office, months[0], now + timedelta(days=1))
    with served(house) as address:
        yield Site(house=house, address=address, visits=visits)
    office.workspace.store.close()


@pytest.fixture
def screen(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(**SCREEN)
    context.set_default_timeout(20000)
    yield context.new_page()
    context.close()


def test_pages_are_accessible_and_fit_on_screen_and_phone(site: Site, chromium: Any) -> None:
    for size in (SCREEN, PHONE):
        context = chromium.new_context(**size)
        page = context.new_page()
        for path in PAGES:
            page.goto(site.address + path)
            page.wait_for_load_state("load")
            assert violations(page) == [], path
            assert overflow(page) <= 0, path
        page.click('button[name="language"]')
        page.wait_for_selector('html[lang="en"]')
        context.close()
