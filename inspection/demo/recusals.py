"""Recusals: inspectors who have an interest in a firm (DOMAIN 1.1)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from inspection.demo.firms import Frame
from inspection.demo.mixing import below
from inspection.demo.staff import Staff
from inspection.demo.vocabulary import Vocabulary

PER_INSPECTOR = 2

FEW = 3
"""Officers whose qualification so few hold, all year, recuse themselves from no firm: somebody must be left to go."""

HEADER = ("工号", "姓名", "统一社会信用代码", "主体名称", "回避原因")


def write_recusals(
    path: Path, staff: Sequence[Staff], frames: Sequence[Frame], vocabulary: Vocabulary, year: int
) -> None:
    """About two firms per inspector are in ``path``, encoded in GB18030 as older office systems export."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for county, frame in zip(staff, frames, strict=True):
        writer.writerows(_rows(county, frame, vocabulary, year))
    path.write_bytes(text.getvalue().encode("gb18030"))


def _rows(county: Staff, frame: Frame, vocabulary: Vocabulary, year: int) -> list[tuple[str, ...]]:
    count, stream = PER_INSPECTOR * len(county.inspectors), f"{county.region}/recusals"
    firms = below(f"{stream}/firm", count, len(frame.codes)).tolist()
    reasons = below(f"{stream}/reason", count, len(vocabulary.words["reasons"])).tolist()
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    holders = Counter(
        (inspector.agency, qualification)
        for inspector in county.inspectors
        if inspector.valid_until.year > year
        for qualification in inspector.qualifications
    )
    for place in range(count):
        inspector = county.inspectors[place // PER_INSPECTOR]
        if any(holders[inspector.agency, qualification] <= FEW for qualification in inspector.qualifications):
            continue
        code = frame.codes[firms[place]]
        reason = vocabulary.words["reasons"][reasons[place]]
        rows[inspector.code, code] = (inspector.code, inspector.name, code, frame.names[firms[place]], reason)
    return list(rows.values())
