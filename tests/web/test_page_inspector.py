"""The officer's phone in a real browser: a dead network loses and doubles nothing; codes prove a visit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, SCREEN, give_password, overflow, served, sign_in, violations
from web_house import House

from inspection.changes.change_steps import standing
from inspection.rules.findings import Finding
from inspection.rules.past import StandingVisit
from inspection.rules.visit_life import Actor
from inspection.store import attachments, work
from inspection.store.work import PartKey
from inspection.work import work_steps
from inspection.work.check_code import check_code
from inspection.work.field_steps import SeenFinding, enter_seen
from inspection.work.visit_facts import VisitFacts

pytestmark = pytest.mark.slow
READY = "#field[data-ready]"


@dataclass
class Field:
    """An officer with a joint visit today, accepted by all its agencies."""

    house: House
    visit: StandingVisit
    label: str
    site: str

    @property
    def key(self) -> PartKey:
        return PartKey(*self.visit.key, self.house.agency)

    @property
    def items(self) -> list[str]:
        facts = VisitFacts(self.house.office.line())
        return [item.item for item in facts.items_of(self.visit.draw, self.visit.combination, self.house.agency)]

    def stored(self) -> dict[str, tuple[str, int]]:
        """Result and version by item."""
        line = self.house.office.line()
        with line.workspace.store.reading() as connection:
            rows = list(work.findings(connection, line.name, [self.key]))
        return {row.finding.item: (row.finding.result, row.version) for row in rows}

    def files(self) -> list[str]:
        with self.house.office.workspace.store.reading() as connection:
            return sorted(each.name for each in attachments.attached(connection, *self.visit.key))

    def events(self, name: str) -> int:
        with self.house.office.workspace.store.reading() as connection:
            return sum(each.event == name for each in work.events(connection, *self.visit.key))

    def enter(self, item: str, result: str, by: str) -> None:
        day = self.house.clock().date()
        finding = Finding(
            draw=self.key.draw, visit=self.key.visit, agency=self.key.agency, item=item, result=result, found_on=day
        )
        actor = Actor(name=by, role="clerk", agency=self.key.agency)
        enter_seen(self.house.office, [SeenFinding(finding=finding, seen=9)], actor, self.house.clock())


@pytest.fixture
def field(house: House) -> Iterator[Field]:
    line = house.office.line()
    facts = VisitFacts(line)

    def is_fit(visit: StandingVisit) -> bool:
        items = facts.items_of(visit.draw, visit.combination, house.agency)
        goes = (house.agency, house.officer) in visit.team
        return goes and len(visit.agencies) > 1 and len(items) > 1 and visit.day is not None

    visit = next(filter(is_fit, standing(line)))
    assert visit.day is not None
    house.clock.time = datetime(visit.day.year, visit.day.month, visit.day.day, 2, tzinfo=UTC)
    before = house.clock() - timedelta(days=9)
    work_steps.dispatch_month(house.office, visit.month, before)
    for agency in visit.agencies:
        actor = Actor(name="经办", role="clerk", agency=agency)
        work_steps.accept_all(house.office, [PartKey(*visit.key, agency)], actor, before)
    give_password(house, "inspector")
    with served(house) as site:
        yield Field(house=house, visit=visit, label=facts.label(*visit.key), site=site)


@pytest.fixture
def phone(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(**PHONE)
    context.set_default_timeout(8000)
    yield context.new_page()
    context.close()


def photos(folder: Path) -> list[str]:
    found = []
    for number in range(2):
        path = folder / f"照片{number}.jpg"
        path.write_bytes(b"\xff\xd8\xff\xe0" + bytes([number]) * 3000)
        found.append(str(path))
    return found


def eventually(true: Callable[[], bool]) -> None:
    """The claim comes true within a few seconds."""
    for _ in range(160):
        if true():
            return
        time.sleep(0.05)
    assert true()


def open_sheet(page: Any, field: Field) -> None:
    """The day and then the sheet, as an officer opens them in the office; both are kept from then on."""
    sign_in(page, field.site, "inspector", "/field")
    page.wait_for_selector(f"{READY}[data-pages]")
    page.click(f'a.stop[href="/field/visit/{field.label}"]')
    page.wait_for_selector(READY)


def choose(page: Any, item: str, result: str) -> None:
    page.select_option(f'select[name="result.{item}"]', result)


def save(page: Any) -> None:
    page.click("form.findings button.main")


def test_what_is_entered_without_a_network_reaches_the_server_exactly_once(
    field: Field, phone: Any, tmp_path: Path
) -> None:
    open_sheet(phone, field)
    first, second = field.items[:2]
    phone.context.set_offline(True)
    choose(phone, first, "1")
    save(phone)
    phone.wait_for_selector("#field[data-waiting='1']")
    choose(phone, second, "5")
    phone.click(f'[data-item="{second}"] .more summary')
    phone.fill(f'input[name="note.{second}"]', "灭火器过期")
    save(phone)
    phone.set_input_files("form.photo input[type=file]", photos(tmp_path))
    phone.click("form.photo button")
    phone.wait_for_selector("#field[data-waiting='4']")
    assert field.stored() == {} and field.files() == []

    phone.reload()
    phone.wait_for_selector("#field[data-waiting='4']")
    assert phone.input_value(f'select[name="result.{second}"]') == "5"
    assert phone.input_value(f'input[name="note.{second}"]') == "灭火器过期"
    phone.goto(f"{field.site}/field")
    phone.wait_for_selector(f'[data-pending="{field.label}"]:not([hidden])')
    phone.goto(f"{field.site}/field/visit/{field.label}/code")
    assert phone.locator(".show img").is_visible()
    phone.goto(f"{field.site}/field/visit/V9999")
    assert "没有网络" in phone.inner_text("h1")
    assert field.stored() == {} and field.files() == []

    phone.goto(f"{field.site}/field")
    phone.wait_for_selector("#field[data-waiting='4']")
    phone.context.set_offline(False)
    phone.wait_for_selector("#field[data-waiting='0']")
    assert field.stored() == {first: ("1", 1), second: ("5", 1)}
    assert field.files() == ["照片0.jpg", "照片1.jpg"]
    assert (field.events("attach"), phone.locator("#field-queue li").count()) == (2, 0)
    phone.reload()
    phone.wait_for_selector(READY)
    assert field.stored() == {first: ("1", 1), second: ("5", 1)}


def test_answer_lost_on_the_way_is_asked_for_again_and_nothing_is_doubled(
    field: Field, phone: Any, tmp_path: Path
) -> None:
    open_sheet(phone, field)
    item, lost = field.items[0], []

    def lose(route: Any) -> None:
        """The server does it, and its answer never arrives."""
        route.fetch()
        lost.append(route.request.headers["idempotency-key"])
        route.abort()

    for path in ("**/field/findings", "**/api/v1/findings/attachments"):
        phone.route(path, lose)
    choose(phone, item, "5")
    save(phone)
    phone.wait_for_selector("#field[data-waiting='1']")
    assert len(lost) == 1 and field.stored() == {item: ("5", 1)}
    # Meanwhile a clerk corrects it: sending the same again must not undo that.
    field.enter(item, "8", "经办")
    phone.set_input_files("form.photo input[type=file]", photos(tmp_path)[:1])
    phone.click("form.photo button")
    phone.wait_for_selector("#field[data-waiting='2']")
    for path in ("**/field/findings", "**/api/v1/findings/attachments"):
        phone.unroute(path, lose)
    phone.reload()
    phone.wait_for_selector("#field[data-waiting='0']")
    assert field.stored() == {item: ("8", 2)}
    # Known by its id, not merely refused: nothing is left for the officer to decide.
    assert phone.locator("#field-queue li").count() == 0
    assert field.files() == ["照片0.jpg"]
    assert field.events("attach") == 1


def test_result_of_somebody_else_is_not_overwritten_by_a_late_one(field: Field, phone: Any) -> None:
    open_sheet(phone, field)
    item = field.items[0]
    phone.context.set_offline(True)
    choose(phone, item, "1")
    save(phone)
    phone.wait_for_selector("#field[data-waiting='1']")
    field.enter(item, "5", "经办")
    phone.context.set_offline(False)
    phone.wait_for_selector("#field-queue .fault")
    assert "经办" in phone.inner_text("#field-queue .fault")
    assert field.stored() == {item: ("5", 1)}
    phone.on("dialog", lambda dialog: dialog.accept())
    phone.click("#field-queue button")
    phone.wait_for_selector("#field-queue", state="hidden")


def test_session_that_ended_keeps_entries_until_the_officer_signs_in_again(field: Field, phone: Any) -> None:
    open_sheet(phone, field)
    field.house.clock.pass_by(hours=14)
    choose(phone, field.items[0], "1")
    save(phone)
    phone.wait_for_selector("#field .line.warn")
    assert "登录" in phone.inner_text("#field .line") and field.stored() == {}
    sign_in(phone, field.site, "inspector", "/field")
    phone.wait_for_selector("#field[data-waiting='0']")
    assert field.stored() == {field.items[0]: ("1", 1)}


def test_sheet_works_without_script(field: Field, chromium: Any, tmp_path: Path) -> None:
    context = chromium.new_context(**PHONE, java_script_enabled=False)
    context.set_default_timeout(8000)
    page = context.new_page()
    sign_in(page, field.site, "inspector", "/field")
    page.goto(f"{field.site}/field/visit/{field.label}")
    choose(page, field.items[0], "1")
    save(page)
    assert "已保存" in page.inner_text(".done")
    page.set_input_files("form.photo input[type=file]", photos(tmp_path)[:1])
    page.click("form.photo button")
    assert page.locator("ul.files li").count() == 1
    context.close()
    assert field.stored() == {field.items[0]: ("1", 1)} and field.files() == ["照片0.jpg"]


def test_firm_scans_the_code_and_its_browser_proves_the_visit(field: Field, chromium: Any) -> None:
    code = check_code(field.house.office.line(), field.visit.key)
    context = chromium.new_context(**PHONE)
    page = context.new_page()
    page.goto(f"{field.site}/check/{field.label}/{code}")
    page.wait_for_selector("#verdict[data-code]")
    assert page.get_attribute("#verdict", "data-code") == "0"
    assert field.visit.firm in page.inner_text("main")
    page.click("#proof summary")
    assert page.locator("#steps tbody tr").count() >= 5
    people = VisitFacts(field.house.office.line()).inspectors
    assert not [person for _, person in field.visit.team if people[person].name in page.content()]
    assert violations(page) == [] and overflow(page) <= 0
    answer = page.goto(f"{field.site}/check/{field.label}/{'0' * 20}")
    assert answer.status == 404
    context.close()


def test_officers_pages_are_accessible_and_fit_a_phone(field: Field, chromium: Any) -> None:
    for size in (PHONE, SCREEN):
        context = chromium.new_context(**size)
        page = context.new_page()
        sign_in(page, field.site, "inspector", "/field")
        for path in ("/field", f"/field/visit/{field.label}", f"/field/visit/{field.label}/code", "/field/offline"):
            page.goto(field.site + path)
            page.wait_for_selector(READY)
            assert size is SCREEN or violations(page) == [], path
            assert overflow(page) <= 0, path
        context.close()


def test_findings_are_entered_by_keyboard_alone(field: Field, chromium: Any) -> None:
    context = chromium.new_context(**SCREEN)
    page = context.new_page()
    sign_in(page, field.site, "inspector", f"/field/visit/{field.label}")
    page.wait_for_selector(READY)
    target = f"result.{field.items[0]}"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == target:
            break
    page.keyboard.press("1")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('form.findings button.main')"):
            break
    page.keyboard.press("Enter")
    eventually(lambda: field.stored() == {field.items[0]: ("1", 1)})
    context.close()


def test_another_officers_visit_is_not_shown(field: Field) -> None:
    foreign = next(
        each
        for each in standing(field.house.office.line())
        if (field.house.agency, field.house.officer) not in each.team and each.month == field.visit.month
    )
    house = field.house
    house.sign_in("inspector")
    label = VisitFacts(house.office.line()).label(*foreign.key)
    for path in (f"/field/visit/{label}", f"/field/visit/{label}/code", f"/papers/notice/{label}.pdf"):
        assert house.client.get(path).status_code == 404, path
