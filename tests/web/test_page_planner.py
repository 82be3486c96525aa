"""The planner's pages in a real browser: from upload to a drawn plan that verifies, by keyboard, judged by axe."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, SCREEN, give_password, overflow, served, sign_in, violations
from web_house import House, open_house

from inspection.demo.dirty import write_dirty_sample
from inspection.office import Office, now
from inspection.pledge_steps import seats
from inspection.store import draws, outbox

pytestmark = pytest.mark.slow
KINDS = ("agencies", "items", "inspectors", "firms", "tasks", "recusals")
LONG = 90_000
PAGES = (
    "/registers",
    "/firms",
    "/policy",
    "/policy/text",
    "/plan",
    "/plan/ceremony",
    "/plan/figures",
    "/plan/calendar",
    "/plan/calendar/2027-05",
    "/plan/towns",
    "/plan/draws/1-firms/replay",
    "/changes",
)


@pytest.fixture
def fresh(county_files: Any, tmp_path: Path) -> Iterator[House]:
    """A workspace with a policy and nothing else, in the present: work sent to other processes knows no set clock."""
    office = Office.found(tmp_path / "workspace", origin="open-draw.example/test", policy=county_files.policy)
    house = open_house(office, "SCJG", "SCJG-001", writes_a_minute=100_000)
    house.client.app.state.desk.clock = now
    give_password(house, "planner", "reviewer")
    yield house
    office.workspace.store.close()


@pytest.fixture
def drawn(house: House) -> House:
    give_password(house, "planner", "reviewer")
    return house


def new_page(browser: Any, size: dict[str, Any], site: str, name: str, path: str = "/") -> Any:
    page = browser.new_context(**size).new_page()
    page.set_default_timeout(20_000)
    sign_in(page, site, name, path)
    return page


def upload(page: Any, site: str, files: dict[str, Any]) -> None:
    page.goto(f"{site}/registers")
    for kind, paths in files.items():
        page.set_input_files(f"#file-{kind}", [str(path) for path in paths])
    page.click("form[enctype] button.main")
    page.wait_for_load_state()


def confirm_and_run(page: Any, site: str, code: str) -> None:
    """What is final is refused without the plan's code, and done with it."""
    page.goto(f"{site}/plan")
    page.fill("#confirm", "yes")
    page.click("button.danger")
    assert "没有执行" in page.inner_text(".next .fault >> nth=0")
    page.fill("#confirm", code)
    page.click("button.danger")
    page.wait_for_selector(".next:not(:has(progress))", timeout=LONG)


def hold(page: Any, parties: dict[str, Any], site: str, house: House, draw: str) -> None:
    """The meeting for one draw, each party on a device of its own."""
    for name, device in parties.items():
        card = device.locator(f'.seat[data-draw="{draw}"]')
        card.locator(".make").click()
        card.locator("button.main").click()
        device.wait_for_selector(f'.seat[data-draw="{draw}"][data-state="pledged"]')
        assert name in device.inner_text("h1")
    with house.office.workspace.store.reading() as connection:
        assert not draws.secrets(connection, draw).parties
    page.goto(f"{site}/plan/ceremony")
    page.click("#room form:has-text('收齐确认') button, #room button:has-text('收齐确认')")
    confirm_and_run(page, site, house.office.line().name)
    page.goto(f"{site}/plan/ceremony")
    page.fill("#value", "12345 67890" * 4)
    page.fill("#again", "1234567891" * 4)
    page.click("form[action$=public] button")
    assert "两次输入不同" in page.inner_text("main")
    page.goto(f"{site}/plan/ceremony")
    page.fill("#value", "12345 67890" * 4)
    page.fill("#again", "１234567890" * 4)
    page.click("form[action$=public] button")
    for device in parties.values():
        # The device follows the draw by itself.
        device.wait_for_selector(f'.seat[data-draw="{draw}"][data-state="reveal"]')
        card = device.locator(f'.seat[data-draw="{draw}"]')
        card.locator(".kept").wait_for()
        card.locator("button.main").click()
        device.wait_for_selector(f'.seat[data-draw="{draw}"][data-state="revealed"]')
    confirm_and_run(page, site, house.office.line().name)


