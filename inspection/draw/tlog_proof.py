"""Proofs as files: one entry is in a tree (C2SP tlog-proof), or one tree continues another (C2SP tlog-witness).

An inclusion proof::

    c2sp.org/tlog-proof@v1
    extra <base64 of the entry>
    index 3
    <base64 of a hash>, one a line

    <the checkpoint, a signed note>

A consistency proof has ``old <size>`` for its head, hashes, an empty line and the newer checkpoint: what a standard
witness is sent.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from inspection.draw.merkle import check_consistency, check_inclusion
from inspection.draw.note import Checkpoint
from inspection.draw.refusal import DrawRefusal

HEAD = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
"""Hashes in a proof: a tree has at most 2^63 leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """The entry ``line`` stands at ``index`` in the tree of ``note``, a signed checkpoint."""

    index: int
    line: bytes
    hashes: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The file."""
        extra = base64.b64encode(self.line).decode()
        return f"{HEAD}\nextra {extra}\nindex {self.index}\n{_lines(self.hashes)}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> InclusionProof:
        """The proof in a file; DrawRefusal when it is none."""
        head, note = _parts(text)
        if len(head) < 3 or head[0] != HEAD or not head[1].startswith("extra "):
            raise DrawRefusal("draw.proof.form")
        (line,) = _hashes([head[1].removeprefix("extra ")])
        return cls(index=_number(head[2], "index"), line=line, hashes=_hashes(head[3:]), note=note)

    def check(self, checkpoint: Checkpoint) -> None:
        """The entry is in the tree of the checkpoint; DrawRefusal when the proof does not lead there."""
        check_inclusion(self.line, self.index, checkpoint.size, self.hashes, checkpoint.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyProof:
    """The tree of ``note``, a signed checkpoint, continues the tree of its first ``old_size`` entries."""

    old_size: int
    hashes: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The file, which is also the body of an ``add-checkpoint`` request."""
        return f"old {self.old_size}\n{_lines(self.hashes)}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> ConsistencyProof:
        """The proof in a file; DrawRefusal when it is none."""
        head, note = _parts(text)
        return cls(old_size=_number(head[0], "old"), hashes=_hashes(head[1:]), note=note)

    def check(self, old_root: bytes, checkpoint: Checkpoint) -> None:
        """The checkpoint continues the old tree; DrawRefusal when the proof does not join the two."""
        check_consistency(self.old_size, old_root, checkpoint.size, checkpoint.root, self.hashes)


def _lines(hashes: Sequence[bytes]) -> str:
    return "".join(base64.b64encode(each).decode() + "\n" for each in hashes)


def _parts(text: str) -> tuple[list[str], str]:
    head, separator, note = text.partition("\n\n")
    if not separator or not note:
        raise DrawRefusal("draw.proof.form")
    return head.split("\n"), note


def _number(line: str, word: str) -> int:
    found = re.fullmatch(rf"{word} (0|[1-9][0-9]{{0,15}})", line)
    if not found:
        raise DrawRefusal("draw.proof.form")
    return int(found[1])


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > MOST_HASHES:
        raise DrawRefusal("draw.proof.form")
    try:
        return tuple(base64.b64decode(line, validate=True) for line in lines)
    except (binascii.Error, ValueError):
        raise DrawRefusal("draw.proof.form") from None
