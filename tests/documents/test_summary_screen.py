from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from plan_rows import agency_load, summary
from rich.cells import cell_len
from rich.console import Console

from inspection.documents import render_summary
from inspection.documents.figures import floor_percent, one_in, percent
from inspection.errors import Language
from inspection.model import Share, Summary


def printed(value: Summary, width: int = 100, language: Language = "zh") -> str:
    console = Console(width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(render_summary(value, language))
    return capture.get()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 100, 160])
def test_screen_of_a_county_fits_forty_lines_and_the_width(width: int, language: Language) -> None:
    lines = printed(summary(), width, language).rstrip("\n").split("\n")
    assert len(lines) <= 40
    assert max(cell_len(line) for line in lines) <= min(width, 100)
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("width", [80, 100])
def test_screen_with_many_agencies_folds_those_with_little_load(width: int) -> None:
    agencies = tuple(agency_load(number) for number in range(1, 241))
    text = printed(summary(agencies=agencies, warnings=("一", "二", "三", "四", "五")), width)
    lines = text.rstrip("\n").split("\n")
    assert len(lines) <= 40
    shown = text.count("监管局")
    assert f"其余 {240 - shown} 个部门" in text and shown >= 2
    assert "第1监管局" in text and "第240监管局" not in text
    assert "另有 2 条提示" in text


def test_screen_marks_the_binding_definition_only() -> None:
    text = printed(summary(joint_counted_by="firms"))
    line = next(line for line in text.split("\n") if "按被查户数" in line)
    assert ">= 10.0%" in line and "✓ 达标" in line
    assert text.count("仅供参考") == 2


def test_screen_shows_a_missed_floor_in_words() -> None:
    text = printed(summary(coverage=Share(part=1_438, whole=28_770, floor=Fraction(1, 20))))
    line = next(line for line in text.split("\n") if "覆盖率" in line)
    assert "✗ 未达标" in line and "4.9%" in line


def test_screen_drops_the_county_from_names_of_agencies_and_nothing_else() -> None:
    names = ("缗城县市场监督管理局", "缗城县市政管理局")
    agencies = tuple(agency_load(n, name=name) for n, name in enumerate(names, 1))
    text = printed(summary(agencies=agencies))
    assert "\n市场监督管理局" in text and "市政管理局" in text and "缗城县市场监督管理局" not in text


def test_screen_of_a_plan_without_anything_is_printed() -> None:
    empty = summary(agencies=(), tiers=(), visits_per_month=(), seconds=(), warnings=(), visits=0, checks=0)
    nothing = replace(empty, coverage=Share(part=0, whole=0), joint_by_visits=Share(part=0, whole=0))
    assert "缗城县2027年度" in printed(nothing)


def test_screen_gives_seconds_per_step_and_their_sum() -> None:
    text = printed(summary(seconds=(("导入", 1.26), ("核对", 2.0), ("揭示", 0.01))))
    assert "用时 3.3 秒：导入 1.3  核对 2.0\n" in text and "揭示" not in text


def test_long_notes_break_between_characters_and_keep_words_and_figures_whole() -> None:
    note = "2027 年放假安排尚未公布（或日历库未更新），暂按周一至周五为工作日。公布后请更新 chinesecalendar，再排日程。"
    steps = tuple((f"步骤名称很长的第{n}步", 1.0) for n in range(9))
    lines = printed(summary(warnings=(note,), seconds=steps), 80).split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("提示："))
    assert lines[start].startswith("提示：2027 年放假安排") and cell_len(lines[start]) > 70
    assert "chinesecalendar，" in "".join(lines[start : start + 2])
    assert not any(line.startswith(("，", "。", "）", "1.0")) for line in lines)


def test_columns_line_up_under_wide_characters() -> None:
    lines = printed(summary()).split("\n")
    months = [line for line in lines if "月 " in line and "█" in line]
    assert len(months) == 9
    assert len({cell_len(line[: line.index("█")]) for line in months}) == 1


def test_shares_round_for_reading_and_floors_never_up() -> None:
    assert percent(Fraction(1, 48)) == "2.1%"
    assert percent(Fraction(1, 1600)) == "0.06%"
    assert percent(Fraction(0)) == "0.0%"
    assert floor_percent(Fraction(4_999, 100_000)) == "4.9%"
    assert floor_percent(Fraction(1)) == "100.0%"


def test_chance_reads_as_one_in_so_many() -> None:
    assert one_in(Fraction(2, 97), "zh") == "每 48 户 1 户"
    assert one_in(Fraction(5, 13), "en") == "1 in 2.6"
    assert one_in(Fraction(1, 2), "en") == "1 in 2"
    assert one_in(Fraction(0), "zh") == "不抽"
    assert one_in(Fraction(3, 2), "zh") == "户户都查"
