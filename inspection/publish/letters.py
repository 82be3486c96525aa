"""The message a target gets, and the receipts that come back; documented in docs/publication.md.

An envelope carries records of one target, each with its idempotency key, its record, the key delivered before it, and
the digest of its body. A receipt states key, record and digest, and is signed by the receiver.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inspection.draw.canonical import canonical_json
from inspection.draw.note import VerifierKey
from inspection.draw.refusal import DrawRefusal
from inspection.errors import InspectionError
from inspection.outgoing import Outcome, Parcel
from inspection.publish.adapters import Adapter
from inspection.publish.mapping import map_record
from inspection.publish.signatures import Check
from inspection.publish.targets import LocalFacts

FORMAT = "open-draw-publication/1"
ANSWER = "open-draw-receipts/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A parcel with its body as the target will read it."""

    parcel: Parcel
    body: Mapping[str, Any]
    digest: str

    @property
    def seq(self) -> int:
        """Number of the announcement."""
        return self.parcel.announcement.seq

    @property
    def key(self) -> str:
        """Idempotency key."""
        return self.parcel.announcement.key


def make_ready(
    adapter: Adapter, local: LocalFacts, parcels: Sequence[Parcel]
) -> tuple[list[Ready], dict[int, Outcome]]:
    """The parcels whose facts, with the bureau's own, fit the adapter's fields; of the others, their refusals."""
    ready, refused = [], {}
    for parcel in parcels:
        seq = parcel.announcement.seq
        try:
            announced = replace(parcel.announcement, payload=local.complete(parcel.announcement.payload))
            body = map_record(adapter, announced, parcel.batch)
        except InspectionError as error:
            refused[seq] = Outcome(seq=seq, result="refused", detail=told(error))
            continue
        ready.append(Ready(parcel=parcel, body=body, digest=body_digest(body)))
    return ready, refused


def told(error: InspectionError) -> str:
    """An error as a dead letter keeps it, for readers of either language."""
    return f"{error.text('zh')} / {error.text('en')}"


def body_digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical body, in hex."""
    return hashlib.sha256(canonical_json(body)).hexdigest()


def record_of(letter: Ready) -> dict[str, Any]:
    """The record as it stands in an envelope or an archive."""
    announced = letter.parcel.announcement
    return {
        "key": announced.key,
        "record": announced.record,
        "kind": announced.kind,
        "action": announced.action,
        "sequence": announced.seq,
        "previous": letter.parcel.previous,
        "digest": letter.digest,
        "body": letter.body,
    }


def envelope(adapter: str, sender: str, letters: Sequence[Ready]) -> bytes:
    """The canonical bytes of one request."""
    records = [record_of(letter) for letter in letters]
    return canonical_json({"format": FORMAT, "adapter": adapter, "sender": sender, "records": records})


def read_answer(answer: bytes, letters: Sequence[Ready], key: VerifierKey | None, check: Check) -> dict[int, Outcome]:
    """What the receiver says of each record; what it says nothing credible about is to be tried again."""
    try:
        table = json.loads(answer)
        entries = {each["key"]: each for each in table["answers"]} if table["format"] == ANSWER else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        entries = {}
    return {each.seq: _outcome(each, entries.get(each.key), key, check) for each in letters}


def _outcome(letter: Ready, entry: Any, key: VerifierKey | None, check: Check) -> Outcome:
    if not isinstance(entry, Mapping):
        detail = "no answer about this record 答复未提到这条记录"
        return Outcome(seq=letter.seq, result="again", detail=detail, is_shared=True)
    detail = f"{entry.get('code', '')} {entry.get('detail', '')}".strip()[:1_000]
    if entry.get("result") == "refused":
        return Outcome(seq=letter.seq, result="refused", detail=detail)
    if entry.get("result") not in ("stored", "duplicate"):
        # A record out of order waits for another one; any other delay is the receiver's own.
        is_shared = entry.get("code") not in ("order", "parent")
        return Outcome(seq=letter.seq, result="again", detail=detail, is_shared=is_shared)
    receipt = entry.get("receipt")
    if fault := receipt_fault(receipt, letter, key, check):
        is_other = isinstance(receipt, Mapping) and receipt.get("digest") not in (None, letter.digest)
        return Outcome(seq=letter.seq, result="refused" if is_other else "again", detail=fault)
    return Outcome(seq=letter.seq, result="delivered", receipt=canonical_json(receipt).decode())


def receipt_fault(receipt: Any, letter: Ready, key: VerifierKey | None, check: Check) -> str | None:
    """Why a receipt does not prove that exactly this record was stored; None when it does."""
    if not isinstance(receipt, Mapping) or receipt.get("key") != letter.key:
        return "the receipt is not for this key 回执的键不符"
    if receipt.get("digest") != letter.digest:
        return "the receiver holds other content under this key 对方在这个键下存的是别的内容"
    try:
        signature = base64.b64decode(str(receipt.get("signature", "")), validate=True)
        signed = canonical_json({name: value for name, value in receipt.items() if name != "signature"})
    except (binascii.Error, ValueError, DrawRefusal):
        return "the receipt cannot be read 回执无法读取"
    if key is not None and not check(key.public_key, signed, signature):
        return "the receipt's signature does not hold 回执签名不成立"
    return None
