"""What others say of the log, as it came: witnesses' keys and signature lines, answers of timestamp authorities."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from inspection.draw.note import COSIGNATURE, VerifierKey
from inspection.errors import StoreError
from inspection.store.log_tables import cosignatures, timestamps, witnesses


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """An authority's answer over a checkpoint: kept as it came, with what was read from it when it was checked."""

    size: int
    time: datetime
    authority: str
    answer: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the answer in hex."""
        return hashlib.sha256(self.answer).hexdigest()


def add_witness(connection: Connection, key: VerifierKey, origin: str, now: datetime) -> None:
    """The witness is known; the same again changes nothing.

    Raises:
        StoreError: the key is no witness's, bears the log's own name, or another key is kept under its name.
    """
    if key.kind != COSIGNATURE:
        raise StoreError("store.witness.kind", name=key.name)
    if key.name == origin:
        raise StoreError("store.witness.own", name=key.name)
    stored = connection.scalar(select(witnesses.c.verifier_key).filter_by(name=key.name))
    if stored is None:
        row = {"name": key.name, "verifier_key": key.text, "added_at": now}
        connection.execute(insert(witnesses), row)
    elif stored != key.text:
        raise StoreError("store.witness.other", name=key.name, stored=stored, given=key.text)


def known_witnesses(connection: Connection) -> tuple[VerifierKey, ...]:
    """Keys of all witnesses the bureau accepted, by name."""
    query = select(witnesses.c.verifier_key).order_by(witnesses.c.name)
    return tuple(map(VerifierKey.parse, connection.scalars(query)))


def add_cosignature(connection: Connection, size: int, witness: str, time: datetime, line: str) -> bool:
    """The line is kept under its checkpoint; False when the witness signed that checkpoint before: the first counts.

    Args:
        line: with its line feed; that it holds is the caller's to check.
    """
    if connection.scalar(select(cosignatures.c.line).filter_by(size=size, witness=witness)) is not None:
        return False
    row = {"size": size, "witness": witness, "signed_at": time, "line": line}
    connection.execute(insert(cosignatures), row)
    return True


def witness_lines(connection: Connection) -> Mapping[int, list[str]]:
    """All witnesses' lines by the size of the checkpoint, each list by name."""
    query = select(cosignatures.c.size, cosignatures.c.line).order_by(cosignatures.c.size, cosignatures.c.witness)
    lines: dict[int, list[str]] = {}
    for size, line in connection.execute(query):
        lines.setdefault(size, []).append(line)
    return lines


def add_timestamp(connection: Connection, timestamp: Timestamp) -> bool:
    """The answer is kept; False when it was before."""
    known = {"size": timestamp.size, "digest": timestamp.digest}
    if connection.scalar(select(timestamps.c.size).filter_by(**known)) is not None:
        return False
    row = known | {"stamped_at": timestamp.time, "authority": timestamp.authority, "answer": timestamp.answer}
    connection.execute(insert(timestamps), row)
    return True


def kept_timestamps(connection: Connection) -> tuple[Timestamp, ...]:
    """All answers by size, then time."""
    order = (timestamps.c.size, timestamps.c.stamped_at, timestamps.c.digest)
    rows = connection.execute(select(timestamps).order_by(*order))
    return tuple(
        Timestamp(size=row.size, time=row.stamped_at, authority=row.authority, answer=row.answer) for row in rows
    )
