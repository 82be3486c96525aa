"""No made-up county, however small, can draw a firm that nobody may be sent to."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from inspection import service
from inspection.demo.county import CountySize, write_county
from inspection.office import Office


@pytest.mark.parametrize("firms", [1_000, 2_000, 3_000, 5_000, 8_000])
def test_recusals_leave_somebody_to_go_everywhere(firms: int, tmp_path: Path):
    files = write_county(tmp_path / "registers", CountySize.scaled(firms))
    office = Office.found(tmp_path / "workspace", origin="open-draw.example/test", policy=files.policy)
    office.import_files(files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
    assert service.recusal_gaps(office.policy(), office.snapshot(), "en") == []
    assert office.snapshot().recusals()
