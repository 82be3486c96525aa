from __future__ import annotations

import gzip
import shutil
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from register_rows import (
    AGENCIES,
    FIRM_HEADER,
    INSPECTORS,
    ITEMS,
    TASK_HEADER,
    TASKS,
    Import,
    code,
    codes_of,
    firm,
    write_csv,
    write_xlsx,
)

from inspection.errors import InputError
from inspection.registry import Snapshot

FIRMS = [FIRM_HEADER, *(firm(number) for number in range(8))]


def digest(report) -> str:  # type: ignore[no-untyped-def]
    assert report.snapshot is not None
    return str(report.snapshot.digest)


def test_all_registers_are_read_into_records(run: Import) -> None:
    recusals = [("工号", "统一社会信用代码", "回避事由"), ("P1", code(3), "近亲属"), ("15002", code(4), "同乡")]
    report = run(agencies=AGENCIES, items=ITEMS, inspectors=INSPECTORS, firms=FIRMS, tasks=TASKS, recusals=recusals)
    snapshot = report.snapshot
    assert snapshot is not None and report.rejected == 0, report.examples
    assert [agency.name for agency in snapshot.agencies()] == ["示例县市场监督管理局", "示例县消防救援大队"]
    first, second, _ = snapshot.items()
    assert (first.qualification, first.is_key, second.agency) == ("特种设备安全监察员", True, "SCJG")
    assert snapshot.inspectors()[0].valid_until.isoformat() == "2027-12-31"
    joint, single = snapshot.tasks()
    assert (joint.joining, joint.items, joint.count, joint.ratio) == (("XF",), ("S1", "X1"), 5, None)
    assert joint.months == ("2027-04", "2027-05", "2027-06") and joint.selection.tags == frozenset({"特种设备"})
    assert (single.ratio, single.months, single.selection.region) == (Fraction(1, 20), ("2027-03",), "370828")
    assert [(r.inspector, r.reason) for r in snapshot.recusals()] == [("P1", "kinship"), ("P2", "other")]
    assert snapshot.firm_counts["tier"] == {"A": 8}


def test_firms_are_sorted_bytewise_with_their_columns(run: Import) -> None:
    rows = [FIRM_HEADER, firm(5, 专项库="特种设备，餐饮", 成立日期=""), firm(2, 主体类型="9500", 住所=" 甲\n乙 ")]
    report = run(firms=rows)
    assert report.snapshot is not None
    relation = duckdb.connect().execute(f"SELECT * FROM '{report.snapshot.firms}'")
    assert [column[0] for column in relation.description] == [
        "firm", "name", "kind", "tier", "status", "region", "town", "industry", "tags", "address", "established"
    ]  # fmt: skip
    first, second = relation.fetchall()
    assert first[:3] == (code(2), "示例2号商店", "household") and first[9] == "甲 乙"
    assert second[8:] == ("特种设备;餐饮", "人民路1号", None)


def test_same_content_in_any_format_and_order_gives_the_same_snapshot(run: Import, tmp_path: Path) -> None:
    rows = [FIRM_HEADER, *(firm(number, 专项库="特种设备、餐饮") for number in range(30))]
    turned = [rows[0], *reversed(rows[1:])]
    table = write_csv(tmp_path / "p.csv", rows)
    duckdb.connect().execute(f"COPY (FROM read_csv('{table}', all_varchar=true)) TO '{tmp_path}/p.parquet'")
    with gzip.open(tmp_path / "z.csv.gz", "wb") as packed:
        packed.write(table.read_bytes())
    files = [
        table,
        write_csv(tmp_path / "bom.csv", turned, "utf-8-sig"),
        write_csv(tmp_path / "gb.csv", turned, "gb18030"),
        write_csv(tmp_path / "u16.csv", rows, "utf-16"),
        write_xlsx(tmp_path / "x.xlsx", [["示例县检查对象名录库"], [], *turned]),
        tmp_path / "p.parquet",
        tmp_path / "z.csv.gz",
    ]
    assert len({digest(run(firms=file)) for file in files}) == 1
    halves = [write_csv(tmp_path / "a.csv", rows[:12]), write_csv(tmp_path / "b.csv", [rows[0], *rows[12:]])]
    assert digest(run(firms=halves)) == digest(run(firms=table))


