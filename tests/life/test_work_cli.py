"""The commands of the year as work, as typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from work_year import WorkYear

from cli import main


@pytest.fixture
def run(year: WorkYear, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command in the year's workspace, on a morning of June 2027."""
    ticks = iter(range(10**6))
    start = datetime(2027, 6, 1, 2, tzinfo=UTC)
    monkeypatch.setattr("inspection.office.now", lambda: start + timedelta(seconds=next(ticks)))

    def call(*words: object, code: int = 0, lang: str = "zh") -> Result:
        folder = str(year.office.workspace.folder)
        done = CliRunner().invoke(main, ["--lang", lang, *map(str, words)], env={"INSPECTION_WORKSPACE": folder})
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done

    return call


def test_visit_goes_its_whole_way_by_commands(year: WorkYear, run: Any, tmp_path: Path) -> None:
    part = next(part for part in year.parts() if len(year.items(part)) > 1)
    label, agency, item = year.facts.label(*part.key[:2]), part.key.agency, year.items(part)[0]
    assert "已派发" in run("visits", "dispatch", part.month, "--by", "周主任").output
    run("visits", "accept", agency, "--by", "张三")
    assert "公示" in run("visits", "carry-out", agency, label, "--day", "2027-05-28", "--by", "张三").output
    run("findings", "enter", agency, label, item, "发现问题已责令改正", "--note", "标识不全", "--by", "张三")
    shown = run("visits", "show", label).output
    assert "5 发现问题已责令改正" in shown and "（空，尚无结果）" in shown and "未发现问题" not in shown
    assert "待另一人审核" in run("findings", "all-clear", agency, label, "--by", "张三").output
    refused = run("findings", "review", agency, label, "--by", "张 三", code=1)
    assert "另一人" in refused.output
    run("findings", "review", agency, label, "--by", "李四")
    owed = json.loads(run("due", "--agency", agency, "--json").output)
    assert [(row["visit"], row["urgency"], row["state"]) for row in owed] == [(label, "due", "reviewed")]
    run("disclose")
    assert "0 条" in run("disclose").output
    rows = json.loads(run("visits", "list", "--agency", agency, "--state", "disclosed", "--json").output)
    assert [row["visit"] for row in rows] == [label]
    run("findings", "correct", agency, label, item, "1", "--reason", "录入有误", "--by", "张三")
    run("findings", "review-amendment", "1", "--by", "李四")
    assert "1 条" in run("disclose").output
    assert "更正" in run("visits", "show", label).output


def test_sheet_is_written_filled_in_and_imported(year: WorkYear, run: Any, tmp_path: Path) -> None:
    part = next(part for part in year.parts() if year.items(part))
    agency, path = part.key.agency, tmp_path / "结果.xlsx"
    assert "accept" in run("findings", "template", agency, path, code=1).output
    run("visits", "dispatch", part.month, "--by", "周主任")
    run("visits", "accept", agency, "--month", part.month, "--by", "张三")
    run("findings", "template", agency, path, "--month", part.month)
    run("findings", "template", agency, path, code=1)
    book = openpyxl.load_workbook(path)
    sheet = book["检查结果"]
    heads = [cell.value for cell in sheet[1]]
    for row, (result, day) in enumerate((("1 未发现问题", "2027-05-27"), ("都正常", "2027-05-27")), start=2):
        sheet.cell(row, heads.index("检查结果") + 1).value = result
        sheet.cell(row, heads.index("检查日期") + 1).value = day
    book.save(path)
    told = run("findings", "import", path, "--by", "张三", code=3).output
    assert "都正常" in told and "rejects.xlsx" in told and "退回 1 行" in told
    facts = json.loads(run("findings", "import", path, "--by", "张三", "--json", code=3).output)
    assert (facts["entered"], facts["unchanged"], facts["rejected"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("visits", "dispatch", "2026-05", "--by", "x"), 1, "2027"),
        (("visits", "accept", "NOBODY", "--by", "x"), 1, "NOBODY"),
        (("visits", "carry-out", "NOBODY", "V0001", "--day", "soon", "--by", "x"), 2, "--day"),
        (("visits", "show", "V99999"), 1, "V99999"),
        (("visits", "list", "--state", "lost"), 2, "--state"),
        (("findings", "review-amendment", "7", "--by", "x"), 1, "7"),
        (("findings", "import", "none.xlsx", "--by", "x"), 1, "none.xlsx"),
        (("due", "--agency", "NOBODY"), 1, "NOBODY"),
    ],
)
def test_mistakes_are_told_in_both_languages(run: Any, words: tuple[str, ...], code: int, told: str) -> None:
    for lang in ("zh", "en"):
        assert told in run(*words, code=code, lang=lang).output


def test_visit_is_closed_by_two_people(year: WorkYear, run: Any) -> None:
    part = year.joint_part()
    label = year.facts.label(*part.key[:2])
    run("visits", "close", label, "--outcome", "deregistered", "--by", "张三", "--approved-by", "张三", "--yes", code=1)
    assert {each.state for each in year.siblings(part)} == {"planned"}
    run("plan", "approve", "1", "--by", "李四", "--yes")
    assert {each.state for each in year.siblings(part)} == {"closed"}
    assert "注销" in run("visits", "list", "--state", "closed").output
