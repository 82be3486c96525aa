"""The schedule: jobs, their runs, and the statistics made of a month or a year."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The tables exist; statistics only grow."""
    op.create_table(
        "jobs",
        *map(_code, ("job", "since", "seen_at")),
        _code("paused_at", nullable=True),
        sa.Column("paused_by", sa.Text),
        sa.PrimaryKeyConstraint("job", name="pk_jobs"),
        sa.CheckConstraint("(paused_at IS NULL) = (paused_by IS NULL)", name=op.f("ck_jobs_paused")),
    )
    _runs()
    op.create_table(
        "period_statistics",
        *map(_code, ("plan", "period")),
        sa.Column("payload", sa.Text, nullable=False),
        _code("made_at"),
        sa.PrimaryKeyConstraint("plan", "period", name="pk_period_statistics"),
        sa.ForeignKeyConstraint(["plan"], ["plans.plan"], name="fk_period_statistics_plan_plans"),
        sa.CheckConstraint("length(period) IN (4, 7)", name=op.f("ck_period_statistics_period")),
    )
    _only_grows("period_statistics")


def downgrade() -> None:
    """The tables are those of 0006."""
    for table in ("period_statistics", "job_runs", "jobs"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION period_statistics_only_grows()")


def _runs() -> None:
    op.create_table(
        "job_runs",
        *map(_code, ("job", "occasion", "due_at", "state")),
        sa.Column("covers", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        *(_code(name, nullable=True) for name in ("claim", "lease_until")),
        _code("begun_at"),
        *(_code(name, nullable=True) for name in ("ended_at", "retry_at")),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("job", "occasion", name="pk_job_runs"),
        sa.ForeignKeyConstraint(["job"], ["jobs.job"], name="fk_job_runs_job_jobs"),
        sa.CheckConstraint("state IN ('running', 'done', 'failed', 'given_up')", name=op.f("ck_job_runs_state")),
        sa.CheckConstraint("covers >= 1 AND attempts >= 1", name=op.f("ck_job_runs_counts")),
        sa.CheckConstraint(
            "(state = 'running') = (claim IS NOT NULL AND lease_until IS NOT NULL)", name=op.f("ck_job_runs_claim")
        ),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name=op.f("ck_job_runs_ended")),
        sa.CheckConstraint("(state = 'failed') = (retry_at IS NOT NULL)", name=op.f("ck_job_runs_retry")),
    )
    op.create_index("ix_job_runs_due", "job_runs", ["job", "due_at"])


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
