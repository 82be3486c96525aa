"""The first tables: plans and steps, the log that only grows, draws and what was drawn."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "identity",
    "plans",
    "steps",
    "log_entries",
    "checkpoints",
    "draws",
    "ceremony",
    "combinations",
    "visits",
    "needs",
    "assignments",
)
GROWING = ("log_entries", "checkpoints")

NEXT = {
    "log_entries": "NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM log_entries)",
    "checkpoints": "NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoints)"
    " OR NEW.size <> (SELECT coalesce(max(position) + 1, 0) FROM log_entries)",
}
"""What an added row is refused for: an entry has the next position, a checkpoint covers all entries and is new."""


def upgrade() -> None:
    """All tables exist; the log and its checkpoints only grow."""
    _create_plans()
    _create_log()
    _create_draws()
    _create_visits()
    for table in GROWING:
        if op.get_bind().dialect.name == "sqlite":
            _only_grows_sqlite(table)
        else:
            _only_grows_postgresql(table)


def downgrade() -> None:
    """No table is left."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in reversed(TABLES):
        op.drop_table(table)
        if is_postgresql and table in GROWING:
            op.execute(f"DROP FUNCTION {table}_only_grows()")


def _code(name: str, *foreign: sa.ForeignKey, nullable: bool = False) -> sa.Column[str]:
    """An identifier or digest, ordered by its bytes."""
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), *foreign, nullable=nullable)


def _check(condition: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(name))


def _create_plans() -> None:
    op.create_table(
        "identity",
        sa.Column("row", sa.Integer, autoincrement=False, nullable=False),
        _code("origin"),
        _code("verifier_key"),
        sa.PrimaryKeyConstraint("row", name="pk_identity"),
        _check("row = 1", "ck_identity_single"),
    )
    op.create_table(
        "plans",
        _code("plan"),
        _code("division"),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        _code("policy_digest"),
        _code("snapshot"),
        _code("created_at"),
        sa.PrimaryKeyConstraint("plan", name="pk_plans"),
        sa.UniqueConstraint("division", "year", name="uq_plans_division_year"),
        _check("year BETWEEN 2000 AND 2100", "ck_plans_year"),
        _check("length(policy_digest) = 64", "ck_plans_policy_digest"),
        _check("length(snapshot) = 64", "ck_plans_snapshot"),
    )
    op.create_table(
        "steps",
        _code("plan"),
        _code("name"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        _code("started_at", nullable=True),
        _code("finished_at"),
        sa.PrimaryKeyConstraint("plan", "name", name="pk_steps"),
        sa.ForeignKeyConstraint(["plan"], ["plans.plan"], name="fk_steps_plan_plans"),
        sa.UniqueConstraint("plan", "position", name="uq_steps_plan_position"),
        _check("position >= 0", "ck_steps_position"),
        _check("started_at <= finished_at", "ck_steps_order"),
    )


def _create_log() -> None:
    op.create_table(
        "log_entries",
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        _code("plan"),
        _code("draw"),
        _code("type"),
        _code("time"),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_log_entries"),
        sa.ForeignKeyConstraint(["plan"], ["plans.plan"], name="fk_log_entries_plan_plans"),
        _check("position >= 0", "ck_log_entries_position"),
        _check("type IN ('commit', 'result', 'void', 'replace', 'substitute', 'disclose')", "ck_log_entries_type"),
        _check("length(leaf) = 32", "ck_log_entries_leaf"),
    )
    op.create_index("ix_log_entries_plan", "log_entries", ["plan"])
    for name, condition in (("commit", "type = 'commit'"), ("ending", "type IN ('result', 'void')")):
        where = sa.text(condition)
        op.create_index(
            f"uq_log_entries_{name}", "log_entries", ["draw"], unique=True, sqlite_where=where, postgresql_where=where
        )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoints"),
        _check("size > 0", "ck_checkpoints_size"),
    )


