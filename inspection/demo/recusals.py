"""Recusals: inspectors who have an interest in a firm (DOMAIN 1.1)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from inspection.demo.firms import Frame
from inspection.demo.mixing import below
from inspection.demo.staff import Staff
from inspection.demo.vocabulary import Vocabulary

PER_INSPECTOR = 2
HEADER = ("工号", "姓名", "统一社会信用代码", "主体名称", "回避原因")


def write_recusals(path: Path, staff: Sequence[Staff], frames: Sequence[Frame], vocabulary: Vocabulary) -> None:
    """About two firms per inspector are in ``path``, encoded in GB18030 as older office systems export."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for county, frame in zip(staff, frames, strict=True):
        writer.writerows(_rows(county, frame, vocabulary))
    path.write_bytes(text.getvalue().encode("gb18030"))


def _rows(county: Staff, frame: Frame, vocabulary: Vocabulary) -> list[tuple[str, ...]]:
    count, stream = PER_INSPECTOR * len(county.inspectors), f"{county.region}/recusals"
    firms = below(f"{stream}/firm", count, len(frame.codes)).tolist()
    reasons = below(f"{stream}/reason", count, len(vocabulary.words["reasons"])).tolist()
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for place in range(count):
        inspector = county.inspectors[place // PER_INSPECTOR]
        code = frame.codes[firms[place]]
        reason = vocabulary.words["reasons"][reasons[place]]
        rows[inspector.code, code] = (inspector.code, inspector.name, code, frame.names[firms[place]], reason)
    return list(rows.values())