def test_snapshot_that_exists_is_not_written_again(run: Import, tmp_path: Path) -> None:
    first = run(firms=FIRMS).snapshot
    assert first is not None
    before = first.firms.stat()
    second = run(firms=FIRMS).snapshot
    assert second is not None and second.firms.stat().st_mtime_ns == before.st_mtime_ns
    assert Snapshot.open(tmp_path / "w", first.digest).counts["firms"] == 8
    assert [path.name for path in (tmp_path / "w").iterdir()] == ["snapshots"]


def test_one_changed_cell_gives_another_snapshot(run: Import) -> None:
    changed = [FIRM_HEADER, *(firm(number) for number in range(7)), firm(7, 住所="人民路2号")]
    assert digest(run(firms=FIRMS)) != digest(run(firms=changed))


def test_each_kind_of_bad_firm_is_named_with_row_column_and_value(run: Import) -> None:
    rows = [
        FIRM_HEADER,
        firm(1),
        firm(2, 统一社会信用代码="914690062012664960"),
        firm(3, 统一社会信用代码=code(3)[:17] + ("0" if code(3)[17] != "0" else "1")),
        firm(4, 企业名称=" "),
        firm(5, 主体类型="事业单位", 信用风险分类="E", 登记状态="筹建", 行政区划代码="370899", 成立日期="2021-02-30"),
        firm(6, 信用风险分类=""),
        firm(7, 行业代码="ZZ", 所在乡镇="甲:乙"),
    ]
    report = run(firms=rows)
    counts = report.counts["firms"]
    assert (counts.read, counts.accepted, counts.rejected) == (7, 1, 6)
    assert codes_of(report) == {
        "code.cut": 1, "code.check_digit": 1, "name.blank": 1, "kind.unknown": 1, "tier.unknown": 1,
        "status.unknown": 1, "region.unknown": 1, "date.impossible": 1, "tier.blank": 1, "industry.unknown": 1,
        "place.characters": 1,
    }  # fmt: skip
    named = {fault.code: (fault.file, fault.row, fault.column, fault.value) for fault in report.examples}
    assert named["registers.code.cut"] == ("firms.csv", 3, "统一社会信用代码", "914690062012664960")
    assert named["registers.date.impossible"] == ("firms.csv", 6, "成立日期", "2021-02-30")
    cut = next(fault for fault in report.examples if fault.code == "registers.code.cut")
    assert "数据 → 从文本导入" in cut.remedy() and "Text" not in cut.reason()


def test_number_cell_in_a_spreadsheet_is_refused_and_a_registration_number_is_not(run: Import, tmp_path: Path) -> None:
    rows = [
        FIRM_HEADER,
        firm(1, 统一社会信用代码=914690062012664960),
        firm(2, 统一社会信用代码=913708287392745443),
        firm(3, 统一社会信用代码=110108000000016),
        firm(4, 统一社会信用代码="110108000000024"),
    ]
    report = run(firms=write_xlsx(tmp_path / "n.xlsx", rows))
    assert report.counts["firms"].accepted == 2
    assert codes_of(report) == {"code.number": 2}
    assert {fault.row for fault in report.examples} == {2, 3}


def test_number_column_in_parquet_is_refused(run: Import, tmp_path: Path) -> None:
    columns = ", ".join(f"'{cell}' AS \"{name}\"" for name, cell in zip(FIRM_HEADER[1:], firm(1)[1:], strict=True))
    duckdb.connect().execute(
        f"COPY (SELECT 913708287392745443::BIGINT AS 统一社会信用代码, {columns}) TO '{tmp_path}/n.parquet'"
    )
    assert codes_of(run(firms=tmp_path / "n.parquet")) == {"code.number": 1}


