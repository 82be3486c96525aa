"""A checkpoint as one line of print: what a newspaper or a notary's paper carries, and a reader types back.

::

    open-draw.example/370828-2027 12 18f67ac4 5d9962ee … 3c1f0a77 9be2

The log's origin, its number of entries, the root in eight groups of eight hexadecimal digits, and four digits that tell
a slip of the pen from another tree: the first four of SHA-256 over ``<origin> <size> <root>``.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from inspection.draw.note import Checkpoint
from inspection.draw.refusal import DrawRefusal

GROUP = 8
"""Hexadecimal digits between two spaces: as many as an eye keeps while the hand types."""


def printed_line(checkpoint: Checkpoint) -> str:
    """The line of a checkpoint.

    >>> printed_line(Checkpoint(origin="log.example", size=3, root=bytes(32)))
    'log.example 3 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 d4f6'
    """
    digits = checkpoint.root.hex()
    groups = [digits[at : at + GROUP] for at in range(0, len(digits), GROUP)]
    return " ".join([checkpoint.origin, str(checkpoint.size), *groups, _mark(checkpoint)])


def parse_line(text: str) -> Checkpoint:
    """The checkpoint of a line that was printed, scanned or typed: case, spacing, hyphens and full-width forms vary.

    Raises:
        DrawRefusal: it is no such line, or its last four digits say that something was mistyped.
    """
    origin, size, digits = ([*text.split(maxsplit=2), "", "", ""])[:3]
    size, digits = (unicodedata.normalize("NFKC", part) for part in (size, digits))
    digits = re.sub(r"[\s.·-]", "", digits.lower())
    if not re.fullmatch("[1-9][0-9]{0,15}", size) or not re.fullmatch("[0-9a-f]{68}", digits):
        raise DrawRefusal("draw.printed.form", line=text[:160])
    checkpoint = Checkpoint(origin=origin, size=int(size), root=bytes.fromhex(digits[:64]))
    if digits[64:] != _mark(checkpoint):
        raise DrawRefusal("draw.printed.mistyped", line=text[:160])
    return checkpoint


def _mark(checkpoint: Checkpoint) -> str:
    line = f"{checkpoint.origin} {checkpoint.size} {checkpoint.root.hex()}"
    return hashlib.sha256(line.encode()).hexdigest()[:4]
