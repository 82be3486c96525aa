from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from cli import main
from inspection.errors import catalogue
from inspection.history import plots
from inspection.history.plots import NoFontError, font_for

BUNDLE = Path(__file__).parents[1] / "vectors" / "county-small"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.fixture
def stride_list(write_csv) -> tuple[Path, Path]:
    """Every tenth firm of the register, inspectors in fixed pairs, for three years."""
    names = ["张三", "李四", "王五", "赵六", "钱七", "孙八"]
    register = [[f"A{n:04d}", "城关街道" if n < 300 else "化龙镇"] for n in range(600)]
    rows = [["统一社会信用代码", "年度", "执法人员"]]
    for year in (2019, 2020, 2021):
        for nth, place in enumerate(range(year % 10, 600, 10)):
            pair = (year + nth) % 3 * 2
            rows.append([register[place][0], year, f"{names[pair]}、{names[pair + 1]}"])
    return write_csv("往年.csv", rows), write_csv("名录.csv", [["统一社会信用代码", "乡镇"], *register])


def test_an_honest_bundle_is_quiet():
    result = run("audit", BUNDLE, "--replays", 8)
    assert result.exit_code == 0, result.output
    assert "没有发现偶然不能解释的情况" in result.output and "只有 1 个年度" in result.output


def test_an_older_systems_tricks_are_told_in_words_and_exit_code(stride_list):
    listed, register = stride_list
    result = run("audit", listed, "--register", register)
    assert result.exit_code == 1
    assert "像是固定间隔抽取" in result.output and "张三 与 李四 同行" in result.output


def test_the_report_holds_workbook_and_pictures(stride_list, tmp_path):
    listed, register = stride_list
    result = run("--lang", "en", "audit", listed, "--register", register, "--out", tmp_path / "report")
    assert result.exit_code == 1, result.output
    files = {path.name for path in (tmp_path / "report").iterdir()}
    assert files == {"audit.xlsx", "towns.png", "inspectors.png", "places.png", "chances.png"}
    assert all(
        (tmp_path / "report" / name).read_bytes().startswith(b"\x89PNG") for name in files if name.endswith("png")
    )
    book = openpyxl.load_workbook(tmp_path / "report" / "audit.xlsx")
    assert book.sheetnames == ["Verdict", "All tests", "Kinds of tests", "Changes", "Method"]
    told = [cell.value for (cell,) in book["Verdict"].iter_rows(max_col=1)]
    assert any("draw by fixed interval" in str(line) for line in told)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet for cell in row)


def test_json_holds_every_finding(stride_list):
    listed, register = stride_list
    found = json.loads(run("audit", listed, "--register", register, "--json").stdout)
    assert found["years"] == [2019, 2020, 2021] and found["level"] == 0.01
    assert {"gap_repeats", "pair"} <= {one["family"] for one in found["alarms"]}
    assert all(0 <= one["chance"] <= one["adjusted"] <= 1 for one in found["alarms"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_finding_has_its_words(language):
    from inspection.history import words
    from inspection.history.multiple import Deviation, Judgement

    families = [name.split(".")[2] for name in catalogue() if name.startswith("audit.family.")]
    for family in families:
        subject = ("void",) if family == "rate" else ("a", "void") if family == "person" else ("a", "b")
        for side in ("more", "less"):
            deviation = Deviation(subject=subject, seen=3, expected=1.25, chance=1e-12, side=side)  # type: ignore[arg-type]
            judged = Judgement(
                family=family, basis="exact", deviation=deviation, adjusted=1e-10, is_alarm=True, is_notable=False
            )
            assert "3" in words.line(judged, language) and "{" not in words.line(judged, language)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--level", "2"), "--level 2"),
        (("--level", "x"), "--level x"),
        (("--allow", "illness=3%"), "illness=3%"),
        (("--allow", "voids=many"), "many"),
        (("--register", "cli.py"), "--register"),
        (("--register", "21=cli.py"), "21=cli.py"),
        (("--register", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_a_wrong_option_is_explained(arguments, told):
    result = run("audit", BUNDLE, *arguments)
    assert result.exit_code == 1 and told in result.output


def test_a_list_with_nothing_to_test_is_explained(write_csv):
    result = run("audit", write_csv("list.csv", [["firm", "year"], ["A1", 2021]]))
    assert result.exit_code == 1 and "--register" in result.output


def test_a_report_does_not_replace_a_file(tmp_path):
    (tmp_path / "report").write_text("mine")
    result = run("audit", BUNDLE, "--replays", 8, "--out", tmp_path / "report")
    assert result.exit_code == 1 and (tmp_path / "report").read_text() == "mine"


def test_without_a_font_the_rest_of_the_report_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "FONTS", ("No Such Font",))
    result = run("audit", BUNDLE, "--replays", 8, "--out", tmp_path / "report")
    assert result.exit_code == 0 and "fonts-noto-cjk" in result.stderr
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["audit.xlsx"]


def test_a_font_is_taken_only_if_it_has_every_character():
    assert font_for("seats")
    with pytest.raises(NoFontError):
        font_for("\U00010980")
