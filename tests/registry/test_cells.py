from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from inspection.registry.calendar_text import read_date, read_month, read_window
from inspection.registry.industry import read_industry
from inspection.registry.quota_text import read_count, read_percent, read_quota, read_ratio
from inspection.registry.readers import read_kind, split_list, tier_reader


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-12-31", "2027-12-31"),
        ("2027/1/5", "2027-01-05"),
        ("2027.01.05", "2027-01-05"),
        ("2027年12月31日", "2027-12-31"),
        ("20271231", "2027-12-31"),
        ("46752", "2027-12-31"),
        ("2027-12-31 00:00:00", "2027-12-31"),
        ("2027-02-30", "impossible"),
        ("20271331", "impossible"),
        ("明年", "unreadable"),
        ("2027", "unreadable"),
    ],
)
def test_date_in_any_form_is_read(text: str, day: str) -> None:
    read = read_date(text)
    assert (read.value or (read.code or "").rsplit(".", 1)[1]) == day


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("4月—6月", "2027-04;2027-06"),
        ("4月-6月", "2027-04;2027-06"),
        ("7至11月", "2027-07;2027-11"),
        ("4—10(月)", "2027-04;2027-10"),
        ("2027年1月1日-2027年12月31日", "2027-01;2027-12"),
        ("2027年1月—11月", "2027-01;2027-11"),
        ("2027-04-01至2027-06-30", "2027-04;2027-06"),
        ("2027/3/1~2027/11/30", "2027-03;2027-11"),
        ("3月1日至12月1日", "2027-03;2027-12"),
        ("2027年12月31日前", "2027-01;2027-12"),
        ("2027.3-2027.11", "2027-03;2027-11"),
        ("上半年", "2027-01;2027-06"),
        ("第三季度", "2027-07;2027-09"),
        ("2027年全年", "2027-01;2027-12"),
        ("9月", "2027-09;2027-09"),
        ("2027-09", "2027-09;2027-09"),
        ("2026年11月—2027年2月", "registers.window.year"),
        ("13月", "registers.date.impossible"),
        ("2月30日至3月1日", "registers.date.impossible"),
        ("择机", "registers.window.unreadable"),
    ],
)
def test_window_as_plans_write_it_is_read(text: str, window: str) -> None:
    read = read_window(text, 2027)
    assert (read.value or read.code) == window


@pytest.mark.parametrize(
    ("text", "month"),
    [("2027-04", "2027-04"), ("4月", "2027-04"), ("4", "2027-04"), ("202704", "2027-04"), ("2027年4月1日", "2027-04")],
)
def test_month_in_any_form_is_read(text: str, month: str) -> None:
    assert read_month(text, 2027).value == month


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (read_count, "20", "20"),
        (read_count, "20 户", "20"),
        (read_count, "20.0", "20"),
        (read_count, "若干", "registers.count.unreadable"),
        (read_count, "0户", "registers.count.zero"),
        (read_ratio, "5%", "1/20"),
        (read_ratio, "５％", "1/20"),
        (read_ratio, "2‰", "1/500"),
        (read_ratio, "0.05", "1/20"),
        (read_ratio, "不低于5%", "1/20"),
        (read_ratio, "100%", "1/1"),
        (read_ratio, "5", "registers.ratio.bare"),
        (read_ratio, "1", "registers.ratio.bare"),
        (read_ratio, "5-10%", "registers.ratio.unreadable"),
        (read_ratio, "120%", "registers.ratio.range"),
        (read_ratio, "0%", "registers.ratio.range"),
        (read_percent, "5", "1/20"),
        (read_quota, "20户", "count:20"),
        (read_quota, "5%", "ratio:1/20"),
        (read_quota, "20", "registers.ratio.bare"),
        (read_quota, "10% (20户)", "registers.ratio.unreadable"),
    ],
)
def test_quota_as_plans_write_it_is_read(read, text: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    reading = read(text)
    assert (reading.value or reading.code) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("企业", "enterprise"),
        ("有限责任公司（自然人投资或控股）", "enterprise"),
        ("有限责任公司分公司(自然人独资)", "branch"),
        ("个体工商户", "household"),
        ("农民专业合作社", "cooperative"),
        ("农民专业合作社分支机构", "branch"),
        ("1130", "enterprise"),
        ("9500", "household"),
        ("9100", "cooperative"),
        ("2190", "branch"),
        ("4533", "enterprise"),
        ("4550", "branch"),
        ("事业单位", None),
    ],
)
def test_kind_by_word_code_or_wording_is_read(text: str, kind: str | None) -> None:
    assert read_kind(text).value == kind


def test_tier_words_follow_the_order_of_the_policy() -> None:
    read = tier_reader(("低", "中", "高"), None)
    assert [read(text).value for text in ("A级", "b类", "高风险", "低", "D")] == ["低", "中", "高", "低", None]
    four = tier_reader(("A", "B", "C", "D"), None)
    assert [four(text).value for text in ("Ａ", "低风险(A类)", "A（高风险）", "较高风险")] == ["A", "A", None, "C"]


@pytest.mark.parametrize(
    ("text", "industry"),
    [
        ("5211", "F5211"),
        ("F5211", "F5211"),
        ("C5211", None),
        ("批发业", "F51"),
        ("H6210 正餐服务", "H6210"),
        ("99", None),
    ],
)
def test_industry_is_given_its_section(text: str, industry: str | None) -> None:
    assert read_industry(text).value == industry


def test_list_is_split_at_every_separator_used() -> None:
    assert split_list("甲、乙，丙,丁;戊；己 庚\n甲") == ["甲", "乙", "丙", "丁", "戊", "己", "庚"]


def test_every_code_used_has_its_messages() -> None:
    root = Path(__file__).parents[2]
    messages = tomllib.loads((root / "data/messages/registers.toml").read_text(encoding="utf-8"))
    source = "\n".join(file.read_text(encoding="utf-8") for file in (root / "inspection/registry").glob("*.py"))
    faults = {code.removesuffix(".remedy") for code in messages if code.endswith(".remedy")}
    assert len(faults) > 50
    for code in faults:
        assert {code, f"{code}.title", f"{code}.remedy"} <= set(messages)
        assert all(messages[code][language] for language in ("zh", "en"))
    import re

    used = set(re.findall(r'"(registers\.[a-z_]+(?:\.[a-z_]+)?)"|\'(registers\.[a-z_]+\.[a-z_]+)\'', source))
    named = {first or second for first, second in used}
    assert named <= set(messages), named - set(messages)