def _create_draws() -> None:
    op.create_table(
        "draws",
        _code("draw"),
        _code("plan"),
        sa.Column("position", sa.Integer, nullable=False),
        _code("folder"),
        _code("kind"),
        _code("commitment", nullable=True),
        _code("root", nullable=True),
        sa.Column("files", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("draw", name="pk_draws"),
        sa.ForeignKeyConstraint(["plan"], ["plans.plan"], name="fk_draws_plan_plans"),
        sa.UniqueConstraint("plan", "position", name="uq_draws_plan_position"),
        _check("kind IN ('firms', 'inspectors')", "ck_draws_kind"),
        _check("position >= 1", "ck_draws_position"),
        _check("length(commitment) = 64", "ck_draws_commitment"),
        _check("root IS NULL OR (length(root) = 64 AND commitment IS NOT NULL)", "ck_draws_root"),
    )
    op.create_table(
        "ceremony",
        _code("draw"),
        _code("role"),
        _code("party"),
        sa.Column("secret", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("draw", "role", "party", name="pk_ceremony"),
        sa.ForeignKeyConstraint(["draw"], ["draws.draw"], name="fk_ceremony_draw_draws"),
        _check("role IN ('party', 'public', 'seal')", "ck_ceremony_role"),
        _check("(role = 'party') = (party <> '')", "ck_ceremony_party"),
    )
    op.create_table(
        "combinations",
        _code("draw"),
        _code("combination"),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tasks", "agencies", "items", "visits")),
        sa.PrimaryKeyConstraint("draw", "combination", name="pk_combinations"),
        sa.ForeignKeyConstraint(["draw"], ["draws.draw"], name="fk_combinations_draw_draws"),
    )


def _create_visits() -> None:
    op.create_table(
        "visits",
        *map(_code, ("draw", "visit", "firm", "combination", "month")),
        sa.Column("day", sa.Date),
        sa.PrimaryKeyConstraint("draw", "visit", name="pk_visits"),
        sa.ForeignKeyConstraint(
            ["draw", "combination"],
            ["combinations.draw", "combinations.combination"],
            name="fk_visits_draw_combination_combinations",
        ),
        _check("length(month) = 7", "ck_visits_month"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_visits_firm", "visits", ["firm"])
    op.create_table(
        "needs",
        *map(_code, ("draw", "visit", "agency")),
        sa.Column("officers", sa.Integer, nullable=False),
        sa.Column("qualified", sa.Integer, nullable=False),
        _code("qualification", nullable=True),
        sa.PrimaryKeyConstraint("draw", "visit", "agency", name="pk_needs"),
        sa.ForeignKeyConstraint(["draw", "visit"], ["visits.draw", "visits.visit"], name="fk_needs_draw_visit_visits"),
        _check("officers >= 1 AND qualified BETWEEN 0 AND officers", "ck_needs_officers"),
        _check("qualified = 0 OR qualification IS NOT NULL", "ck_needs_qualification"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "assignments",
        *map(_code, ("draw", "visit", "agency", "inspector")),
        sa.PrimaryKeyConstraint("draw", "visit", "agency", "inspector", name="pk_assignments"),
        sa.ForeignKeyConstraint(
            ["draw", "visit", "agency"],
            ["needs.draw", "needs.visit", "needs.agency"],
            name="fk_assignments_draw_visit_agency_needs",
        ),
        sqlite_with_rowid=False,
    )


def _only_grows_sqlite(table: str) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_next BEFORE INSERT ON {table} WHEN {NEXT[table]} {refuse}")


def _only_grows_postgresql(table: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'INSERT' THEN IF {NEXT[table]} THEN RAISE EXCEPTION '{table} only grows'; END IF; RETURN NEW;"
        f" END IF; RAISE EXCEPTION '{table} only grows'; END $$"
    )
    row, statement = f"EXECUTE FUNCTION {table}_only_grows()", "FOR EACH STATEMENT"
    op.execute(f"CREATE TRIGGER {table}_next BEFORE INSERT ON {table} FOR EACH ROW {row}")
    op.execute(f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} {statement} {row}")
