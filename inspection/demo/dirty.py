"""Small registers in which every kind of mistake occurs, to try the importer and its messages by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xlsxwriter  # type: ignore[import-untyped]  # the package ships no types

from inspection.demo.credit_codes import credit_codes
from inspection.demo.sheets import CREATED

FIRM_HEADER = (
    "统一社会信用代码*", "企业名称", "主体类型", "信用风险\n分类", "登记状态", "行政区划代码", "所在乡镇", "行业代码",
    "专项库", "住所（经营场所）", "成立日期",
)  # fmt: skip
INSPECTOR_HEADER = "姓名,工号,所属部门,执法证号,有效期至,岗位资质,状态"
CUT_CODE = 914690062012664960
"""What Excel makes of a code typed as a number: 15 significant digits (issue 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyFiles:
    """Where the bad registers were written."""

    firms: Path
    inspectors: Path


def write_dirty_sample(folder: Path) -> DirtyFiles:
    """``firms.xlsx`` and ``inspectors.csv`` are in ``folder``: some good rows, and each kind of bad one.

    They fit the agencies and rules of ``write_county`` for one county.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = DirtyFiles(firms=folder / "firms.xlsx", inspectors=folder / "inspectors.csv")
    _write_firms(files.firms, firm_rows())
    text = "\r\n".join([INSPECTOR_HEADER, *inspector_lines(), ""])
    files.inspectors.write_bytes(text.encode("gb18030"))
    return files


def firm_rows() -> list[list[str | int]]:
    """Rows of the firm register, three good ones first; ``int`` cells are numbers in the spreadsheet."""
    codes = credit_codes(["91370828", "92370828"], np.zeros(20, dtype=np.int64), "dirty").tolist()
    good = [_firm(code, f"缗城县示例{place}号商贸有限公司") for place, code in enumerate(codes, 1)]
    rows = good[:3]
    rows += [
        _changed(good[3], 0, CUT_CODE),
        _changed(good[4], 0, "9.14690062012665E+17"),
        _changed(good[5], 0, _wrong_check(codes[5])),
        _changed(good[6], 0, str(codes[6])[:17]),
        _changed(good[7], 0, str(codes[7])[:16] + "IO"),
        _changed(good[8], 0, ""),
        _changed(good[0], 1, "缗城县重复登记有限公司"),
        _changed(good[9], 1, "   "),
        _changed(good[10], 2, "事业单位分院"),
        _changed(good[11], 3, "E"),
        _changed(good[12], 3, ""),
        _changed(good[13], 4, "筹建中"),
        _changed(good[14], 5, 370899),
        _changed(good[15], 10, "2021-02-30"),
        _changed(_changed(_changed(good[16], 1, ""), 3, "X"), 4, "不明"),
        _changed(good[17], 7, "ZZ12"),
        _changed(good[18], 10, "二〇一九年五月"),
    ]
    return rows


def inspector_lines() -> list[str]:
    """Lines of the register of inspectors, two good ones first."""
    agency = "缗城县市场监督管理局"
    return [
        f"王建军,D001,{agency},15370828900,2029-12-31,食品安全,在岗",
        f"李晓明,D002,{agency},15370828901,2030年6月30日,,在岗",
        f"张永强,D003,{agency},15370828902,2025/12/31,,在岗",
        f"刘玉华,D004,{agency},,2029-12-31,,在岗",
        f"陈红,D005,{agency},15370828904,,,在岗",
        f"杨海涛,D006,{agency},15370828905,2029-02-30,,在岗",
        "赵磊,D007,缗城县盐务管理局,15370828906,2029-12-31,,在岗",
        f",D008,{agency},15370828907,2029-12-31,,在岗",
        f"黄勇,D001,{agency},15370828908,2029-12-31,,在岗",
        f"周静,,{agency},15370828909,2029-12-31,,在岗",
        f"吴超,D010,{agency},15370828910,2029-12-31,,退休",
        f"徐洋,D 011,{agency},15370828911,2029-12-31,,在岗",
        f"孙刚,D012,{agency},15370828912,2029-12-31,,在岗,多出一栏",
        f"朱平,D013,{agency}",
    ]


def _firm(code: str, name: str) -> list[str | int]:
    return [
        code, name, "企业", "A", "存续（在营、开业、在册）", "370828", "城关街道", "F5219", "",
        "缗城县城关街道人民路1号", "2018-06-01",
    ]  # fmt: skip


def _changed(row: Sequence[str | int], column: int, value: str | int) -> list[str | int]:
    return [*row[:column], value, *row[column + 1 :]]


def _wrong_check(code: str) -> str:
    return code[:17] + ("0" if code[17] != "0" else "1")


def _write_firms(path: Path, rows: Sequence[Sequence[str | int]]) -> None:
    """Title rows above the header, numbers as numbers: a sheet as it comes from an office."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": CREATED})
        sheet = book.add_worksheet("名录库")
        sheet.write_string(0, 0, "缗城县检查对象名录库")
        sheet.write_string(1, 0, "填报单位：缗城县市场监督管理局")
        for column, name in enumerate(FIRM_HEADER):
            sheet.write_string(2, column, name)
        for number, row in enumerate(rows, 3):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(number, column, value)
                else:
                    sheet.write_string(number, column, value)