def test_repeat_across_files_names_the_first_place(run: Import, tmp_path: Path) -> None:
    one = write_csv(tmp_path / "one.csv", [FIRM_HEADER, firm(1), firm(2)])
    two = write_xlsx(tmp_path / "two.xlsx", [FIRM_HEADER, firm(2), firm(3)])
    report = run(firms=[one, two])
    (fault,) = report.examples
    assert (fault.code, fault.file, fault.row, fault.detail) == ("registers.repeat", "two.xlsx", 2, "one.csv 3")
    assert (report.counts["firms"].accepted, report.counts["firms"].duplicates) == (3, 1)


def test_contradicting_rows_of_a_code_are_all_refused_in_any_order(run: Import) -> None:
    rows = [firm(1), firm(2, 信用风险分类="A"), firm(2, 信用风险分类="D")]
    reports = [run(firms=[FIRM_HEADER, *order]) for order in (rows, rows[::-1])]
    assert [report.counts["firms"].accepted for report in reports] == [1, 1]
    assert digest(reports[0]) == digest(reports[1])
    assert codes_of(reports[0]) == {"conflict": 2}


def test_corrected_row_beside_the_faulty_one_is_accepted(run: Import) -> None:
    report = run(firms=[FIRM_HEADER, firm(1, 信用风险分类="E"), firm(1)])
    assert report.counts["firms"].accepted == 1
    assert codes_of(report) == {"tier.unknown": 1, "repeat": 1}


def test_bad_inspectors_are_named(run: Import) -> None:
    head = INSPECTORS[0]
    rows = [
        head,
        ("P1", "王一", "SCJG", "15001", "2026-12-31", "", ""),
        ("P2", "王二", "SCJG", "", "2027-12-31", "", ""),
        ("P3", "王三", "SCJG", "15003", "", "", ""),
        ("P4", "王四", "盐务局", "15004", "2027-12-31", "", ""),
        ("P5", "", "SCJG", "15005", "2027-02-29", "", "退休"),
        ("P 6", "王六", "SCJG", "1.5E+10", "长期", "", "发呆"),
        ("P7", "王七", "SCJG", "15007", "长期", "", "在职"),
    ]
    report = run(agencies=AGENCIES, inspectors=rows)
    assert codes_of(report) == {
        "certificate.expired": 1, "certificate.blank": 1, "certificate.undated": 1, "agency.unknown": 1,
        "name.blank": 1, "date.impossible": 1, "duty.inactive": 1, "identifier.characters": 1,
        "certificate.number": 1, "duty.unknown": 1,
    }  # fmt: skip
    assert report.snapshot is not None
    assert [person.inspector for person in report.snapshot.inspectors()] == ["P7"]


def test_bad_tasks_are_named(run: Import) -> None:
    rows = [
        TASK_HEADER,
        ("T1", "甲", "SCJG", "", "S1", "5户", "5%", "4月", ""),
        ("T2", "乙", "SCJG", "", "S1", "", "", "4月", ""),
        ("T3", "丙", "SCJG", "", "", "5", "", "6月-4月", ""),
        ("T4", "丁", "SCJG", "", "S1、X1", "5", "", "2026年4月", ""),
        ("T5", "戊", "盐务局", "", "S9", "五", "", "", ""),
        ("T6", "己", "SCJG", "XF", "S1、X1", "", "5", "择机", ""),
    ]
    report = run(agencies=AGENCIES, items=ITEMS, tasks=rows)
    assert codes_of(report) == {
        "quota.both": 1, "quota.neither": 1, "item.blank": 1, "window.reversed": 1, "items.foreign": 1,
        "window.year": 1, "agency.unknown": 1, "item.unknown": 1, "count.unreadable": 1, "window.blank": 1,
        "ratio.bare": 1, "window.unreadable": 1,
    }  # fmt: skip
    foreign = next(fault for fault in report.examples if fault.code == "registers.items.foreign")
    assert (foreign.row, foreign.detail) == (5, "X1(XF)")


