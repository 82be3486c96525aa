from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from register_rows import FIRM_HEADER, Import, code, codes_of, firm, write_csv, write_xlsx

from inspection.errors import InputError


def lines(*rows: str) -> str:
    return "\n".join([",".join(FIRM_HEADER), *rows]) + "\n"


def line(number: int, **changed: object) -> str:
    return ",".join(str(cell) for cell in firm(number, **changed))


def test_broken_lines_are_named_by_their_line_and_the_others_go_on(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(
        lines(
            line(1),
            line(2) + ",多一栏",
            "",
            code(3) + ",少几栏",
            line(4, 住所='"人民路\n1号"'),
            line(5, 住所='"没有配对'),
            line(6, 住所='中间"一个引号'),
            line(7),
            line(8, 成立日期="2021-02-30"),
        ),
        encoding="utf-8",
    )
    report = run(firms=path)
    named = {(fault.row, fault.code.removeprefix("registers.")) for fault in report.examples}
    assert named == {(3, "csv.fields"), (5, "csv.fields"), (8, "csv.quote"), (11, "date.impossible")}
    counts = report.counts["firms"]
    assert (counts.read, counts.accepted, counts.rejected) == (8, 4, 4)


def test_line_numbers_hold_below_blank_lines_and_titles(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "示例县检查对象名录库\n\n" + lines(line(1), "", "", line(2, 企业名称="")) + "\n\n", encoding="utf-8"
    )
    (fault,) = run(firms=path).examples
    assert fault.row == 7


@pytest.mark.parametrize(("encoding", "other"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_byte_of_no_encoding_costs_its_line_only(run: Import, tmp_path: Path, encoding: str, other: str) -> None:
    path = tmp_path / "e.csv"
    good = lines(*(line(number) for number in range(6))).encode(encoding)
    path.write_bytes(
        good + b"\x81\xff\xfe," + line(9).encode("ascii", "ignore") + b"\n" + line(8).encode(encoding) + b"\n"
    )
    report = run(firms=path)
    assert codes_of(report) == {"csv.encoding": 1}
    assert report.examples[0].row == 8 and report.counts["firms"].accepted == 7


def test_windows_line_ends_and_semicolons_are_read(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_bytes(lines(line(1), line(2)).replace(",", ";").replace("\n", "\r\n").encode("gb18030"))
    assert run(firms=path).counts["firms"].accepted == 2


def test_trailing_empty_fields_are_no_fault(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(lines(line(1) + ",,,", line(2)), encoding="utf-8")
    assert run(firms=path).counts["firms"].accepted == 2


def test_blank_rows_are_counted_and_not_read(run: Import, tmp_path: Path) -> None:
    rows = [FIRM_HEADER, firm(1), [""] * 11, [" "] * 11, firm(2)]
    counts = run(firms=write_csv(tmp_path / "a.csv", rows)).counts["firms"]
    assert (counts.read, counts.accepted, counts.blank) == (2, 2, 2)


def test_headers_with_stars_breaks_width_and_remarks_are_recognised(run: Import) -> None:
    header = ["* 统一社会\n信用代码", "企业名称（必填）", "主体类型＊", "信用风险\n分类", " 登记 状态 ", "行政区划代码",
              "所在乡镇", "行业代码", "专项库", "住所(经营场所)", "成立日期（如 2018-01-01）"]  # fmt: skip
    assert run(firms=[header, firm(1)]).rejected == 0


def test_missing_column_is_named_with_what_is_close_and_what_is_known(run: Import, tmp_path: Path) -> None:
    header = ["统一社会信用代码", "企业全名称", "主体类型", "信用风险分类", "登记状态"]
    with pytest.raises(InputError) as caught:
        run(firms=write_csv(tmp_path / "m.csv", [header, firm(1)[:5]]))
    text = caught.value.text()
    assert "m.csv" in text and "企业名称" in text and "≈ 企业全名称" in text and "映射文件" in text


def test_files_that_cannot_be_read_are_all_named_at_once(run: Import, tmp_path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    (tmp_path / "old.xls").write_bytes(ole)
    (tmp_path / "locked.xlsx").write_bytes(ole + "EncryptedPackage".encode("utf-16-le"))
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "blank.csv").write_bytes(b"\xef\xbb\xbf\r\n\r\n")
    (tmp_path / "no.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    names = ["old.xls", "locked.xlsx", "empty.csv", "blank.csv", "no.xlsx", "absent.csv"]
    with pytest.raises(InputError) as caught:
        run(firms=[tmp_path / name for name in names])
    told = caught.value.text().splitlines()
    assert len(told) == 6
    for text, (name, word) in zip(
        told,
        [("old.xls", "另存为"), ("locked.xlsx", "密码"), ("empty.csv", "空"), ("blank.csv", "空"), ("no.xlsx", "损坏"),
         ("absent.csv", "找不到")],
        strict=True,
    ):  # fmt: skip
        assert name in text and word in text
    assert len(caught.value.text("en").splitlines()) == 6


def test_sheet_with_the_header_is_chosen_among_several_and_said(run: Import, tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("说明").write_string(0, 0, "填报说明")
        for name, rows in (("二所", [FIRM_HEADER, firm(1)]), ("一所", [FIRM_HEADER, firm(2), firm(3)])):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, [str(cell) for cell in row])
    report = run(firms=path)
    told = [notice.text() for notice in report.warnings]
    assert any("读取的是「二所」" in text for text in told) and any("没有读取：一所" in text for text in told)
    assert report.counts["firms"].read == 1


def test_row_numbers_of_a_sheet_are_those_the_user_sees(run: Import, tmp_path: Path) -> None:
    rows = [["示例县检查对象名录库"], [], FIRM_HEADER, firm(1), [], firm(2, 登记状态="？")]
    (fault,) = run(firms=write_xlsx(tmp_path / "r.xlsx", rows)).examples
    assert (fault.sheet, fault.row, fault.column) == ("名录", 6, "登记状态")


def test_dates_and_ratios_stored_as_numbers_are_read(run: Import, tmp_path: Path) -> None:
    report = run(firms=write_xlsx(tmp_path / "d.xlsx", [FIRM_HEADER, firm(1, 成立日期=43252, 行政区划代码=370828)]))
    assert report.rejected == 0, report.examples


@pytest.mark.parametrize("ends", ["\r", "\r\n", "\n"])
def test_every_kind_of_line_end_is_read(run: Import, tmp_path: Path, ends: str) -> None:
    path = tmp_path / "n.csv"
    path.write_bytes(lines(line(1), line(2)).replace("\n", ends).encode("utf-8"))
    assert run(firms=path).counts["firms"].accepted == 2


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_file_gives_a_clear_error_or_an_account_of_its_rows(run: Import, tmp_path: Path, seed: int) -> None:
    data = bytearray(lines(*(line(number) for number in range(8))).encode(("utf-8", "gb18030", "utf-16")[seed % 3]))
    draw = random.Random(seed)
    for _ in range(draw.choice([1, 2, 10])):
        place = draw.randrange(len(data))
        if draw.random() < 0.5:
            data[place] = draw.choice([0, 9, 10, 13, 34, 44, 59, 129, 255, draw.randrange(256)])
        else:
            data[place:place] = draw.choice([b'"', b"\n", b"\r", b'",', b"\0", b"\xff\xfe", bytes(data[:50])])
    path = tmp_path / "damaged.csv"
    path.write_bytes(data)
    try:
        counts = run(firms=path).counts["firms"]
    except InputError as error:
        assert "damaged.csv" in error.text()
    else:
        assert counts.read == counts.accepted + counts.rejected
