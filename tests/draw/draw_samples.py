"""Golden draws and small made-up commitments for the tests of the draw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from inspection.draw.canonical import Digest
from inspection.draw.commitment import INPUTS, Commitment, Kind, Party
from inspection.draw.log import Entry
from inspection.draw.merkle import inclusion_proof, tree_head
from inspection.draw.note import Checkpoint
from inspection.draw.publication import PublishedCommitment
from inspection.draw.reveal import Reveal, party_commitment
from inspection.draw.table import COLUMNS, rows_root

ROOT = Path(__file__).resolve().parents[2]


def vectors() -> Path:
    """Our copy of the vectors, or the project's shared one."""
    own = ROOT / "tests" / "vectors"
    return own if (own / "county-small" / "log" / "key").exists() else ROOT.parent / "shared" / "vectors"


def shared_vector(name: str) -> Path:
    for folder in (ROOT / "tests" / "vectors", ROOT.parent / "shared" / "vectors"):
        if (folder / name).exists():
            return folder / name
    pytest.skip(f"vector {name} is not here")


@dataclass(frozen=True)
class GoldenDraw:
    """One draw of a golden bundle with its place in the log."""

    folder: Path
    commitment: Commitment
    reveal: Reveal
    published: PublishedCommitment


def golden_draw(bundle: str, name: str) -> GoldenDraw:
    root = vectors() / bundle
    folder = root / "draws" / name
    lines = (root / "log" / "entries.jsonl").read_bytes().splitlines()
    commitment = Commitment.parse((folder / "commitment.json").read_bytes())
    index = next(
        i
        for i, line in enumerate(lines)
        if (entry := Entry.parse(line)).type == "commit" and entry.draw == commitment.draw
    )
    note = (root / "log" / "checkpoints" / str(index + 1)).read_text(encoding="utf-8")
    published = PublishedCommitment(
        commitment=commitment,
        line=lines[index],
        index=index,
        proof=inclusion_proof(lines[: index + 1], index),
        checkpoint=Checkpoint.parse(note.partition("\n\n")[0] + "\n"),
    )
    reveal = Reveal.parse((folder / "reveal.json").read_bytes())
    return GoldenDraw(folder=folder, commitment=commitment, reveal=reveal, published=published)


Tables = dict[str, list[tuple[str, str, int]]]


def publish_commitment(
    kind: Kind, tables: Tables, secret: str, algorithm: Digest = "sha256"
) -> tuple[PublishedCommitment, Reveal]:
    """A published commitment of one party to small tables, and its reveal."""
    draw = f"p/1-{kind}"
    inputs = dict.fromkeys(INPUTS[kind], "00" * 32)
    inputs |= {file: rows_root(COLUMNS[file], rows, algorithm) for file, rows in tables.items()}
    commitment = Commitment(
        digest=algorithm,
        plan="p",
        draw=draw,
        kind=kind,
        previous="00" * 32,
        inputs=inputs,
        parties=(Party(name="notary", commitment=party_commitment(algorithm, draw, "notary", secret)),),
        public=None,
        seal=None,
    )
    entry = Entry(
        type="commit", plan="p", draw=draw, time="2027-01-05T09:00:00+08:00", actor="bureau", digest=commitment.hex
    )
    published = PublishedCommitment(
        commitment=commitment,
        line=entry.line,
        index=0,
        proof=(),
        checkpoint=Checkpoint(origin="log.example", size=1, root=tree_head([entry.line])),
    )
    return published, Reveal(parties={"notary": secret})
