"""The row about checkpoints completed: signature lines of keys that the checker brought (SM2, witnesses).

The auditor's file checks the log's own Ed25519 signature and says of any other line that its key is not at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from inspection.beacon.evidence import Checked
from inspection.draw.foreign_key import SM2, ForeignKey, is_signed_by
from inspection.draw.note import VerifierKey, open_note
from inspection.draw.refusal import DrawRefusal
from inspection.errors import InputError
from inspection.store.keys import verify
from inspection.store.sm2 import has_sm2, verify_sm2

STEP = "checkpoints"
"""First word of the step of the auditor's file that these checks complete."""

Key = ForeignKey | VerifierKey
_LINE = re.compile(r"^— ([^\s+]+) \S+$", re.MULTILINE)
_LARGEST = 1 << 16


def check_lines(bundle: Path, keys: Sequence[Key]) -> Checked | None:
    """What came of checking all lines that are not the log's own.

    None where a line is left that no key was brought for, or whose algorithm cannot be checked here. A line of the
    name of a key that was brought, and wrong under it, fails.
    """
    if not keys or not all(_is_checkable(key) for key in keys):
        return None
    try:
        return _check(bundle, keys)
    except (OSError, ValueError):  # the auditor's file has named what is malformed
        return None


def _check(bundle: Path, keys: Sequence[Key]) -> Checked | None:
    own = (bundle / "log" / "key").read_text(encoding="utf-8").partition("+")[0]
    brought = {key.name: key for key in keys}
    counts, is_left = dict.fromkeys(brought, 0), False
    for path in sorted((bundle / "log" / "checkpoints").iterdir(), key=lambda path: path.name):
        note = path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST else ""
        others = set(_LINE.findall(note.rpartition("\n\n")[2])) - {own}
        for name in sorted(others & brought.keys()):
            if not _holds(note, brought[name]):
                return Checked(verdict="failed", detail=f"checkpoint {path.name}: the line of {name} is not by its key")
            counts[name] += 1
        is_left = is_left or bool(others - brought.keys())
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    detail = f"all signed by the log's key; lines of keys brought along: {told}"
    return None if is_left else Checked(verdict="passed", detail=detail)


def _is_checkable(key: Key) -> bool:
    return isinstance(key, VerifierKey) or (key.algorithm == SM2 and has_sm2())


def _holds(note: str, key: Key) -> bool:
    try:
        if isinstance(key, ForeignKey):
            return bool(is_signed_by(note, key, verify_sm2))
        return key.name in open_note(note, [key], verify).signers
    except DrawRefusal:
        return False


def read_keys(texts: Iterable[str]) -> tuple[Key, ...]:
    """The verifier keys given as their lines, or as files that hold one.

    Raises:
        InputError: which of them is neither.
    """
    return tuple(_read_key(text) for text in texts)


def _read_key(text: str) -> Key:
    try:
        path = Path(text)
        line = path.read_text(encoding="utf-8") if "+" not in text and path.is_file() else text
    except (OSError, ValueError):
        raise InputError("cli.key.form", got=text[:80]) from None
    for kind in (ForeignKey, VerifierKey):
        try:
            return kind.parse(line.strip())
        except (DrawRefusal, ValueError):
            continue
    raise InputError("cli.key.form", got=text[:80])
