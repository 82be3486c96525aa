from __future__ import annotations

from pathlib import Path

import duckdb
import openpyxl
from register_rows import AGENCIES, FIRM_HEADER, INSPECTORS, Import, code, firm, write_csv, write_xlsx

from inspection.registry import REGISTER_KINDS, write_template


def test_rejects_are_laid_out_to_be_worked_through(run: Import) -> None:
    bad = firm(2, 信用风险分类="E", 企业名称="=1+1", 登记状态="筹建")
    report = run(
        firms=[(*FIRM_HEADER, "备注"), [*firm(1), ""], [*bad, "自带备注"], [*firm(3, 统一社会信用代码="1"), ""]]
    )
    assert report.rejects is not None
    book = openpyxl.load_workbook(report.rejects)
    assert book.sheetnames == ["统计", "检查对象名录库", "问题清单"]
    sheet = book["检查对象名录库"]
    head = [cell.value for cell in sheet[1]]
    assert head[:4] == ["问题", "处理办法", "来源文件", "原行号"] and head[4:] == [*FIRM_HEADER, "备注"]
    first = dict(zip(head, [cell.value for cell in sheet[2]], strict=True))
    assert (first["统一社会信用代码"], first["企业名称"], first["原行号"]) == (code(2), "=1+1", 3)
    assert "信用风险分类" in first["问题"] and "登记状态" in first["问题"]
    assert sheet.cell(2, 5).number_format == "@" and sheet.cell(2, 6).data_type == "s"
    marked = {head[cell.column - 1] for cell in sheet[2] if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert marked == {"信用风险分类", "登记状态"}
    listed = list(book["问题清单"].iter_rows(min_row=2, values_only=True))
    assert len(listed) == 3
    assert listed[0][1:7] == ("检查对象名录库", "firms.csv", "", "3", "登记状态", "筹建")
    counted = [row for row in book["统计"].iter_rows(values_only=True) if row[0] == "检查对象名录库"]
    assert ("检查对象名录库", "", 3, 1, 2, 0) in counted
    assert ("检查对象名录库", "信用风险等级不认识", 1) in [row[:3] for row in counted]


def test_corrected_rejects_are_imported_again_beside_the_original(run: Import, tmp_path: Path) -> None:
    original = write_csv(tmp_path / "f.csv", [FIRM_HEADER, firm(1), firm(2, 信用风险分类="E")])
    report = run(firms=original)
    assert report.rejects is not None
    book = openpyxl.load_workbook(report.rejects)
    sheet = book["检查对象名录库"]
    sheet.cell(2, [cell.value for cell in sheet[1]].index("信用风险分类") + 1).value = "B"
    book.save(tmp_path / "corrected.xlsx")
    again = run(firms=[original, tmp_path / "corrected.xlsx"])
    assert again.counts["firms"].accepted == 2
    assert again.snapshot is not None and again.snapshot.firm_counts["tier"] == {"A": 1, "B": 1}


def test_code_cut_in_a_cell_stays_refused_when_its_reject_is_handed_in_again(run: Import, tmp_path: Path) -> None:
    report = run(firms=write_xlsx(tmp_path / "n.xlsx", [FIRM_HEADER, firm(1, 统一社会信用代码=913708287392745443)]))
    assert report.rejects is not None
    again = run(firms=report.rejects)
    assert again.counts["firms"].accepted == 0 and again.snapshot is None


def test_every_rejected_row_waits_in_quarantine_as_it_was_read(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    write_csv(path, [FIRM_HEADER, firm(1), firm(2, 企业名称="")])
    path.write_text(path.read_text(encoding="utf-8") + "坏,行\n", encoding="utf-8")
    report = run(firms=path, agencies=[*AGENCIES, ("坏 码", "x", "370828")], inspectors=INSPECTORS)
    assert report.quarantine is not None
    rows = (
        duckdb.connect()
        .execute(f"SELECT register, row, cells, codes FROM '{report.quarantine}' ORDER BY 1, 2")
        .fetchall()
    )
    assert [(row[0], row[1]) for row in rows] == [("agencies", 4), ("firms", 3), ("firms", 4)]
    assert rows[1][2][0] == code(2) and rows[2][2] == ["坏,行"]
    assert rows[2][3] == ["registers.csv.fields"]


def test_workbook_someone_works_in_is_not_overwritten(run: Import) -> None:
    rows = [FIRM_HEADER, firm(1), firm(2, 企业名称="")]
    first = run(firms=rows).rejects
    assert first is not None
    first.write_bytes(b"in work")
    second = run(firms=rows).rejects
    assert second == first and first.read_bytes() == b"in work"


def test_templates_are_read_by_our_own_importer_and_explain_themselves(tmp_path: Path) -> None:
    for kind in REGISTER_KINDS:
        write_template(kind, tmp_path / f"{kind}.xlsx")
        book = openpyxl.load_workbook(tmp_path / f"{kind}.xlsx")
        sheet = book.worksheets[0]
        assert book.sheetnames[1] == "填写说明"
        assert any(str(cell.value).endswith("*") for cell in sheet[1])
        assert sheet.cell(2, 1).number_format == "@"
    firms = openpyxl.load_workbook(tmp_path / "firms.xlsx").worksheets[0]
    lists = [rule.formula1 for rule in firms.data_validations.dataValidation if rule.type == "list"]
    assert any("个体工商户" in text for text in lists) and any("存续" in text for text in lists)


def test_rejects_of_files_with_other_headers_get_their_own_sheets(run: Import, tmp_path: Path) -> None:
    header = ["信用代码", "名称", "类型", "风险等级", "状态"]
    one = write_csv(tmp_path / "1.csv", [FIRM_HEADER, firm(1, 登记状态="?")])
    two = write_csv(tmp_path / "2.csv", [header, firm(2, 登记状态="?")[:5]])
    report = run(firms=[one, two])
    assert report.rejects is not None
    book = openpyxl.load_workbook(report.rejects)
    assert book.sheetnames[1:3] == ["检查对象名录库", "检查对象名录库 2"]
    assert [cell.value for cell in book["检查对象名录库 2"][1]][4:] == header
