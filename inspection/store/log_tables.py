"""Tables of what others say of the log: witnesses, their signature lines, and timestamps of outside authorities.

Like the log they only ever grow; the triggers that see to it live in the migration.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Table, Text

from inspection.store.tables import CODE, Instant, metadata

witnesses = Table(
    "witnesses",
    metadata,
    Column("name", CODE, primary_key=True),
    Column("verifier_key", CODE, nullable=False),
    Column("added_at", Instant, nullable=False),
)

# One line per witness and checkpoint, the first: it proves most. A bundle's checkpoint names each signer once.
cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", Integer, ForeignKey("checkpoints.size"), primary_key=True),
    Column("witness", CODE, ForeignKey("witnesses.name"), primary_key=True),
    Column("signed_at", Instant, nullable=False),
    Column("line", Text, nullable=False),
)

timestamps = Table(
    "timestamps",
    metadata,
    Column("size", Integer, ForeignKey("checkpoints.size"), primary_key=True),
    Column("digest", CODE, primary_key=True),
    Column("stamped_at", Instant, nullable=False),
    Column("authority", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    CheckConstraint("length(digest) = 64", name="digest"),
)

__all__ = ["cosignatures", "metadata", "timestamps", "witnesses"]
