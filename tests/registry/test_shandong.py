"""116 784 real firms. What the extract lacks comes from a rule stated here: SHA-256 of the code, never the product."""

from __future__ import annotations

import csv
import gzip
import hashlib
from pathlib import Path

import pytest
from register_rows import Import

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "firms" / "cn_shandong_1980_2019.csv.gz"


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="real register not on this machine")
def test_real_register_is_imported_with_its_mapping_file(run: Import, tmp_path: Path) -> None:
    codes = _complete(tmp_path / "full.csv")
    assert len(codes) == 116_784
    regions = frozenset(code[2:8] for code in codes)
    mapping = {"firms": ROOT / "data" / "mappings" / "shandong_1980_2019.toml"}
    report = run(firms=tmp_path / "full.csv", settings={"regions": regions, "mappings": mapping})
    counts = report.counts["firms"]
    assert counts.read == 116_784
    # Every code passes GB 32100; 51 of 29 123 all-digit ones look as a spreadsheet leaves them, and wait.
    assert {code for _, code in report.reasons} == {"registers.code.cut"}
    assert counts.rejected == 51


def _complete(path: Path) -> list[str]:
    """The extract with five more columns: bytes 0–3 of the SHA-256 of the code choose tier, kind, town, industry."""
    codes = []
    with (
        gzip.open(REAL, "rt", encoding="utf-8", newline="") as real,
        path.open("w", encoding="utf-8", newline="") as out,
    ):
        reader = csv.reader(real)
        writer = csv.writer(out)
        writer.writerow([*next(reader), "信用风险分类", "主体类型", "所属乡镇", "行业代码", "登记状态"])
        for row in reader:
            codes.append(row[1])
            draw = hashlib.sha256(row[1].encode()).digest()
            tier, kind = "AAAAABBBBCDD"[draw[0] % 12], ("企业", "个体工商户", "农民专业合作社")[draw[1] % 3]
            town, industry = f"第{draw[2] % 13}镇", ("F5211", "H6210", "C1310")[draw[3] % 3]
            writer.writerow([*row, tier, kind, town, industry, "存续"])
    return codes
