"""A commitment that the public can already see: without one, no draw type-checks."""

from __future__ import annotations

from dataclasses import dataclass

from inspection.draw.commitment import Commitment
from inspection.draw.log import Entry
from inspection.draw.merkle import check_inclusion
from inspection.draw.note import Checkpoint
from inspection.draw.refusal import DrawRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCommitment:
    """A commitment, its line in the log, and the proof that a checkpoint covers that line.

    Attributes:
        line: the commit entry, canonical JSON without line feed.
        index: of the line in log/entries.jsonl, from 0.
        proof: the audit path of the line in the checkpoint's tree, lowest sibling first, 32 bytes each.
        checkpoint: published; its signature is the caller's to check (``note.open_note``).

    Raises:
        DrawRefusal: the line is not this commitment's commit entry, is not earlier than ``public.not_before``, or is
            not covered by the checkpoint.
    """

    commitment: Commitment
    line: bytes
    index: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint

    def __post_init__(self) -> None:
        entry = Entry.parse(self.line)
        commitment = self.commitment
        found = (entry.type, entry.plan, entry.draw, entry.digest)
        if found != ("commit", commitment.plan, commitment.draw, commitment.hex):
            raise DrawRefusal("draw.publication.entry", draw=commitment.draw, index=self.index)
        if commitment.public and entry.at >= commitment.public.opens_at:
            raise DrawRefusal(
                "draw.publication.late", draw=commitment.draw, time=entry.time, opens=commitment.public.not_before
            )
        check_inclusion(self.line, self.index, self.checkpoint.size, self.proof, self.checkpoint.root)
