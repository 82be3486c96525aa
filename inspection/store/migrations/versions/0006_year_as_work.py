"""The year as work: states and events of visits, findings, attachments, decisions, due dates, what was disclosed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = "'planned', 'dispatched', 'accepted', 'carried_out', 'entered', 'reviewed', 'disclosed', 'closed', 'voided'"
EVENTS = (
    "'dispatch', 'accept', 'carry_out', 'enter', 'send_back', 'review', 'disclose', 'replace', 'substitute', 'close',"
    " 'void', 'attach', 'decide', 'correct', 'withdraw'"
)
PART = ("draw", "visit", "agency")
GROW = ("visit_events", "disclosure_batches", "disclosures")
TABLES = (
    "disclosures",
    "disclosure_batches",
    "due_dates",
    "amendments",
    "decisions",
    "attachments",
    "findings",
    "visit_events",
    "visit_states",
)


def upgrade() -> None:
    """The tables exist; events and disclosures only grow."""
    _states()
    _findings()
    _decisions()
    _disclosures()
    for table in GROW:
        _only_grows(table)


def downgrade() -> None:
    """The tables are those of 0005."""
    for table in TABLES:
        op.drop_table(table)
        if op.get_bind().dialect.name == "postgresql" and table in GROW:
            op.execute(f"DROP FUNCTION {table}_only_grows()")


def _states() -> None:
    op.create_table(
        "visit_states",
        *map(_code, (*PART, "state", "since")),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("finished", sa.Date),
        _code("outcome", nullable=True),
        *_keys("visit_states", PART),
        _check(f"state IN ({STATES})", "ck_visit_states_state"),
        _check("version >= 1", "ck_visit_states_version"),
        _check("(outcome IS NOT NULL) = (state IN ('closed', 'voided'))", "ck_visit_states_outcome"),
    )
    op.create_index("ix_visit_states_state", "visit_states", ["state"])
    op.create_table(
        "visit_events",
        _number(),
        *map(_code, (*PART, "event", "at")),
        _text("actor"),
        _code("role"),
        _text("note"),
        _text("payload"),
        sa.PrimaryKeyConstraint("number", name="pk_visit_events"),
        sa.ForeignKeyConstraint(
            ["draw", "visit"], ["visits.draw", "visits.visit"], name="fk_visit_events_draw_visit_visits"
        ),
        _check("number >= 1", "ck_visit_events_number"),
        _check(f"event IN ({EVENTS})", "ck_visit_events_event"),
    )
    op.create_index("ix_visit_events_draw_visit", "visit_events", ["draw", "visit"])


def _findings() -> None:
    op.create_table(
        "findings",
        *map(_code, (*PART, "item", "result", "method")),
        *map(_text, ("note", "disposal")),
        sa.Column("found_on", sa.Date, nullable=False),
        _text("entered_by"),
        _code("entered_at"),
        _text("reviewed_by", nullable=True),
        _code("reviewed_at", nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        *_keys("findings", (*PART, "item")),
        _check("result <> ''", "ck_findings_result"),
        _check("version >= 1", "ck_findings_version"),
        _check("reviewed_by IS NULL OR reviewed_by <> entered_by", "ck_findings_two_people"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attachments",
        *map(_code, ("digest", *PART)),
        _text("name"),
        _code("media"),
        sa.Column("size", sa.Integer, nullable=False),
        _text("added_by"),
        _code("added_at"),
        *_keys("attachments", ("digest", *PART)),
        _check("length(digest) = 64", "ck_attachments_digest"),
        _check("size > 0", "ck_attachments_size"),
    )
    op.create_index("ix_attachments_draw_visit_agency", "attachments", list(PART))


def _decisions() -> None:
    op.create_table(
        "decisions",
        _number(),
        *map(_code, PART),
        _text("document"),
        sa.Column("made_on", sa.Date, nullable=False),
        _text("summary"),
        _text("entered_by"),
        _code("entered_at"),
        _text("reviewed_by", nullable=True),
        _code("reviewed_at", nullable=True),
        *_keys("decisions", ("number",)),
        sa.UniqueConstraint("agency", "document", name="uq_decisions_agency_document"),
        _check("number >= 1", "ck_decisions_number"),
        _check("reviewed_by IS NULL OR reviewed_by <> entered_by", "ck_decisions_two_people"),
    )
    op.create_table(
        "amendments",
        _number(),
        *map(_code, (*PART, "item", "kind", "before", "result")),
        *map(_text, ("note", "reason", "requested_by")),
        _code("requested_at"),
        _text("reviewed_by", nullable=True),
        _code("reviewed_at", nullable=True),
        *_keys("amendments", ("number",)),
        _check("number >= 1", "ck_amendments_number"),
        _check("kind IN ('correct', 'withdraw')", "ck_amendments_kind"),
        _check("reviewed_by IS NULL OR reviewed_by <> requested_by", "ck_amendments_two_people"),
    )
    op.create_index("ix_amendments_draw_visit_agency", "amendments", list(PART))
    op.create_table(
        "due_dates",
        *map(_code, ("kind", *PART, "reference")),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        _code("done_at", nullable=True),
        *_keys("due_dates", ("kind", *PART, "reference")),
        _check("kind IN ('findings', 'decision')", "ck_due_dates_kind"),
        _check("(kind = 'decision') = (reference <> '')", "ck_due_dates_reference"),
        _check("since < due", "ck_due_dates_order"),
    )
    op.create_index("ix_due_dates_done_at_due", "due_dates", ["done_at", "due"])


def _disclosures() -> None:
    op.create_table(
        "disclosure_batches",
        _number(),
        *map(_code, ("draw", "root", "file")),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        _code("made_at"),
        sa.PrimaryKeyConstraint("number", name="pk_disclosure_batches"),
        sa.ForeignKeyConstraint(["draw"], ["draws.draw"], name="fk_disclosure_batches_draw_draws"),
        sa.ForeignKeyConstraint(
            ["position"], ["log_entries.position"], name="fk_disclosure_batches_position_log_entries"
        ),
        _check("number >= 1", "ck_disclosure_batches_number"),
        _check("length(root) = 64", "ck_disclosure_batches_root"),
        _check("records >= 1", "ck_disclosure_batches_records"),
    )
    op.create_table(
        "disclosures",
        _code("record"),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("batch", sa.Integer, nullable=False),
        *map(_code, ("kind", "action")),
        sa.PrimaryKeyConstraint("record", "version", name="pk_disclosures"),
        sa.ForeignKeyConstraint(
            ["batch"], ["disclosure_batches.number"], name="fk_disclosures_batch_disclosure_batches"
        ),
        _check("version >= 0", "ck_disclosures_version"),
        _check("kind IN ('visit', 'finding', 'decision')", "ck_disclosures_kind"),
        _check("action IN ('i', 'u', 'd')", "ck_disclosures_action"),
    )
    op.create_index("ix_disclosures_batch", "disclosures", ["batch"])


def _only_grows(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
        return
    op.execute(
        f"CREATE FUNCTION {table}_only_grows() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{table} only grows'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_grows()"
    )


def _keys(table: str, primary: tuple[str, ...]) -> tuple[sa.PrimaryKeyConstraint, sa.ForeignKeyConstraint]:
    """The primary key, and the part the row belongs to."""
    needs = ["needs.draw", "needs.visit", "needs.agency"]
    return (
        sa.PrimaryKeyConstraint(*primary, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(list(PART), needs, name=f"fk_{table}_draw_visit_agency_needs"),
    )


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, autoincrement=False, nullable=False)


def _code(name: str, nullable: bool = False) -> sa.Column[str]:
    """An identifier, time or key, ordered by its bytes."""
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=nullable)


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _check(condition: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(name))
