from __future__ import annotations

from pathlib import Path

import openpyxl

from inspection.demo.dirty import FIRM_HEADER, inspector_lines, write_dirty_sample


def test_dirty_firms_keep_numbers_as_numbers_below_title_rows(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write_dirty_sample(tmp_path).firms).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[2] == FIRM_HEADER
    assert rows[6][0] == 914690062012664960 and not isinstance(rows[6][0], str)
    assert len(rows) == 3 + 20


def test_dirty_inspectors_are_gb18030_with_lines_too_long_and_too_short(tmp_path: Path) -> None:
    text = write_dirty_sample(tmp_path).inspectors.read_bytes().decode("gb18030")
    assert text.split("\r\n")[1:-1] == inspector_lines()
    assert {line.count(",") for line in inspector_lines()} == {2, 6, 7}
