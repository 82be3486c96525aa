"""An agency's work in a real browser: accept, enter, all clear, sheets up and down, review, changes, deadlines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from browsing import PHONE, SCREEN, give_password, overflow, served, sign_in, violations
from web_house import House

from inspection.changes.change_steps import standing
from inspection.rules.visit_life import Actor
from inspection.store import work
from inspection.store.work import Part, PartFilter
from inspection.work import work_steps
from inspection.work.visit_facts import VisitFacts

pytestmark = pytest.mark.slow


@dataclass
class Agency:
    """An agency whose visits of one month were sent out; the day is after all of them."""

    house: House
    month: str
    site: str

    @property
    def code(self) -> str:
        return self.house.agency

    def parts(self) -> dict[str, Part]:
        """The agency's shares of the month by label."""
        line = self.house.office.line()
        with line.workspace.store.reading() as connection:
            found = work.parts(connection, line.name, PartFilter(agency=self.code, month=self.month))
        facts = VisitFacts(line)
        return {facts.label(*part.key[:2]): part for part in found}

    def states(self) -> set[str]:
        return {part.state for part in self.parts().values()}

    def results(self, label: str) -> set[str]:
        line, part = self.house.office.line(), self.parts()[label]
        with line.workspace.store.reading() as connection:
            return {row.finding.result for row in work.findings(connection, line.name, [part.key])}


@pytest.fixture
def agency(house: House) -> Iterator[Agency]:
    visits = [visit for visit in standing(house.office.line()) if house.agency in visit.agencies and visit.day]
    month = visits[0].month
    last = max(visit.day for visit in visits if visit.month == month and visit.day)
    house.clock.time = datetime(last.year, last.month, last.day, 2, tzinfo=UTC) + timedelta(days=1)
    work_steps.dispatch_month(house.office, month, house.clock() - timedelta(days=40))
    give_password(house, "reviewer")
    with served(house) as site:
        yield Agency(house=house, month=month, site=site)


