from __future__ import annotations

import csv
import hashlib
import math
import os
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from inspection.demo.county import CountySize, write_county
from inspection.demo.files import CountyFiles
from inspection.demo.vocabulary import KINDS, load_vocabulary

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LIVE = "存续（在营、开业、在册）"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> CountyFiles:
    return write_county(tmp_path_factory.mktemp("county"), CountySize())


@pytest.fixture(scope="module")
def firms(county: CountyFiles) -> list[dict[str, str]]:
    with county.firms.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheet(path: Path) -> list[dict[str, Any]]:
    rows = list(openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True))
    return [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]


def credit_code_passes(code: str) -> bool:
    total = sum(ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return ALPHABET[-total % 31] == code[17]


def subject_number_passes(code: str) -> bool:
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    signs = code[8:16]
    total = sum(w * (int(s) if s.isdigit() else ord(s) - 55) for w, s in zip(weights, signs, strict=True))
    return "0123456789X"[(11 - total % 11) % 11] == code[16]


def registration_number_passes(code: str) -> bool:
    product = 10
    for sign in code[:14]:
        product = ((product + int(sign)) % 10 or 10) * 2 % 11
    return (product + int(code[14])) % 10 == 1


def test_county_has_the_sizes_asked_for(county: CountyFiles, firms: list[dict[str, str]]) -> None:
    sizes = [len(sheet(path)) for path in (county.agencies, county.items, county.inspectors, county.tasks)]
    assert [*sizes, len(firms)] == [20, 200, 500, 250, 90_000]


def test_every_code_is_unique_and_passes_its_standard(firms: list[dict[str, str]]) -> None:
    codes = [firm["统一社会信用代码"] for firm in firms]
    old = [code for code in codes if len(code) == 15]
    assert len(set(codes)) == len(codes)
    assert 100 < len(old) < 500 and all(registration_number_passes(code) for code in old)
    new = [code for code in codes if len(code) == 18]
    assert len(new) + len(old) == len(codes)
    assert all(credit_code_passes(code) and subject_number_passes(code) for code in new)
    assert not any(code.isdigit() for code in new)


def test_mix_of_firms_is_that_of_real_counties(firms: list[dict[str, str]]) -> None:
    def shares(column: str) -> dict[str, float]:
        return {value: number / len(firms) for value, number in Counter(firm[column] for firm in firms).items()}

    kinds, tiers, status, towns = (shares(name) for name in ("主体类型", "信用风险分类", "登记状态", "所在乡镇"))
    assert kinds["企业"] == pytest.approx(0.30, abs=0.01) and kinds["个体工商户"] == pytest.approx(0.62, abs=0.01)
    assert [tiers[name] for name in "ABCD"] == pytest.approx([0.55, 0.33, 0.08, 0.04], abs=0.01)
    assert status[LIVE] == pytest.approx(0.94, abs=0.005) and len(status) == 6
    assert len(towns) == 13 and max(towns.values()) > 5 * min(towns.values())
    tags = [len([tag for tag in firm["专项库"].split("、") if tag]) for firm in firms]
    assert max(tags) == 4 and 0.2 < tags.count(0) / len(tags) < 0.6


def test_no_field_of_the_firms_is_blank_or_breaks_the_file(county: CountyFiles, firms: list[dict[str, str]]) -> None:
    text = county.firms.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf") and text.count(b"\r\n") == 90_001 and b'"' not in text
    values = [value for firm in firms[:5_000] for name, value in firm.items() if name != "专项库"]
    assert all(value and value.strip() == value for value in values)


def selected(task: dict[str, Any], firm: dict[str, str]) -> bool:
    """The firm is subject to the task, read as the importer's notes to columns say."""

    def among(column: str, value: str) -> bool:
        return not task[column] or value in str(task[column]).split("、")

    tags = set(firm["专项库"].split("、"))
    return (
        among("检查对象类型", firm["主体类型"])
        and among("信用风险分类", firm["信用风险分类"])
        and firm["行业代码"].startswith(task["行业"] or "")
        and (not task["专项库"] or task["专项库"] in tags)
    )


def test_every_live_firm_is_subject_to_a_task_and_every_task_has_four_firms_for_each_it_takes(
    county: CountyFiles, firms: list[dict[str, str]]
) -> None:
    tasks = sheet(county.tasks)
    kinds = Counter(
        (firm["主体类型"], firm["信用风险分类"], firm["行业代码"], firm["专项库"])
        for firm in firms
        if firm["登记状态"] == LIVE and "白名单" not in firm["专项库"]
    )
    names = ("主体类型", "信用风险分类", "行业代码", "专项库")
    subject = [
        {task["任务编号"] for task in tasks if selected(task, dict(zip(names, kind, strict=True)))} for kind in kinds
    ]
    assert all(subject)
    checks = 0
    for task in tasks:
        size = sum(number for number, codes in zip(kinds.values(), subject, strict=True) if task["任务编号"] in codes)
        amount = task["抽查比例（数量）"]
        wanted = int(amount[:-1]) if amount.endswith("户") else math.ceil(Fraction(amount[:-1]) / 100 * size)
        assert 0 < wanted <= max(1, size // 3), task["任务名称"]
        checks += wanted
    assert 6_500 <= checks <= 7_500


def test_registers_refer_only_to_rows_that_exist(county: CountyFiles, firms: list[dict[str, str]]) -> None:
    agencies = {row["部门名称"] for row in sheet(county.agencies)}
    items = {row["事项编码"]: row["检查主体"] for row in sheet(county.items)}
    inspectors = {row["工号"]: row for row in sheet(county.inspectors)}
    assert set(items.values()) <= agencies and {row["所属部门"] for row in inspectors.values()} == agencies
    for task in sheet(county.tasks):
        present = {task["发起部门"], *filter(None, str(task["配合部门"] or "").split("、"))}
        assert present <= agencies
        assert {items[code] for code in task["抽查事项"].split("、")} == present
    with county.recusals.open(encoding="gb18030", newline="") as file:
        recusals = list(csv.DictReader(file))
    codes = {firm["统一社会信用代码"] for firm in firms}
    assert len(recusals) > 900
    assert all(row["工号"] in inspectors and row["统一社会信用代码"] in codes for row in recusals)


def test_each_qualification_is_held_by_three_officers_or_more_of_its_agency(county: CountyFiles) -> None:
    needed = {(row["检查主体"], row["资质要求"]) for row in sheet(county.items) if row["资质要求"]}
    held = Counter(
        (row["所属部门"], name) for row in sheet(county.inspectors) for name in str(row["岗位资质"] or "").split("、")
    )
    assert len(needed) > 5 and all(held[pair] >= 3 for pair in needed)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_size_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    write_county(tmp_path / "a", CountySize.scaled(5_000))
    program = (
        "import sys; from pathlib import Path; from inspection.demo.county import CountySize, write_county;"
        "write_county(Path(sys.argv[1]), CountySize.scaled(5_000))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "b")], check=True, env=environment)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert len(digests(tmp_path / "a")) == 7


def test_several_counties_have_their_own_codes_agencies_and_tasks(tmp_path: Path) -> None:
    size = CountySize(firms=6_000, inspectors=120, agencies=8, items=60, tasks=40, counties=3)
    files = write_county(tmp_path, size)
    regions = Counter(str(row["行政区划代码"]) for row in sheet(files.tasks))
    assert regions == {"370801": 40, "370802": 40, "370803": 40}
    names = [row["部门名称"] for row in sheet(files.agencies)]
    assert len(set(names)) == 24
    assert all(row["部门编码"].startswith(row["行政区划代码"] + "-") for row in sheet(files.agencies))
    with files.firms.open(encoding="utf-8-sig", newline="") as file:
        firms = list(csv.DictReader(file))
    assert Counter(firm["行政区划代码"] for firm in firms) == dict.fromkeys(regions, 2_000)
    assert len({firm["统一社会信用代码"] for firm in firms}) == 6_000


@pytest.mark.parametrize("firms", [1_000, 1_001, 20_000, 300_000])
def test_scaled_county_has_room_for_every_agency(firms: int) -> None:
    size = CountySize.scaled(firms)
    assert size.firms == firms and size.inspectors >= 5 * size.agencies


def test_size_out_of_range_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="agencies: expected 2 to 24, got 25"):
        CountySize(agencies=25, inspectors=1_000)
    with pytest.raises(ValueError, match="firms: expected 1000 to"):
        CountySize(firms=10)


def test_word_lists_speak_of_the_same_registers_trades_and_agencies() -> None:
    lists = load_vocabulary()
    registers = {name for trade in lists.trades for name in trade.registers}
    agencies = {agency.code for agency in lists.agencies}
    assert {matter.register for matter in lists.matters} - {""} == registers
    for matter in lists.matters:
        assert any(matter.covers(trade) for trade in lists.trades), matter.subject
        assert {matter.agency, *matter.joining} <= agencies and matter.agency not in matter.joining
        assert set(matter.kinds) <= set(KINDS)
    assert len({matter.subject for matter in lists.matters}) == len(lists.matters)
    assert all(agency.item_style in lists.aspects for agency in lists.agencies)


STANDARD = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "industry" / "gbt4754_2017.csv"


@pytest.mark.skipif(not STANDARD.exists(), reason="the shared test data is not beside the repository")
def test_industry_codes_exist_in_the_standard() -> None:
    with STANDARD.open(encoding="utf-8", newline="") as file:
        known = {row["门类"] + row["代码"] for row in csv.DictReader(file)}
    assert [trade.industry for trade in load_vocabulary().trades if trade.industry not in known] == []