def test_recusals_of_unknown_people_and_firms_are_named(run: Import) -> None:
    recusals = [("工号", "统一社会信用代码", "回避事由"), ("P9", code(1), ""), ("P1", code(99), ""), ("P1", "12", "")]
    report = run(agencies=AGENCIES, inspectors=INSPECTORS, firms=FIRMS, recusals=recusals)
    assert codes_of(report) == {"inspector.unknown": 1, "firm.unknown": 1, "code.length": 1}


def test_name_of_two_agencies_asks_for_the_code(run: Import) -> None:
    agencies = [*AGENCIES, ("SCJG2", "示例县市场监督管理局", "370828")]
    report = run(agencies=agencies, items=ITEMS)
    assert codes_of(report) == {"agency.ambiguous": 1}


def test_blank_tier_is_given_when_the_policy_names_one(run: Import) -> None:
    report = run(firms=[FIRM_HEADER, firm(1, 信用风险分类="")], settings={"blank_tier": "B"})
    assert report.snapshot is not None and report.snapshot.firm_counts["tier"] == {"B": 1}
    assert any(notice.code == "registers.notice.blank_tier" for notice in report.warnings)


def test_strict_import_with_a_bad_row_freezes_nothing(run: Import, tmp_path: Path) -> None:
    report = run(firms=[FIRM_HEADER, firm(1), firm(2, 企业名称="")], settings={"strict": True})
    assert report.snapshot is None and report.rejects is not None and report.rejects.is_file()
    assert not (tmp_path / "w" / "snapshots").exists()


def test_register_without_those_it_refers_to_is_refused(run: Import) -> None:
    with pytest.raises(InputError, match=r"监管部门"):
        run(inspectors=INSPECTORS)


def test_mapping_file_maps_headers_words_constants_and_parts(run: Import, tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        'register = "firms"\n[columns]\n"主体全称" = "name"\n"号" = "firm"\n"类" = "kind"\n'
        '[constants]\nstatus = "存续"\ntier = "B"\n[values.kind]\n"法人" = "企业"\n'
        '[derive.region]\nfrom = "号"\ncharacters = [3, 8]\n',
        encoding="utf-8",
    )
    report = run(
        firms=[("号", "主体全称", "类", "备注"), (code(1), "甲", "法人", "x")],
        settings={"mappings": {"firms": mapping}},
    )
    assert report.snapshot is not None and report.rejected == 0, report.examples
    counts = report.snapshot.firm_counts
    assert (counts["tier"], counts["kind"], counts["region"]) == ({"B": 1}, {"enterprise": 1}, {"370828": 1})


def test_mapping_file_with_an_unknown_column_is_refused(run: Import, tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text('[columns]\n"a" = "nmae"\n', encoding="utf-8")
    with pytest.raises(InputError, match="nmae"):
        run(firms=FIRMS, settings={"mappings": {"firms": mapping}})


def test_example_row_left_in_a_template_is_refused(run: Import, tmp_path: Path) -> None:
    from inspection.registry import REGISTER_KINDS, write_template

    files = {}
    for kind in REGISTER_KINDS:
        files[kind] = tmp_path / f"{kind}.xlsx"
        write_template(kind, files[kind])
    report = run(**files)
    assert report.snapshot is None
    assert all(counts.read == counts.rejected == 1 for counts in report.counts.values())
    assert codes_of(report)["example"] == 6


def test_killed_import_leaves_no_half_snapshot(run: Import, tmp_path: Path) -> None:
    snapshot = run(firms=FIRMS).snapshot
    assert snapshot is not None
    shutil.rmtree(snapshot.folder)
    (tmp_path / "w" / "snapshots" / ".draft-x").mkdir()
    assert digest(run(firms=FIRMS)) == snapshot.digest


def test_scratch_of_a_killed_import_is_swept_the_next_day(run: Import, tmp_path: Path) -> None:
    import os
    import time

    for name, age in (("old", 90_000), ("young", 60)):
        (tmp_path / "w" / f".import-{name}").mkdir(parents=True)
        os.utime(tmp_path / "w" / f".import-{name}", times=(time.time() - age,) * 2)
    run(firms=FIRMS)
    assert [path.name for path in (tmp_path / "w").glob(".import-*")] == [".import-young"]
