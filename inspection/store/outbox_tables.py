"""Tables of the outbox: what is announced, what each target is owed of it, receipts, and numbers of inspection acts.

Announcements and receipts only ever grow; the triggers that see to it live in the migration.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, Table, Text, text

from inspection.store.tables import CODE, Instant, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("key", CODE, nullable=False, unique=True),
    Column("record", CODE, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("action", CODE, nullable=False),
    Column("payload", Text, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("announced_at", Instant, nullable=False),
    CheckConstraint("seq >= 1", name="seq"),
    CheckConstraint("action IN ('i', 'u', 'd')", name="action"),
    CheckConstraint("kind IN ('plan', 'task', 'visit', 'finding', 'decision', 'statistics', 'reminder')", name="kind"),
)
Index("ix_outbox_record_seq", outbox.c.record, outbox.c.seq)
Index("ix_outbox_kind_seq", outbox.c.kind, outbox.c.seq)

# ``seen`` is the last announcement queued for the target (or passed over, where it takes no such kind).
targets = Table(
    "targets",
    metadata,
    Column("target", CODE, primary_key=True),
    Column("seen", Integer, nullable=False),
    Column("batch_day", CODE, nullable=False),
    Column("batch_serial", Integer, nullable=False),
    CheckConstraint("seen >= 0 AND batch_serial >= 0", name="counts"),
)

# A claim moves ``due_at`` to the end of its lease: a parcel whose carrier was killed is due again by itself.
deliveries = Table(
    "deliveries",
    metadata,
    Column("target", CODE, ForeignKey("targets.target"), primary_key=True),
    Column("seq", Integer, ForeignKey("outbox.seq"), primary_key=True, autoincrement=False),
    Column("record", CODE, nullable=False),
    Column("batch", CODE, nullable=False),
    Column("state", CODE, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("claim", CODE),
    Column("error", Text),
    Column("settled_at", Instant),
    Column("handled_by", Text),
    Column("handled_at", Instant),
    Column("note", Text),
    CheckConstraint("state IN ('waiting', 'delivered', 'dead', 'dropped')", name="state"),
    CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled"),
    CheckConstraint("attempts >= 0", name="attempts"),
    CheckConstraint("(handled_by IS NULL) = (handled_at IS NULL)", name="handled"),
)
Index(
    "ix_deliveries_due",
    deliveries.c.target,
    deliveries.c.due_at,
    deliveries.c.seq,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)
Index("ix_deliveries_record", deliveries.c.target, deliveries.c.record, deliveries.c.seq)
Index("ix_deliveries_state", deliveries.c.target, deliveries.c.state, deliveries.c.settled_at)

receipts = Table(
    "receipts",
    metadata,
    Column("target", CODE, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("received_at", Instant, nullable=False),
    Column("receipt", Text, nullable=False),
    ForeignKeyConstraint(["target", "seq"], ["deliveries.target", "deliveries.seq"]),
)

# DOMAIN 6.2: the act is the parent key of decisions, allocated when officers are assigned and never used again.
acts = Table(
    "acts",
    metadata,
    Column("act", CODE, primary_key=True),
    Column("draw", CODE, nullable=False),
    Column("visit", CODE, nullable=False),
    Column("agency", CODE, nullable=False),
    Column("allocated_at", Instant, nullable=False),
    ForeignKeyConstraint(["draw", "visit", "agency"], ["needs.draw", "needs.visit", "needs.agency"]),
    CheckConstraint("length(act) <= 50", name="act"),
)
Index("uq_acts_whose", acts.c.draw, acts.c.visit, acts.c.agency, unique=True)

__all__ = ["acts", "deliveries", "metadata", "outbox", "receipts", "targets"]
