"""Commitments as the parties bring them one by one, each from a device of its own, until all are there."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Table

from inspection.store.tables import CODE, Instant, metadata

# The draw need not be open yet: its name is fixed before, and a commitment is made to the name.
pledges = Table(
    "pledges",
    metadata,
    Column("draw", CODE, primary_key=True),
    Column("party", CODE, primary_key=True),
    Column("commitment", CODE, nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint("length(commitment) = 64", name="commitment"),
)

__all__ = ["metadata", "pledges"]
