"""Plans put before the public: asked for by one person, approved by another, a round at a time."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Table

from inspection.store.tables import CODE, Instant, metadata

publications = Table(
    "publications",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("plan", CODE, ForeignKey("plans.plan"), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("state", CODE, nullable=False),
    Column("requested_by", CODE, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("decided_by", CODE),
    Column("decided_at", Instant),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("state IN ('pending', 'approved', 'refused')", name="state"),
    CheckConstraint("(state = 'pending') = (decided_by IS NULL)", name="decision"),
    CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name="two_people"),
)

__all__ = ["metadata", "publications"]
