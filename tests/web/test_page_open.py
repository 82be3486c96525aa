"""Pages for everybody in a real browser: what is open, a firm's own proof, the draw checked where the visitor sits."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, SCREEN, overflow, served, violations
from conftest import House
from web_house import planned_house

from inspection.changes.change_steps import standing
from inspection.publish.open_data import sections
from inspection.publish.website import write_website
from inspection.rules.past import StandingVisit
from inspection.rules.visit_life import Actor
from inspection.store import work
from inspection.store.draws import draws
from inspection.store.outbox import standing as public
from inspection.store.work import PartFilter
from inspection.web.open_desk import cells, section_of
from inspection.work import work_steps
from inspection.work.finding_steps import all_clear, review
from inspection.work.plan_announcing import announce_plan
from inspection.work.statistics_steps import make_statistics

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

    @property
    def opened(self) -> list[StandingVisit]:
        """Visits of the first month, all of whose days are past."""
        return [visit for visit in self.visits if visit.month == min(each.month for each in self.visits)]


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


def run_replay(page: Any, press: str = "#replay-run") -> int:
    page.click(press)
    page.wait_for_selector("#replay-verdict[data-code]")
    return int(page.get_attribute("#replay-verdict", "data-code"))


def rows_of(page: Any) -> list[tuple[str, str]]:
    rows = page.locator("#replay-steps tbody tr")
    return [tuple(rows.nth(at).locator("td").all_inner_texts()[:2]) for at in range(rows.count())]


def test_draw_is_checked_in_the_browser_and_by_the_checker_alike(site: Site, screen: Any, tmp_path: Path) -> None:
    screen.goto(f"{site.address}/open/check")
    assert run_replay(screen) == 3
    rows = rows_of(screen)
    assert rows and not [row for row in rows if "不符" in row[1]]
    assert "一致" in screen.text_content("#replay-digest") and "不一致" not in screen.text_content("#replay-digest")
    assert violations(screen) == []

    with zipfile.ZipFile(io.BytesIO(site.get("/open/bundle.zip").content)) as book:
        book.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    checker = [sys.executable, "-I", "-S", str(folder / "verify_public.py"), str(folder)]
    assert subprocess.run(checker, capture_output=True, check=False).returncode == 3


def test_bundle_changed_on_its_way_fails_in_the_browser(site: Site, screen: Any, tmp_path: Path) -> None:
    changed = tmp_path / "changed.zip"
    with (
        zipfile.ZipFile(io.BytesIO(site.get("/open/bundle.zip").content)) as book,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as other,
    ):
        for member in book.infolist():
            data = book.read(member)
            if member.filename.endswith("visits.part"):
                line = next(each for each in data.split(b"\n")[1:] if not each.startswith(b"leaf"))
                data = data.replace(line, line.replace(b"9137", b"9138", 1))
            other.writestr(member.filename, data)
    screen.goto(f"{site.address}/open/check")
    screen.set_input_files("#replay-file", str(changed))
    screen.wait_for_selector("#replay-verdict[data-code]")
    assert screen.get_attribute("#replay-verdict", "data-code") == "1"
    assert [step for step, verdict in rows_of(screen) if "不符" in verdict] == ["visits 已公开检查 1-firms"]


def test_file_that_is_no_zip_is_refused_in_words(site: Site, screen: Any, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"nothing of the kind" * 10)
    screen.goto(f"{site.address}/open/check")
    screen.set_input_files("#replay-file", str(tmp_path / "no.zip"))
    screen.wait_for_selector("#replay-verdict[data-code='error']")
    assert "no zip" in screen.text_content("#replay-verdict")


def test_firm_sees_its_own_proof_by_keyboard_alone(site: Site, screen: Any) -> None:
    firm = site.opened[0].drawn_firm
    screen.goto(f"{site.address}/open/prove")
    screen.focus("#firm")
    screen.keyboard.type(firm.lower())
    screen.keyboard.press("Enter")
    screen.wait_for_selector("#verdict[data-code]")
    assert screen.get_attribute("#verdict", "data-code") in ("0", "3")
    shown = screen.locator("#steps tbody tr")
    texts = [shown.nth(at).inner_text() for at in range(shown.count())]
    assert any("outcome" in text and "drawn: " in text for text in texts)
    assert violations(screen) == []


def test_firm_is_asked_for_no_more_often_than_allowed_and_never_written_down(site: Site) -> None:
    client, token = site.house.client, site.house.token("/open/prove")
    site.house.clock.pass_by(hours=1)
    firm = site.opened[0].drawn_firm
    form = {"csrf": token, "firm": firm, "form": "file"}
    answers = [client.post("/open/prove", data=form).status_code for _ in range(12)]
    assert answers == [200] * 10 + [429] * 2
    deeds = [deed for deed in site.house.deeds() if "proof" in deed.action]
    assert deeds and not any(firm in f"{deed.object}{deed.outcome}{deed.actor}" for deed in deeds)
    assert client.post("/open/prove", data={"csrf": token, "firm": "<script>"}).status_code == 422
    assert client.post("/open/prove", data={"firm": firm}).status_code == 403


def test_pages_show_what_is_open_and_nothing_else(site: Site) -> None:
    opened = {visit.visit for visit in site.opened}
    listed, path = set(), "/open/records/visits"
    while path:
        text = site.get(path).text
        listed |= set(re.findall(r">(V\d+)<", text))
        following = re.search(r'rel="next" href="([^"]+)"', text)
        path = following[1].replace("&amp;", "&") if following else ""
    assert listed == opened
    closed = {visit.firm for visit in site.visits if visit.visit not in opened}
    shown = "".join(site.get(path).text for path in (*PAGES, "/open/data/visits.csv", "/open/data/results.json"))
    assert not [firm for firm in closed if firm in shown]
    people = site.house.office.line().given.inspectors
    assert not [person.name for person in people if person.name in shown or person.inspector in shown]
    assert "high" not in site.get("/open/statistics").text


def test_search_finds_by_public_facts_alone(site: Site) -> None:
    visit = site.opened[0]
    assert visit.visit in site.get(f"/open/records/visits?q={visit.firm}").text
    assert visit.visit in site.get(f"/open/records/visits?q={visit.firm.lower()}").text
    nothing = site.get("/open/records/visits?q=1-firms").text
    assert "没有可以显示的记录" in nothing
    assert site.get("/open/records/visits?q=%25").text.count("<tr>") == 0


def test_result_that_nobody_entered_stays_empty(site: Site) -> None:
    section = section_of(sections(), "results")
    assert section is not None
    with site.house.office.workspace.store.reading() as connection:
        announced = next(iter(public(connection, "finding", site.house.clock())))
    empty = replace(announced, payload={**announced.payload, "results": []})
    shown = {fact.name: cell for fact, cell in zip(section.page, cells(section, empty, "zh"), strict=True)}
    assert "".join(shown["results"].lines) == ""


def test_open_data_is_what_the_static_site_writes(site: Site, tmp_path: Path) -> None:
    now = site.house.clock()
    with site.house.office.workspace.store.reading() as connection:
        write_website(tmp_path / "site", lambda kind: public(connection, kind, now), now)
    for name in ("tasks.csv", "visits.json", "results.csv", "statistics.json", "dictionary.csv", "dictionary.json"):
        assert site.get(f"/open/data/{name}").content == (tmp_path / "site" / "data" / name).read_bytes(), name
    assert json.loads(site.get("/open/data/visits.json").text)
    site.get("/open/data/secrets.csv", 404)


def test_static_site_carries_the_bundle_and_leads_to_the_live_pages(site: Site, tmp_path: Path) -> None:
    from inspection.questions.public_view import site_proofs

    now, folder = site.house.clock(), tmp_path / "site"
    proofs = site_proofs(site.house.office.workspace, now, "https://ssj.example.gov.cn/")
    with site.house.office.workspace.store.reading() as connection:
        write_website(folder, lambda kind: public(connection, kind, now), now, proofs)
    assert (folder / "data" / "public-bundle.zip").read_bytes() == site.get("/open/bundle.zip").content
    for page, bundle in (("index.html", "data/"), ("en/index.html", "../data/")):
        text = (folder / page).read_text(encoding="utf-8")
        assert f'href="{bundle}public-bundle.zip"' in text and "https://ssj.example.gov.cn/open/check" in text
        assert proofs.checkers["verify_public.py"] in text


def test_first_view_loads_little_script(site: Site, screen: Any) -> None:
    sizes: dict[str, int] = {}

    def weigh(answer: Any) -> None:
        if answer.ok and answer.url.endswith(".js"):
            sizes[answer.url] = len(answer.body())

    screen.on("response", weigh)
    for path in ("/open", "/open/check", "/open/prove"):
        screen.goto(site.address + path)
        screen.wait_for_load_state("networkidle")
    assert sizes and sum(sizes.values()) <= 100_000


def test_charts_have_their_tables_and_files(site: Site, screen: Any) -> None:
    screen.goto(f"{site.address}/open/statistics")
    screen.wait_for_selector(".chart canvas")
    for name in ("progress", "on_time", "burden"):
        assert screen.locator(f"#{name} canvas").count() == 1
        assert len(site.get(f"/open/statistics/{name}.csv").text.splitlines()) == 2


@pytest.fixture
def over(copied: Any) -> Iterator[tuple[House, str]]:
    """The county when the year is over and every visit is open."""
    house = planned_house(copied())
    house.clock.time = datetime(2028, 1, 15, 2, tzinfo=UTC)
    with served(house) as address:
        yield house, address
    house.office.workspace.store.close()


def test_once_all_visits_are_open_nothing_is_left_unchecked(over: tuple[House, str], screen: Any) -> None:
    house, address = over
    screen.goto(f"{address}/open/check")
    assert run_replay(screen) == 0
    drawn = {visit.drawn_firm for visit in standing(house.office.line())}
    others = _registered(house) - drawn
    for firm, words in ((min(drawn), "drawn: "), (min(others), "not drawn: the whole list")):
        screen.goto(f"{address}/open/prove")
        screen.fill("#firm", firm)
        screen.click("main button.main")
        screen.wait_for_selector("#verdict[data-code]")
        assert screen.get_attribute("#verdict", "data-code") == "0", firm
        assert words in screen.locator("#steps tbody").inner_text()


def _registered(house: House) -> set[str]:
    line = house.office.line()
    with line.workspace.store.reading() as connection:
        (first, *_) = draws(connection, line.name)
    return {row.split(",")[0] for row in line.read(first.files["firms.csv"]).decode().splitlines()[1:]}


def test_pages_of_a_bureau_without_a_plan_say_so(bare: House) -> None:
    for path in PAGES:
        assert bare.client.get(path).status_code == 200, path
    assert "还没有公布计划" in bare.client.get("/open").text
    assert bare.client.get("/open/bundle.zip").status_code == 404
    form = {"csrf": bare.token("/open/prove"), "firm": "91370828MA662QH03Y"}
    assert bare.client.post("/open/prove", data=form).status_code == 404


def test_problem_rate_by_tier_is_for_auditors_and_for_nobody_else(site: Site) -> None:
    key = {"Authorization": f"Bearer {site.house.keys['auditor']}"}
    rows = site.house.client.get("/audit/figures/problems.csv", headers=key).text.splitlines()
    checked = sum(int(row.split(",")[1]) for row in rows[1:])
    assert checked >= 6 and all(row.endswith(",0,0.0%") for row in rows[1:])
    site.get("/open/statistics/problems.csv", 404)
    assert site.house.client.get("/audit/figures", follow_redirects=False).status_code == 303
