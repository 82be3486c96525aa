"""What others say of the log: witnesses, cosignatures, timestamps; none is ever changed or removed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("witnesses", "cosignatures", "timestamps")


def upgrade() -> None:
    """The tables exist and only grow."""
    op.create_table(
        "witnesses",
        *map(_code, ("name", "verifier_key", "added_at")),
        sa.PrimaryKeyConstraint("name", name="pk_witnesses"),
    )
    op.create_table(
        "cosignatures",
        sa.Column("size", sa.Integer, nullable=False),
        *map(_code, ("witness", "signed_at")),
        sa.Column("line", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name="pk_cosignatures"),
        sa.ForeignKeyConstraint(["size"], ["checkpoints.size"], name="fk_cosignatures_size_checkpoints"),
        sa.ForeignKeyConstraint(["witness"], ["witnesses.name"], name="fk_cosignatures_witness_witnesses"),
    )
    op.create_table(
        "timestamps",
        sa.Column("size", sa.Integer, nullable=False),
        *map(_code, ("digest", "stamped_at")),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("size", "digest", name="pk_timestamps"),
        sa.ForeignKeyConstraint(["size"], ["checkpoints.size"], name="fk_timestamps_size_checkpoints"),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_timestamps_digest")),
    )
    for table in TABLES:
        if op.get_bind().dialect.name == "sqlite":
            refuse = f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
            op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
        else:
            op.execute(
                f"CREATE FUNCTION {table}_only_grows() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION '{table} only grows'; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_grows()"
            )


def downgrade() -> None:
    """The tables are those of 0002."""
    for table in reversed(TABLES):
        op.drop_table(table)
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION {table}_only_grows()")


def _code(name: str) -> sa.Column[str]:
    """An identifier, time or key, ordered by its bytes."""
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False)