@pytest.fixture
def screen(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(**SCREEN)
    context.set_default_timeout(8000)
    yield context.new_page()
    context.close()


def mark_all(page: Any) -> None:
    page.check("input.all")


def as_other(chromium: Any, agency: Agency, name: str, path: str) -> Any:
    page = chromium.new_context(**SCREEN).new_page()
    page.set_default_timeout(8000)
    sign_in(page, agency.site, name, path)
    return page


def test_month_goes_from_accepted_to_reviewed_by_two_people(agency: Agency, screen: Any, chromium: Any) -> None:
    sign_in(screen, agency.site, "clerk", "/agency")
    screen.click(f'a.chip:has-text("{agency.month}")')
    screen.wait_for_url(f"**month={agency.month}*")
    mark_all(screen)
    screen.click('button[formaction="/agency/accept"]')
    screen.wait_for_selector(".tag.state-accepted")
    assert agency.states() == {"accepted"} and agency.month in screen.url

    label, part = next(iter(agency.parts().items()))
    screen.click(f'table.list a:text-is("{label}")')
    choice = screen.locator('select[name^="result."]')
    choice.first.select_option("5")
    screen.locator('input[name^="note."]').first.fill("许可证过期")
    screen.click(f"#share-{part.key.agency} ~ form button.main")
    screen.wait_for_load_state()
    assert agency.results(label) == {"5"}

    screen.goto(f"{agency.site}/agency?month={agency.month}")
    mark_all(screen)
    screen.click('button[formaction="/agency/all-clear"]')
    screen.wait_for_selector(".tag.state-entered")
    assert agency.states() == {"entered"} and agency.results(label) >= {"5"}

    other = as_other(chromium, agency, "reviewer", f"/agency?agency={agency.code}&month={agency.month}")
    mark_all(other)
    other.click('button[formaction="/agency/review"]')
    other.wait_for_selector(".tag.state-reviewed")
    other.context.close()
    assert agency.states() == {"reviewed"}
    work_steps.disclose_due(agency.house.office, agency.house.clock())
    screen.goto(f"{agency.site}/agency/figures")
    screen.click("#problems-title ~ details summary")
    assert screen.locator("#problems-title ~ details tbody tr").count() >= 1
    assert screen.locator(".chart canvas").count() == 2


def test_sheet_is_taken_filled_in_and_brought_back_with_one_faulty_row(
    agency: Agency, screen: Any, tmp_path: Path
) -> None:
    sign_in(screen, agency.site, "clerk", f"/agency?month={agency.month}")
    mark_all(screen)
    screen.click('button[formaction="/agency/accept"]')
    screen.wait_for_selector(".tag.state-accepted")
    screen.click('a[href^="/agency/sheets"]')
    with screen.expect_download() as waiting:
        screen.click('form[action="/agency/sheets/findings.xlsx"] button')
    taken = tmp_path / "taken.xlsx"
    waiting.value.save_as(taken)
    book = openpyxl.load_workbook(taken)
    rows = book.worksheets[0]
    head = [cell.value for cell in rows[1]]
    result, day = head.index("检查结果") + 1, next(at for at, name in enumerate(head, 1) if "日期" in str(name))
    for number in range(2, rows.max_row + 1):
        rows.cell(number, result).value = "1 未发现问题" if number > 2 else "大概没问题"
        rows.cell(number, day).value = agency.house.clock().date().isoformat()
    book.save(taken)
    screen.set_input_files("#files", str(taken))
    screen.click('form[action="/agency/sheets"] button')
    screen.wait_for_selector("text=大概没问题")
    assert violations(screen) == []
    with screen.expect_download() as waiting:
        screen.click('a[href^="/agency/sheets/rejects/"]')
    assert waiting.value.suggested_filename == "rejects.xlsx"
    states = [part.state for part in agency.parts().values()]
    assert states.count("entered") == len(states) - 1


def test_officer_is_substituted_when_a_second_person_approves(agency: Agency, screen: Any, chromium: Any) -> None:
    label, part = next(iter(agency.parts().items()))
    path = f"/agency/visit/{label}"
    sign_in(screen, agency.site, "clerk", path)
    before = {visit.key: visit.team for visit in standing(agency.house.office.line())}[part.key[:2]]
    screen.select_option("#why-substitute", "sick")
    screen.click(f'form[action="{path}/substitute"] button')
    screen.wait_for_selector("text=等待另一人批准")
    assert screen.locator('button[value="approve"]').count() == 0
    other = as_other(chromium, agency, "reviewer", path)
    other.click('button[value="approve"]')
    other.wait_for_selector("text=已批准")
    other.context.close()
    after = {visit.key: visit.team for visit in standing(agency.house.office.line())}[part.key[:2]]
    assert len(after) == len(before) and after != before


def test_refused_action_says_why_and_changes_nothing(agency: Agency, screen: Any) -> None:
    sign_in(screen, agency.site, "clerk", f"/agency?month={agency.month}")
    mark_all(screen)
    screen.click('button[formaction="/agency/all-clear"]')
    screen.wait_for_selector('[role="alert"]')
    assert agency.states() == {"dispatched"}


def test_pages_of_an_agency_are_accessible_and_fit(agency: Agency, chromium: Any) -> None:
    label = next(iter(agency.parts()))
    for size in (SCREEN, PHONE):
        context = chromium.new_context(**size)
        page = context.new_page()
        sign_in(page, agency.site, "clerk", "/agency")
        for path in ("/agency", f"/agency/visit/{label}", "/agency/due", "/agency/sheets", "/agency/figures"):
            page.goto(agency.site + path)
            page.wait_for_load_state("load")
            assert violations(page) == [], path
            assert overflow(page) <= 0, path
        page.click('button[name="language"]')
        page.wait_for_selector('html[lang="en"]')
        context.close()


def test_first_view_loads_little_script(agency: Agency, screen: Any) -> None:
    sizes: dict[str, int] = {}

    def count(answer: Any) -> None:
        if answer.url.endswith(".js"):
            sizes[answer.url] = len(answer.body())

    screen.on("response", count)
    sign_in(screen, agency.site, "clerk", "/agency")
    screen.wait_for_load_state("networkidle")
    assert sizes and sum(sizes.values()) <= 100_000


def test_clerk_sees_and_changes_nothing_of_another_agency(agency: Agency) -> None:
    house = agency.house
    other = next(code for code in house.office.line().given.agencies if code != agency.code)
    house.sign_in("clerk")
    for path in (f"/agency?agency={other}", f"/agency/due?agency={other}", f"/agency/figures?agency={other}"):
        assert house.client.get(path).status_code == 403, path
    foreign = next(
        visit for visit in standing(house.office.line()) if agency.code not in visit.agencies and visit.day is not None
    )
    label = VisitFacts(house.office.line()).label(*foreign.key)
    assert house.client.get(f"/agency/visit/{label}").status_code == 404
    form = {"csrf": house.token("/agency"), "agency": other, "visits": [label]}
    assert house.client.post("/agency/accept", data=form).status_code == 403


def test_action_without_a_marked_visit_says_so(agency: Agency) -> None:
    house = agency.house
    house.sign_in("clerk")
    answer = house.client.post("/agency/accept", data={"csrf": house.token("/agency"), "agency": agency.code})
    assert answer.status_code == 422 and "没有选中" in answer.text


def test_kept_file_is_shown_to_its_agency_alone(agency: Agency, tmp_path: Path) -> None:
    house, (label, part) = agency.house, next(iter(agency.parts().items()))
    actor = Actor(name="经办", role="clerk", agency=agency.code)
    work_steps.accept_all(house.office, [part.key], actor, house.clock())
    photo = tmp_path / "门口.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    kept = work_steps.attach(house.office, part.key, photo, actor, house.clock())
    path = f"/papers/file/{label}/{kept.digest}"
    assert house.client.get(path, follow_redirects=False).status_code == 303
    house.sign_in("clerk")
    answer = house.client.get(path)
    assert answer.content == photo.read_bytes() and "sandbox" in answer.headers["content-security-policy"]
    assert house.client.get(f"/papers/file/{label}/{'0' * 64}").status_code == 404
