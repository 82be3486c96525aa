"""The auditor's pages in a real browser: the log with proofs, draws, changes by person, replay, history."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, SCREEN, give_password, overflow, served, sign_in, violations
from conftest import House
from web_house import planned_house

from inspection.changes import change_steps
from inspection.draw.tlog_proof import InclusionProof

pytestmark = pytest.mark.slow

PAGES = (
    "/audit",
    "/audit/draws",
    "/audit/log",
    "/audit/log/1",
    "/audit/changes",
    "/audit/figures",
    "/audit/check",
    "/audit/history",
)


@pytest.fixture(scope="module")
def audited(copied: Any) -> Iterator[tuple[House, str]]:
    """A planned county in which one officer was substituted."""
    house = planned_house(copied())
    give_password(house, "auditor", "reviewer")
    line = house.office.line()
    visit = next(each for each in change_steps.standing(line) if house.agency in each.agencies)
    wish = change_steps.substitute_wish(line, visit.visit, visit.team[0], "sick")
    change_steps.approve(line, change_steps.request(line, wish, "clerk").number, "reviewer")
    with served(house) as address:
        yield house, address
    house.office.workspace.store.close()


@pytest.fixture
def auditor(audited: tuple[House, str], chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(**SCREEN)
    context.set_default_timeout(30000)
    page = context.new_page()
    sign_in(page, audited[1], "auditor", "/audit")
    yield page
    context.close()


def test_pages_are_accessible_and_fit_on_screen_and_phone(audited: tuple[House, str], chromium: Any) -> None:
    for size in (SCREEN, PHONE):
        context = chromium.new_context(**size)
        page = context.new_page()
        sign_in(page, audited[1], "auditor", "/audit")
        for path in PAGES:
            page.goto(audited[1] + path)
            page.wait_for_load_state("load")
            assert violations(page) == [], path
            assert overflow(page) <= 0, path
        page.click('button[name="language"]')
        page.wait_for_selector('html[lang="en"]')
        context.close()


def test_whole_bundle_is_replayed_in_the_browser(audited: tuple[House, str], auditor: Any) -> None:
    auditor.goto(f"{audited[1]}/audit/check")
    auditor.click("#replay-run")
    auditor.wait_for_selector("#replay-verdict[data-code]")
    texts = auditor.locator("#replay-steps tbody tr").all_inner_texts()
    assert not [text for text in texts if "不符" in text]
    assert sum("replay 重放" in text and "通过" in text for text in texts) == 2
    assert auditor.text_content("#replay-digest").startswith("verify.py")
    assert violations(auditor) == []
    assert any(deed.action == "bundle.read" and deed.actor == "auditor" for deed in audited[0].deeds())


def test_entry_is_shown_with_a_proof_that_holds(audited: tuple[House, str], auditor: Any) -> None:
    auditor.click('a[href="/audit/log"]')
    auditor.select_option("#type", "substitute")
    auditor.click("form.search button")
    auditor.click("table tbody tr td a")
    auditor.wait_for_selector("text=在日志中的证明")
    with auditor.expect_download() as waiting:
        auditor.click('a[href$="/proof"]')
    proof = InclusionProof.parse(Path(waiting.value.path()).read_text(encoding="utf-8"))
    copy = audited[0].office.workspace.log.copy()
    proof.check(copy.head(max(copy.notes)))
    assert b'"substitute"' in proof.line


def test_changes_name_who_asked_and_who_approved(audited: tuple[House, str], auditor: Any) -> None:
    auditor.goto(f"{audited[1]}/audit/changes")
    row = auditor.locator("table tbody tr").first.inner_text()
    assert "clerk" in row and "reviewer" in row
    # The same change is but a number, and a hash, to the public.
    public = audited[0].client.get("/open/log").text
    assert "reviewer" not in public and "内容不公开" in public


def test_history_of_the_plan_and_of_an_uploaded_bundle_says_the_same(
    audited: tuple[House, str], auditor: Any, tmp_path: Path
) -> None:
    with auditor.expect_download() as waiting:
        auditor.goto(f"{audited[1]}/audit/check")
        auditor.click('a[href="/audit/bundle.zip"]')
    kept = tmp_path / "bundle.zip"
    waiting.value.save_as(kept)
    verdicts = []
    for files in ([], [str(kept)]):
        auditor.goto(f"{audited[1]}/audit/history")
        auditor.set_input_files("#bundles", files)
        auditor.click("main form button")
        verdicts.append(auditor.text_content('#audit [role="status"]'))
    assert verdicts[0] == verdicts[1] and verdicts[0]
    assert violations(auditor) == []


def test_zip_that_leads_elsewhere_is_refused(audited: tuple[House, str], auditor: Any, tmp_path: Path) -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as made:
        made.writestr("../elsewhere/bundle.json", "{}")
    (tmp_path / "bad.zip").write_bytes(book.getvalue())
    auditor.goto(f"{audited[1]}/audit/history")
    auditor.set_input_files("#bundles", str(tmp_path / "bad.zip"))
    auditor.click("main form button")
    assert "不能使用的文件名" in auditor.text_content('[role="alert"]')


def test_auditors_pages_are_for_those_who_may_have_the_bundle(audited: tuple[House, str]) -> None:
    house, _ = audited
    give_password(house, "clerk")
    house.sign_in("clerk")
    for path in (
        *PAGES,
        "/audit/bundle.zip",
        "/audit/changes.csv",
        "/audit/figures/problems.csv",
        "/audit/log/1/proof",
    ):
        assert house.client.get(path).status_code == 403, path
