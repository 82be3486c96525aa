"""Tables of the store: plans and their steps, the log, the draws and what was drawn.

Points in time are RFC 3339 text: in the log exactly as the caller gave them (they are digested), elsewhere in UTC.
The log and its checkpoints only ever grow; the triggers that see to it live in the migrations. A change here needs a
migration beside it: a test lets Alembic compare the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

HEAD = "0009"
"""The newest migration. Known here so that opening a store at this version imports no Alembic (0.4 s)."""

CODE = Text().with_variant(Text(collation="C"), "postgresql")
"""Identifiers and digests: compared and ordered by their bytes on every database, as the tables of a bundle are."""


class Instant(TypeDecorator[datetime]):
    """A point in time, kept as RFC 3339 text in UTC with microseconds, so that text order is order in time."""

    impl = CODE
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """The text that is stored; a time without an offset is the caller's mistake."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a stored time needs an offset")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """The stored time, aware, in UTC."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row: whose log this database holds, so that two workspaces never mix theirs in one database.
identity = Table(
    "identity",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("origin", CODE, nullable=False),
    Column("verifier_key", CODE, nullable=False),
    CheckConstraint("row = 1", name="single"),
)

plans = Table(
    "plans",
    metadata,
    Column("plan", CODE, primary_key=True),
    Column("division", CODE, nullable=False),
    Column("year", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("policy_digest", CODE, nullable=False),
    Column("snapshot", CODE, nullable=False),
    Column("created_at", Instant, nullable=False),
    # PROTOCOL 10: one division has one plan a year in one log.
    UniqueConstraint("division", "year"),
    CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),
    CheckConstraint("length(policy_digest) = 64", name="policy_digest"),
    CheckConstraint("length(snapshot) = 64", name="snapshot"),
)

steps = Table(
    "steps",
    metadata,
    Column("plan", CODE, ForeignKey("plans.plan"), primary_key=True),
    Column("name", CODE, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant, nullable=False),
    UniqueConstraint("plan", "position"),
    CheckConstraint("position >= 0", name="position"),
    CheckConstraint("started_at <= finished_at", name="order"),
)

log_entries = Table(
    "log_entries",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("plan", CODE, ForeignKey("plans.plan"), nullable=False, index=True),
    Column("draw", CODE, nullable=False),
    Column("type", CODE, nullable=False),
    Column("time", CODE, nullable=False),
    Column("line", Text, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    CheckConstraint("position >= 0", name="position"),
    CheckConstraint("type IN ('commit', 'result', 'void', 'replace', 'substitute', 'disclose')", name="type"),
    CheckConstraint("length(leaf) = 32", name="leaf"),
)

# PROTOCOL 8: exactly one commit bears a draw's name, and exactly one result or void ends it.
Index(
    "uq_log_entries_commit",
    log_entries.c.draw,
    unique=True,
    sqlite_where=text("type = 'commit'"),
    postgresql_where=text("type = 'commit'"),
)
Index(
    "uq_log_entries_ending",
    log_entries.c.draw,
    unique=True,
    sqlite_where=text("type IN ('result', 'void')"),
    postgresql_where=text("type IN ('result', 'void')"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    CheckConstraint("size > 0", name="size"),
)

draws = Table(
    "draws",
    metadata,
    Column("draw", CODE, primary_key=True),
    Column("plan", CODE, ForeignKey("plans.plan"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("folder", CODE, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("commitment", CODE),
    Column("root", CODE),
    Column("files", Text, nullable=False),
    # 0 is the year's own round, k the k-th supplement; ``void`` is the reason code of a draw given up.
    Column("round", Integer, nullable=False, server_default=text("0")),
    Column("void", CODE),
    UniqueConstraint("plan", "position"),
    CheckConstraint("kind IN ('firms', 'inspectors')", name="kind"),
    CheckConstraint("position >= 1", name="position"),
    CheckConstraint("length(commitment) = 64", name="commitment"),
    CheckConstraint("root IS NULL OR (length(root) = 64 AND commitment IS NOT NULL)", name="root"),
)

# Secrets of unattended runs and of the escrow: apart from the draws, so that no query for a bundle meets them.
ceremony = Table(
    "ceremony",
    metadata,
    Column("draw", CODE, ForeignKey("draws.draw"), primary_key=True),
    Column("role", CODE, primary_key=True),
    Column("party", CODE, primary_key=True),
    Column("secret", Text, nullable=False),
    CheckConstraint("role IN ('party', 'public', 'seal')", name="role"),
    CheckConstraint("(role = 'party') = (party <> '')", name="party"),
)

combinations = Table(
    "combinations",
    metadata,
    Column("draw", CODE, ForeignKey("draws.draw"), primary_key=True),
    Column("combination", CODE, primary_key=True),
    Column("tasks", Text, nullable=False),
    Column("agencies", Text, nullable=False),
    Column("items", Text, nullable=False),
    Column("visits", Text, nullable=False),
)

visits = Table(
    "visits",
    metadata,
    Column("draw", CODE, primary_key=True),
    Column("visit", CODE, primary_key=True),
    Column("firm", CODE, nullable=False, index=True),
    Column("combination", CODE, nullable=False),
    Column("month", CODE, nullable=False),
    Column("day", Date),
    ForeignKeyConstraint(["draw", "combination"], ["combinations.draw", "combinations.combination"]),
    CheckConstraint("length(month) = 7", name="month"),
    sqlite_with_rowid=False,
)

needs = Table(
    "needs",
    metadata,
    Column("draw", CODE, primary_key=True),
    Column("visit", CODE, primary_key=True),
    Column("agency", CODE, primary_key=True),
    Column("officers", Integer, nullable=False),
    Column("qualified", Integer, nullable=False),
    Column("qualification", CODE),
    ForeignKeyConstraint(["draw", "visit"], ["visits.draw", "visits.visit"]),
    CheckConstraint("officers >= 1 AND qualified BETWEEN 0 AND officers", name="officers"),
    CheckConstraint("qualified = 0 OR qualification IS NOT NULL", name="qualification"),
    sqlite_with_rowid=False,
)

assignments = Table(
    "assignments",
    metadata,
    Column("draw", CODE, primary_key=True),
    Column("visit", CODE, primary_key=True),
    Column("agency", CODE, primary_key=True),
    Column("inspector", CODE, primary_key=True),
    ForeignKeyConstraint(["draw", "visit", "agency"], ["needs.draw", "needs.visit", "needs.agency"]),
    sqlite_with_rowid=False,
)

# Draws added in mid-year: the registers they are made from and the day from which they may send anybody.
supplements = Table(
    "supplements",
    metadata,
    Column("plan", CODE, ForeignKey("plans.plan"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("snapshot", CODE, nullable=False),
    Column("start", Date, nullable=False),
    Column("tasks", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("length(snapshot) = 64", name="snapshot"),
)

# What is asked for after a draw, by one person, and decided by another; what was drawn is never edited.
changes = Table(
    "changes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("plan", CODE, ForeignKey("plans.plan"), nullable=False, index=True),
    Column("draw", CODE, ForeignKey("draws.draw"), nullable=False),
    Column("kind", CODE, nullable=False),
    Column("visit", CODE, nullable=False),
    Column("agency", CODE, nullable=False),
    Column("subject", CODE, nullable=False),
    Column("reason", CODE, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("state", CODE, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("successor", CODE),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("kind IN ('void', 'replace', 'substitute', 'close')", name="kind"),
    CheckConstraint("state IN ('pending', 'approved', 'refused')", name="state"),
    CheckConstraint("(state = 'pending') = (decided_by IS NULL)", name="decision"),
    CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name="two_people"),
)
