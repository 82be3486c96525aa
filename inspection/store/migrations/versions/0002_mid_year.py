"""Mid-year: rounds of draws, draws given up, supplements, and changes asked for by one person, decided by another."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A draw knows its round and whether it was given up; supplements and changes have their tables."""
    op.add_column("draws", sa.Column("round", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("draws", _code("void", nullable=True))
    op.create_table(
        "supplements",
        _code("plan"),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        _code("snapshot"),
        sa.Column("start", sa.Date, nullable=False),
        sa.Column("tasks", sa.Text, nullable=False),
        _code("created_at"),
        sa.PrimaryKeyConstraint("plan", "number", name="pk_supplements"),
        sa.ForeignKeyConstraint(["plan"], ["plans.plan"], name="fk_supplements_plan_plans"),
        _check("number >= 1", "ck_supplements_number"),
        _check("length(snapshot) = 64", "ck_supplements_snapshot"),
    )
    op.create_table(
        "changes",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        *map(_code, ("plan", "draw", "kind", "visit", "agency", "subject", "reason")),
        sa.Column("requested_by", sa.Text, nullable=False),
        _code("requested_at"),
        _code("state"),
        sa.Column("decided_by", sa.Text),
        _code("decided_at", nullable=True),
        _code("successor", nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_changes"),
        sa.ForeignKeyConstraint(["plan"], ["plans.plan"], name="fk_changes_plan_plans"),
        sa.ForeignKeyConstraint(["draw"], ["draws.draw"], name="fk_changes_draw_draws"),
        _check("number >= 1", "ck_changes_number"),
        _check("kind IN ('void', 'replace', 'substitute', 'close')", "ck_changes_kind"),
        _check("state IN ('pending', 'approved', 'refused')", "ck_changes_state"),
        _check("(state = 'pending') = (decided_by IS NULL)", "ck_changes_decision"),
        _check("decided_by IS NULL OR decided_by <> requested_by", "ck_changes_two_people"),
    )
    op.create_index("ix_changes_plan", "changes", ["plan"])


def downgrade() -> None:
    """The tables are those of 0001."""
    op.drop_table("changes")
    op.drop_table("supplements")
    op.drop_column("draws", "void")
    op.drop_column("draws", "round")


def _code(name: str, nullable: bool = False) -> sa.Column[str]:
    """An identifier or digest, ordered by its bytes."""
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=nullable)


def _check(condition: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(name))
