"""Checks of a bundle that need more than the standard library: who signed the public value of each draw.

The auditor's file reports such a value as not checked; these rows take the place of that one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from inspection.beacon.evidence import FILE, Checked, check_evidence
from inspection.draw.commitment import Commitment
from inspection.draw.reveal import Reveal

STEP = "randomness"
"""First word of the step of the auditor's file that these checks complete."""

MOST = 1 << 20
"""Bytes of a file worth reading here."""


def check_public_values(bundle: Path, certificate: bytes | None = None) -> dict[str, Checked]:
    """What came of checking the public value of each draw, by folder; draws whose value is dice are left out.

    Args:
        bundle: its folder; nothing in it is trusted.
        certificate: PEM of the NIST beacon, where the checker has it.
    """
    return dict(_checks(bundle, certificate))


def _checks(bundle: Path, certificate: bytes | None) -> Iterator[tuple[str, Checked]]:
    home = bundle / "draws"
    for folder in sorted(home.iterdir()) if home.is_dir() else ():
        try:
            commitment = Commitment.parse(_read(folder / "commitment.json") or b"")
            reveal = Reveal.parse(_read(folder / "reveal.json") or b"")
            source, value = commitment.public, reveal.public
            if source is None or value is None or source.kind == "dice":
                continue
            source.check_value(value)
            yield folder.name, check_evidence(source, value, _read(folder / FILE), certificate)
        except (ValueError, OSError) as error:  # a DrawRefusal is a ValueError
            yield folder.name, Checked(verdict="failed", detail=f"malformed: {error}")


def _read(path: Path) -> bytes | None:
    """The bytes of a small regular file; None when there is none."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST:
        return None
    return path.read_bytes()
