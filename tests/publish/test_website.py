"""The public site: what stands and may be told, in two languages, and nothing personal anywhere in its bytes."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from delivery_scene import START, announce, news

from inspection.errors import PublishError
from inspection.publish.open_data import mask, sections
from inspection.publish.website import write_website
from inspection.store.outbox import News, standing
from inspection.store.workspace import Workspace


def site(workspace: Workspace, folder: Path, now: Any = START) -> dict[str, int]:
    with workspace.store.reading() as connection:
        return dict(write_website(folder, lambda kind: standing(connection, kind, now), now))


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "data" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_results_stand_on_pages_and_in_files_in_both_languages(workspace: Workspace, tmp_path: Path) -> None:
    two = [{"item": "I1", "item_name": "执照", "result": "1"}, {"item": "I2", "item_name": "标签", "result": "5"}]
    announce(workspace.store, news(1, results=two))
    assert site(workspace, tmp_path / "site")["finding"] == 1
    found = rows(tmp_path / "site", "results")
    assert [row["result_name"] for row in found] == ["未发现问题", "发现问题已责令改正"]
    (record,) = json.loads((tmp_path / "site" / "data" / "results.json").read_text(encoding="utf-8"))
    assert record["results"][1]["result_name"] == "发现问题已责令改正"
    page = (tmp_path / "site" / "results.html").read_text(encoding="utf-8")
    assert 'lang="zh-CN"' in page and "缗城第1商行" in page and "标签：发现问题已责令改正" in page
    english = (tmp_path / "site" / "en" / "results.html").read_text(encoding="utf-8")
    assert "Problem found, correction ordered" in english and '<html lang="en">' in english
    assert "<script" not in page + english


def test_nothing_personal_is_in_any_byte_of_the_site(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1, entered_by="王录入", address="张三家", firm_name="张记 11010519491231002X"))
    site(workspace, tmp_path / "site")
    whole = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.*"))
    for word in ("张三丰", "李四光", "15080001", "王录入", "张三家", "11010519491231002X"):
        assert word not in whole, word
    assert "110105***********X" in whole


def test_finding_without_results_is_not_shown_as_free_of_problems(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1, results=[]))
    site(workspace, tmp_path / "site")
    (row,) = rows(tmp_path / "site", "results")
    assert (row["result"], row["result_name"]) == ("", "")
    assert "<td><ul></ul></td>" in (tmp_path / "site" / "results.html").read_text(encoding="utf-8")


def test_embargo_corrections_and_withdrawals_are_kept(workspace: Workspace, tmp_path: Path) -> None:
    soon = START + timedelta(days=1)
    sealed = News(key="v/0", record="v", kind="visit", action="i", payload={"firm_name": "密封商行"}, not_before=soon)
    announce(workspace.store, news(1), news(1, "u", 2, firm_name="更正后"), news(2), news(2, "d", 2), sealed)
    assert site(workspace, tmp_path / "site") | {"plan": 0} == site(workspace, tmp_path / "site")
    assert [row["firm_name"] for row in rows(tmp_path / "site", "results")] == ["更正后"]
    assert rows(tmp_path / "site", "visits") == []
    site(workspace, tmp_path / "site", soon)
    assert [row["firm_name"] for row in rows(tmp_path / "site", "visits")] == ["密封商行"]


def test_text_of_others_is_neither_markup_nor_a_formula(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1, firm_name="<script>alert(1)</script>"), news(2, firm_name='=HYPERLINK("x")'))
    site(workspace, tmp_path / "site")
    page = (tmp_path / "site" / "results.html").read_text(encoding="utf-8")
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert rows(tmp_path / "site", "results")[1]["firm_name"].startswith("'=")


def test_long_lists_go_on_to_further_pages(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, *(news(number) for number in range(401)))
    site(workspace, tmp_path / "site")
    names = sorted(path.name for path in (tmp_path / "site").glob("results*.html"))
    assert names == ["results-2.html", "results-3.html", "results.html"]
    middle = (tmp_path / "site" / "results-2.html").read_text(encoding="utf-8")
    assert 'href="results.html">上一页' in middle and 'href="results-3.html">下一页' in middle
    assert len(rows(tmp_path / "site", "results")) == 401


def test_dictionary_names_every_column_of_every_file(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1))
    site(workspace, tmp_path / "site")
    told = {(row["file"], row["column"]) for row in rows(tmp_path / "site", "dictionary")}
    for section in sections():
        with (tmp_path / "site" / "data" / f"{section.file}.csv").open(encoding="utf-8-sig", newline="") as file:
            assert {(section.file, name) for name in next(csv.reader(file))} <= told


def test_links_of_the_site_lead_somewhere(workspace: Workspace, tmp_path: Path) -> None:
    import re

    announce(workspace.store, *(news(number) for number in range(201)))
    site(workspace, tmp_path / "site")
    for page in (tmp_path / "site").rglob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")):
            assert (page.parent / link).is_file(), (page.name, link)


def test_folder_of_something_else_is_left_alone_and_our_own_replaced(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.html").write_text("mine")
    with pytest.raises(PublishError) as refusal:
        site(workspace, tmp_path / "other")
    assert refusal.value.code == "publish.website.occupied"
    site(workspace, tmp_path / "site")
    (tmp_path / "site" / "stale.html").write_text("old")
    site(workspace, tmp_path / "site")
    assert not (tmp_path / "site" / "stale.html").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("11010519491231002X", "110105***********X"),
        ("110105194912310021", "110105194912310021"),
        ("91370828MA3C0TXP0X", "91370828MA3C0TXP0X"),
        ("编号 A11010519491231002X", "编号 A11010519491231002X"),
    ],
)
def test_numbers_of_identity_cards_alone_are_masked(text: str, shown: str) -> None:
    assert mask(text) == shown
