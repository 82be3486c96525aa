"""Commitments of single parties to a draw, until all are handed in."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table exists."""
    op.create_table(
        "pledges",
        *map(_code, ("draw", "party", "commitment", "at")),
        sa.PrimaryKeyConstraint("draw", "party", name="pk_pledges"),
        sa.CheckConstraint("length(commitment) = 64", name=op.f("ck_pledges_commitment")),
    )


def downgrade() -> None:
    """The tables are those of 0007."""
    op.drop_table("pledges")


def _code(name: str) -> sa.Column[str]:
    """An identifier, time or digest, ordered by its bytes."""
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False)
