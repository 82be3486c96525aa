"""The outbox: announcements, deliveries, receipts and act numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GROWING = ("outbox", "receipts")


def upgrade() -> None:
    """The tables exist; announcements and receipts only grow."""
    _outbox()
    _deliveries()
    op.create_table(
        "receipts",
        _code("target"),
        sa.Column("seq", sa.Integer, nullable=False),
        _code("received_at"),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("target", "seq", name="pk_receipts"),
        sa.ForeignKeyConstraint(
            ["target", "seq"], ["deliveries.target", "deliveries.seq"], name="fk_receipts_target_seq_deliveries"
        ),
    )
    op.create_table(
        "acts",
        *map(_code, ("act", "draw", "visit", "agency", "allocated_at")),
        sa.PrimaryKeyConstraint("act", name="pk_acts"),
        sa.ForeignKeyConstraint(
            ["draw", "visit", "agency"],
            ["needs.draw", "needs.visit", "needs.agency"],
            name="fk_acts_draw_visit_agency_needs",
        ),
        sa.CheckConstraint("length(act) <= 50", name=op.f("ck_acts_act")),
    )
    op.create_index("uq_acts_whose", "acts", ["draw", "visit", "agency"], unique=True)
    for table in GROWING:
        _only_grows(table)


def downgrade() -> None:
    """The tables are those of 0003."""
    for table in ("acts", "receipts", "deliveries", "targets", "outbox"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in GROWING:
            op.execute(f"DROP FUNCTION {table}_only_grows()")


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        *map(_code, ("key", "record", "kind", "action")),
        sa.Column("payload", sa.Text, nullable=False),
        *map(_code, ("not_before", "announced_at")),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_outbox_seq")),
        sa.CheckConstraint("action IN ('i', 'u', 'd')", name=op.f("ck_outbox_action")),
        sa.CheckConstraint(
            "kind IN ('plan', 'task', 'visit', 'finding', 'decision', 'statistics', 'reminder')",
            name=op.f("ck_outbox_kind"),
        ),
    )
    op.create_index("ix_outbox_record_seq", "outbox", ["record", "seq"])
    op.create_index("ix_outbox_kind_seq", "outbox", ["kind", "seq"])
    op.create_table(
        "targets",
        _code("target"),
        sa.Column("seen", sa.Integer, nullable=False),
        _code("batch_day"),
        sa.Column("batch_serial", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("target", name="pk_targets"),
        sa.CheckConstraint("seen >= 0 AND batch_serial >= 0", name=op.f("ck_targets_counts")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        _code("target"),
        sa.Column("seq", sa.Integer, nullable=False),
        *map(_code, ("record", "batch", "state")),
        sa.Column("attempts", sa.Integer, nullable=False),
        _code("due_at"),
        _code("claim", nullable=True),
        sa.Column("error", sa.Text),
        _code("settled_at", nullable=True),
        sa.Column("handled_by", sa.Text),
        _code("handled_at", nullable=True),
        sa.Column("note", sa.Text),
        sa.PrimaryKeyConstraint("target", "seq", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["target"], ["targets.target"], name="fk_deliveries_target_targets"),
        sa.ForeignKeyConstraint(["seq"], ["outbox.seq"], name="fk_deliveries_seq_outbox"),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'dead', 'dropped')", name=op.f("ck_deliveries_state")),
        sa.CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name=op.f("ck_deliveries_settled")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_attempts")),
        sa.CheckConstraint("(handled_by IS NULL) = (handled_at IS NULL)", name=op.f("ck_deliveries_handled")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["target", "due_at", "seq"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ix_deliveries_record", "deliveries", ["target", "record", "seq"])
    op.create_index("ix_deliveries_state", "deliveries", ["target", "state", "settled_at"])


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


def _code(name: str, nullable: bool = False) -> sa.Column[str]:
    """An identifier, time or digest, ordered by its bytes."""
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=nullable)
