"""The check code of a visit (检查码): shown at the door, it leads the firm to the proof that the visit was drawn.

The code cannot be guessed and is told nowhere else, so whoever has it was shown it: it opens this one visit to them,
also while the list of all visits is sealed.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from inspection.errors import InputError
from inspection.steps.line import Line
from inspection.steps.public_proof import past_visits, prove
from inspection.work.visit_facts import VisitFacts, VisitKey
from inspection.work.visit_sheet import VisitSheet, visit_sheet

DIGITS = 20
"""Hex digits of a code: 80 bits."""
PURPOSE = "check-code"
"""What the codes' salts are derived for; no table has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedVisit:
    """What a firm is told that holds the code: its visit, and a proof that needs nothing beside it.

    ``is_drawn`` is False where a reserve firm was called in: the proof then shows that it is in the register, and the
    log that its visit replaces another.
    """

    sheet: VisitSheet
    proof: bytes
    is_drawn: bool


def check_code(line: Line, key: VisitKey) -> str:
    """The code of a visit; always the same."""
    draw, visit = key
    return next(line.salts(draw, PURPOSE, [visit]))[:DIGITS]


def grouped(code: str) -> str:
    """The code as people read it aloud.

    >>> grouped("00112233445566778899")
    '00112 23344 55667 78899'
    """
    return " ".join(code[at : at + 5] for at in range(0, len(code), 5))


def checked_visit(line: Line, label: str, code: str, now: datetime) -> CheckedVisit:
    """The visit of a label and its code.

    Raises:
        InputError: they do not belong together; nothing is told of which is wrong.
    """
    given = "".join(code.lower().split())
    # A wrong label costs as much as a wrong code, and says as little.
    try:
        (key,) = VisitFacts(line).keys([label])
    except InputError:
        key = ("", label)
    if not hmac.compare_digest(given.encode(), check_code(line, key).encode()) or not key[0]:
        raise InputError("check.code")
    sheet = visit_sheet(line, label)
    shown = past_visits(line, now.date()) | {sheet.key}
    return CheckedVisit(
        sheet=sheet,
        proof=prove(line, sheet.firm.firm, now, shown),
        is_drawn=sheet.visit.firm == sheet.visit.drawn_firm,
    )
