"""Minutes of a draw (抽取记录): what a bureau prints, signs and keeps, as .docx from its own template and as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from inspection.documents.template import fill_docx, set_pdf

NAME = "minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyMinutes:
    """A party's part in the draw; ``how`` says how its secret was opened."""

    name: str
    commitment: str
    secret: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Everything the minutes state; texts as printed, digests as lower-case hex.

    Attributes:
        outcome: what came of the draw: rows and root, or that it was given up and why.
        inputs: (file, digest) as committed to.
        public: (what it is, its value, what proves it); empty texts where no public value counted.
        times: (event, time with offset) in order.
        checkpoints: (size, root) of those published from the commitment on.
        remarks: what must be read with it, such as that it was a rehearsal.
    """

    title: str
    plan: str
    draw: str
    kind: str
    digest: str
    commitment: str
    inputs: tuple[tuple[str, str], ...]
    parties: tuple[PartyMinutes, ...]
    public: tuple[str, str, str]
    rule: str
    seed: str
    outcome: str
    root: str
    times: tuple[tuple[str, str], ...]
    log: str
    checkpoints: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]


def write_docx(path: Path, minutes: Minutes, template: Path | None = None) -> None:
    """The minutes stand in a Word document; raises as ``fill_docx``."""
    fill_docx(path, NAME, _words(minutes), template)


def write_pdf(path: Path, minutes: Minutes, fonts: Sequence[Path] = ()) -> None:
    """The minutes stand in a PDF; raises as ``set_pdf``."""
    set_pdf(path, NAME, _words(minutes), fonts)


def _words(minutes: Minutes) -> dict[str, object]:
    """The minutes as templates read them: names and lists of texts."""
    words: dict[str, object] = asdict(minutes)
    return words | {
        "public": dict(zip(("what", "value", "proof"), minutes.public, strict=True)),
        "inputs": [{"file": file, "digest": digest} for file, digest in minutes.inputs],
        "times": [{"event": event, "time": time} for event, time in minutes.times],
        "checkpoints": [{"size": size, "root": root} for size, root in minutes.checkpoints],
    }
