"""Proofs from a log, and what a proof file says."""

from __future__ import annotations

from collections.abc import Sequence

from inspection.draw.log import LogCopy
from inspection.draw.merkle import consistency_proof, inclusion_proof
from inspection.draw.note import Check, Checkpoint, VerifierKey, open_note
from inspection.draw.refusal import DrawRefusal
from inspection.draw.tlog_proof import HEAD, ConsistencyProof, InclusionProof
from inspection.errors import PublishError
from inspection.publish.log_check import Finding


def prove_entry(log: LogCopy, index: int, size: int | None = None) -> InclusionProof:
    """The entry's proof under the checkpoint of that size, or the newest.

    Raises:
        PublishError: there is no such entry or checkpoint, or it does not cover the entry.
    """
    size = max(log.notes, default=0) if size is None else size
    if size not in log.notes or size > len(log.lines):
        raise PublishError("log.prove.checkpoint", size=size, known=_known(log))
    if not 0 <= index < size:
        raise PublishError("log.prove.entry", index=index, size=size)
    hashes = inclusion_proof(log.lines[:size], index)
    return InclusionProof(index=index, line=log.lines[index], hashes=hashes, note=log.notes[size])


def prove_growth(log: LogCopy, old_size: int, size: int | None = None) -> ConsistencyProof:
    """That the checkpoint of that size, or the newest, continues the log of ``old_size`` entries.

    Raises:
        PublishError: there is no such checkpoint, or it covers fewer entries.
    """
    size = max(log.notes, default=0) if size is None else size
    if size not in log.notes or size > len(log.lines):
        raise PublishError("log.prove.checkpoint", size=size, known=_known(log))
    if not 1 <= old_size <= size:
        raise PublishError("log.prove.sizes", old=old_size, size=size)
    return ConsistencyProof(
        old_size=old_size, hashes=consistency_proof(log.lines[:size], old_size), note=log.notes[size]
    )


def _known(log: LogCopy) -> str:
    return ", ".join(map(str, sorted(log.notes)[-9:])) or "–"


def check_proof(
    text: str, key: VerifierKey, witnesses: Sequence[VerifierKey], check: Check, former: Checkpoint | None = None
) -> list[Finding]:
    """What a proof file proves to somebody who has the log's key, and for a consistency proof the older checkpoint.

    A witness's signature adds a time; without the log's own the proof is none.

    Raises:
        DrawRefusal: it is no proof file.
    """
    proof = InclusionProof.parse(text) if text.startswith(HEAD) else ConsistencyProof.parse(text)
    try:
        open_note(proof.note, [key], check)
        opened = open_note(proof.note, [key, *witnesses], check)
        checkpoint = Checkpoint.parse(opened.text)
    except DrawRefusal as refusal:
        return [Finding(step="proof_signed", ok=False, facts={"reason": refusal})]
    if checkpoint.origin != key.name:
        return [Finding(step="proof_signed", ok=False, facts={"reason": f"{checkpoint.origin} ≠ {key.name}"})]
    names = ", ".join(f"{name} {opened.times[name]:%Y-%m-%dT%H:%M:%SZ}" for name in opened.times) or "–"
    facts = {"origin": checkpoint.origin, "size": checkpoint.size, "witnesses": names}
    signed = Finding(step="proof_signed", ok=True, facts=facts)
    if isinstance(proof, InclusionProof):
        return [signed, _holds(proof, checkpoint)]
    return [signed, _joins(proof, checkpoint, former)]


def _holds(proof: InclusionProof, checkpoint: Checkpoint) -> Finding:
    facts = {"index": proof.index, "size": checkpoint.size, "line": proof.line.decode("utf-8", "replace")}
    try:
        proof.check(checkpoint)
    except DrawRefusal:
        return Finding(step="proof_entry", ok=False, facts=facts)
    return Finding(step="proof_entry", ok=True, facts=facts)


def _joins(proof: ConsistencyProof, checkpoint: Checkpoint, former: Checkpoint | None) -> Finding:
    facts = {"old": proof.old_size, "size": checkpoint.size}
    if former is None or former.size != proof.old_size:
        return Finding(step="proof_growth", ok=None, facts=facts)
    try:
        proof.check(former.root, checkpoint)
    except DrawRefusal:
        return Finding(step="proof_growth", ok=False, facts=facts)
    return Finding(step="proof_growth", ok=former.origin == checkpoint.origin, facts=facts)
