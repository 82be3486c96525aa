"""Tables of the year as work: states of visits, what happened when by whom, findings, decisions, what was disclosed.

``visit_events``, ``amendments`` and what was disclosed only grow; the triggers that see to it live in the migration.
A part (draw, visit, agency) without a row in ``visit_states`` is planned.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from inspection.rules.visit_life import EVENTS, STATES
from inspection.store.tables import CODE, Instant, metadata


def one_of(column: str, values: tuple[str, ...]) -> str:
    """A check that the column holds one of the values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _part() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["draw", "visit", "agency"], ["needs.draw", "needs.visit", "needs.agency"])


visit_states = Table(
    "visit_states",
    metadata,
    Column("draw", CODE, primary_key=True),
    Column("visit", CODE, primary_key=True),
    Column("agency", CODE, primary_key=True),
    Column("state", CODE, nullable=False),
    Column("since", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("finished", Date),
    Column("outcome", CODE),
    _part(),
    CheckConstraint(one_of("state", STATES), name="state"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("(outcome IS NOT NULL) = (state IN ('closed', 'voided'))", name="outcome"),
    Index(None, "state"),
)

# ``agency`` is '' for what happened to the visit as a whole.
visit_events = Table(
    "visit_events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("draw", CODE, nullable=False),
    Column("visit", CODE, nullable=False),
    Column("agency", CODE, nullable=False),
    Column("event", CODE, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", CODE, nullable=False),
    Column("note", Text, nullable=False),
    Column("payload", Text, nullable=False),
    ForeignKeyConstraint(["draw", "visit"], ["visits.draw", "visits.visit"]),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint(one_of("event", (*EVENTS, "attach", "decide", "correct", "withdraw")), name="event"),
    Index(None, "draw", "visit"),
)

findings = Table(
    "findings",
    metadata,
    Column("draw", CODE, primary_key=True),
    Column("visit", CODE, primary_key=True),
    Column("agency", CODE, primary_key=True),
    Column("item", CODE, primary_key=True),
    Column("result", CODE, nullable=False),
    Column("method", CODE, nullable=False),
    Column("note", Text, nullable=False),
    Column("disposal", Text, nullable=False),
    Column("found_on", Date, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("reviewed_by", Text),
    Column("reviewed_at", Instant),
    Column("version", Integer, nullable=False),
    _part(),
    CheckConstraint("result <> ''", name="result"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("reviewed_by IS NULL OR reviewed_by <> entered_by", name="two_people"),
    sqlite_with_rowid=False,
)

attachments = Table(
    "attachments",
    metadata,
    Column("digest", CODE, primary_key=True),
    Column("draw", CODE, primary_key=True),
    Column("visit", CODE, primary_key=True),
    Column("agency", CODE, primary_key=True),
    Column("name", Text, nullable=False),
    Column("media", CODE, nullable=False),
    Column("size", Integer, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    _part(),
    CheckConstraint("length(digest) = 64", name="digest"),
    CheckConstraint("size > 0", name="size"),
    Index(None, "draw", "visit", "agency"),
)

# 行政执法决定: penalties and other measures that followed from a visit.
decisions = Table(
    "decisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("draw", CODE, nullable=False),
    Column("visit", CODE, nullable=False),
    Column("agency", CODE, nullable=False),
    Column("document", Text, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("summary", Text, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("reviewed_by", Text),
    Column("reviewed_at", Instant),
    _part(),
    UniqueConstraint("agency", "document"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("reviewed_by IS NULL OR reviewed_by <> entered_by", name="two_people"),
)

# Corrections and withdrawals of what is public; ``item`` is '' where all the agency found at the visit is withdrawn.
amendments = Table(
    "amendments",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("draw", CODE, nullable=False),
    Column("visit", CODE, nullable=False),
    Column("agency", CODE, nullable=False),
    Column("item", CODE, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("before", CODE, nullable=False),
    Column("result", CODE, nullable=False),
    Column("note", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("reviewed_by", Text),
    Column("reviewed_at", Instant),
    _part(),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("kind IN ('correct', 'withdraw')", name="kind"),
    CheckConstraint("reviewed_by IS NULL OR reviewed_by <> requested_by", name="two_people"),
    Index(None, "draw", "visit", "agency"),
)

due_dates = Table(
    "due_dates",
    metadata,
    Column("kind", CODE, primary_key=True),
    Column("draw", CODE, primary_key=True),
    Column("visit", CODE, primary_key=True),
    Column("agency", CODE, primary_key=True),
    # Number of the decision; '' for findings.
    Column("reference", CODE, primary_key=True),
    Column("since", Date, nullable=False),
    Column("due", Date, nullable=False),
    Column("done_at", Instant),
    _part(),
    CheckConstraint("kind IN ('findings', 'decision')", name="kind"),
    CheckConstraint("(kind = 'decision') = (reference <> '')", name="reference"),
    CheckConstraint("since < due", name="order"),
    Index(None, "done_at", "due"),
)

disclosure_batches = Table(
    "disclosure_batches",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("draw", CODE, ForeignKey("draws.draw"), nullable=False),
    Column("root", CODE, nullable=False),
    Column("file", CODE, nullable=False),
    Column("records", Integer, nullable=False),
    Column("position", Integer, ForeignKey("log_entries.position"), nullable=False),
    Column("made_at", Instant, nullable=False),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("length(root) = 64", name="root"),
    CheckConstraint("records >= 1", name="records"),
)

# The key is what keeps a record from being disclosed twice.
disclosures = Table(
    "disclosures",
    metadata,
    Column("record", CODE, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("batch", Integer, ForeignKey("disclosure_batches.number"), nullable=False, index=True),
    Column("kind", CODE, nullable=False),
    Column("action", CODE, nullable=False),
    CheckConstraint("version >= 0", name="version"),
    CheckConstraint("kind IN ('visit', 'finding', 'decision')", name="kind"),
    CheckConstraint("action IN ('i', 'u', 'd')", name="action"),
)

__all__ = ["metadata"]
