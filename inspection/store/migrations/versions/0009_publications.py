"""Plans put before the public by two people."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table exists."""
    op.create_table(
        "publications",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        _code("plan"),
        sa.Column("round", sa.Integer, nullable=False),
        *map(_code, ("state", "requested_by", "requested_at")),
        *(_code(name, nullable=True) for name in ("decided_by", "decided_at")),
        sa.PrimaryKeyConstraint("number", name="pk_publications"),
        sa.ForeignKeyConstraint(["plan"], ["plans.plan"], name="fk_publications_plan_plans"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_publications_number")),
        sa.CheckConstraint("state IN ('pending', 'approved', 'refused')", name=op.f("ck_publications_state")),
        sa.CheckConstraint("(state = 'pending') = (decided_by IS NULL)", name=op.f("ck_publications_decision")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name=op.f("ck_publications_two_people")),
    )
    op.create_index("ix_publications_plan", "publications", ["plan"])


def downgrade() -> None:
    """The tables are those of 0008."""
    op.drop_table("publications")


def _code(name: str, nullable: bool = False) -> sa.Column[str]:
    """An identifier, time or digest, ordered by its bytes."""
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=nullable)