def test_planner_goes_from_upload_to_a_drawn_plan_that_verifies(
    fresh: House, county_files: Any, chromium: Any, tmp_path: Path
) -> None:
    with served(fresh) as site:
        page = new_page(chromium, SCREEN, site, "planner", "/registers")
        dirty = write_dirty_sample(tmp_path / "dirty")
        registers = dict(county_files.registers)
        upload(page, site, registers | {"firms": [dirty.firms]})
        assert page.locator("tbody tr:has-text('统一社会信用代码')").count()
        with page.expect_download() as download:
            page.click("text=下载 rejects.xlsx")
        assert zipfile.is_zipfile(download.value.path())
        page.click("text=逐条查看全部")
        assert page.locator("tbody tr").count() > 5
        upload(page, site, registers)
        assert "现用名录已更新" in page.inner_text("main")

        propose_and_approve(page, chromium, site, fresh)
        page.goto(f"{site}/plan")
        page.click(".next button.main")
        page.wait_for_selector(".next:not(:has(progress)) a[href='/plan/ceremony']", timeout=LONG)
        page.goto(f"{site}/plan/ceremony")
        assert violations(page) == []
        links = {
            item.inner_text().split()[0]: item.locator("a").get_attribute("href")
            for item in page.locator(".qrs li").all()
        }
        parties = {}
        for name, link in links.items():
            device = chromium.new_context(**PHONE).new_page()
            device.set_default_timeout(20_000)
            device.goto(link)
            assert violations(device) == [] and overflow(device) <= 0
            parties[name] = device
        assert set(parties) == set(fresh.office.policy().ceremony.parties)
        code = fresh.office.line().name
        hold(page, parties, site, fresh, f"{code}/1-firms")
        page.wait_for_selector(".next a[href='/plan/ceremony']", timeout=LONG)
        hold(page, parties, site, fresh, f"{code}/2-inspectors")
        page.wait_for_selector(".next .done", timeout=LONG)
        assert {seat.state for seat in seats(fresh.office.line())} == {"over"}

        page.goto(f"{site}/plan/draws/1-firms/replay")
        assert "这是回放" in page.inner_text(".replay")
        page.click("#play")
        page.wait_for_selector("#rolling:not([hidden])")
        page.goto(f"{site}/plan")
        with page.expect_download() as download:
            page.click("a[href$='bundle.zip']")
        assert verified(Path(download.value.path()), tmp_path / "proof") in (0, 3)
        page.click("form[action$=publication] button")
        reviewer = new_page(chromium, SCREEN, site, "reviewer", "/plan")
        reviewer.click("button[value=approve]")
        reviewer.wait_for_selector("text=已公布")
    with fresh.office.workspace.store.reading() as connection:
        kinds = Counter(each.kind for kind in ("plan", "task") for each in outbox.standing(connection, kind, now()))
    assert kinds == {"plan": 1, "task": len(fresh.office.line().given.tasks)}


def propose_and_approve(page: Any, chromium: Any, site: str, house: House) -> None:
    """A fault is told beside its field, the consequences of a good value appear, a second person puts it in force."""
    page.goto(f"{site}/policy")
    floor = page.locator('[name="gap.days"]')
    floor.fill("never")
    floor.blur()
    page.wait_for_selector(".field:has([name='gap.days']) .fault")
    weight = page.locator('[name="tiers.D.weight"]')
    floor.fill("20")
    weight.fill("12")
    weight.blur()
    page.wait_for_selector("#answer table", timeout=LONG)
    assert page.locator(".field:has([name='gap.days']) .fault").count() == 0
    page.click("text=提交审批")
    page.wait_for_selector(".diff .added")
    assert page.locator("button[value=approve]").count() == 0
    reviewer = new_page(chromium, SCREEN, site, "reviewer", page.url.removeprefix(site))
    reviewer.click("button[value=approve]")
    reviewer.wait_for_selector("text=已批准")
    text = house.office.policy_file.read_text(encoding="utf-8")
    assert house.office.policy().gap.days == 20 and "自然日" in text


def verified(archive: Path, folder: Path) -> int:
    """What the checker in the archive says of it, in a process of its own."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    (bundle,) = folder.iterdir()
    command = [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle)]
    return subprocess.run(command, capture_output=True, text=True, check=False).returncode


@pytest.mark.parametrize("size", [SCREEN, PHONE], ids=["1366", "390"])
def test_pages_of_a_drawn_plan_fit_the_screen_and_axe_finds_nothing(drawn: House, chromium: Any, size: Any) -> None:
    with served(drawn) as site:
        page = new_page(chromium, size, site, "planner")
        faults: list[str] = []
        page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
        found = {}
        for path in PAGES:
            answer = page.goto(f"{site}{path}")
            assert answer.status == 200, path
            if path == "/plan/figures":
                page.wait_for_selector(".chart canvas")
            wrong = [*violations(page), *(["too wide"] if overflow(page) > 0 else [])]
            if wrong:
                found[path] = wrong
        assert found == {} and faults == []


def test_english_pages_hold_no_chinese_of_ours(drawn: House, chromium: Any) -> None:
    with served(drawn) as site:
        page = new_page(chromium, SCREEN, site, "planner")
        page.click("button[name=language]")
        for path in ("/registers", "/plan", "/plan/calendar", "/changes"):
            page.goto(f"{site}{path}")
            heads = page.locator("h1, h2, th[scope=col], legend, main button").all_inner_texts()
            named = [drawn.office.policy().plan.name]
            assert not [head for head in heads if any("一" <= sign <= "鿿" for sign in head) and named[0] not in head]


def test_planner_follows_the_line_by_keyboard_alone(drawn: House, chromium: Any) -> None:
    with served(drawn) as site:
        page = new_page(chromium, SCREEN, site, "planner", "/plan")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        seen = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.getAttribute('href') || ''"))
        assert {"/registers", "/policy", "/plan/figures", "/plan/draws/1-firms/replay"} <= seen


def test_change_waits_for_a_second_person(drawn: House, chromium: Any) -> None:
    with served(drawn) as site:
        page = new_page(chromium, SCREEN, site, "planner", "/changes")
        page.click("summary:has-text('结案')")
        page.fill("#close-subject", "V9999")
        page.click("details[open] button.main")
        assert "V9999" in page.inner_text(".fault") and page.input_value("#close-subject") == "V9999"
        page.fill("#close-subject", "V0001")
        page.click("details[open] button.main")
        page.wait_for_selector("text=须由另一人审批")
        assert page.locator("button[value=approve]").count() == 0
        reviewer = new_page(chromium, SCREEN, site, "reviewer", "/changes")
        reviewer.click("button[value=approve]")
        reviewer.wait_for_selector("td:has-text('已批准')")
    assert "changes.approve" in {deed.action for deed in drawn.deeds()}
