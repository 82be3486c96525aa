"""Accounts: roles, keys, sessions, the trail of what was done, answers kept, errands, proposals of rules."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("accounts", "grants", "api_keys", "sessions", "trail", "answers", "errands", "proposals")


def upgrade() -> None:
    """The tables exist; the trail only grows."""
    _create_accounts()
    _create_requests()
    if op.get_bind().dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'trail only grows'); END"
        op.execute(f"CREATE TRIGGER trail_no_update BEFORE UPDATE ON trail {refuse}")
        op.execute(f"CREATE TRIGGER trail_no_delete BEFORE DELETE ON trail {refuse}")
    else:
        op.execute(
            "CREATE FUNCTION trail_only_grows() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'trail only grows'; END $$"
        )
        op.execute(
            "CREATE TRIGGER trail_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON trail"
            " FOR EACH STATEMENT EXECUTE FUNCTION trail_only_grows()"
        )


def downgrade() -> None:
    """The tables are those of 0004."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION trail_only_grows()")


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        _code("account"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password", sa.Text),
        *(_code(name, nullable=True) for name in ("subject", "inspector")),
        _code("created_at"),
        _code("disabled_at", nullable=True),
        sa.PrimaryKeyConstraint("account", name="pk_accounts"),
        sa.UniqueConstraint("subject", name="uq_accounts_subject"),
    )
    op.create_table(
        "grants",
        *map(_code, ("account", "role", "agency", "region")),
        sa.PrimaryKeyConstraint("account", "role", "agency", "region", name="pk_grants"),
        _account_of("grants"),
    )
    op.create_table(
        "api_keys",
        *map(_code, ("key", "account", "digest", "created_at")),
        _code("disabled_at", nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_api_keys"),
        _account_of("api_keys"),
        _check("length(digest) = 64", "ck_api_keys_digest"),
    )
    op.create_index("ix_api_keys_account", "api_keys", ["account"])
    op.create_table(
        "sessions",
        *map(_code, ("digest", "account", "created_at", "seen_at")),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
        _account_of("sessions"),
        _check("length(digest) = 64", "ck_sessions_digest"),
    )
    op.create_index("ix_sessions_account", "sessions", ["account"])
    op.create_table(
        "trail",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        *map(_code, ("at", "actor", "action")),
        sa.Column("object", sa.Text, nullable=False),
        _code("outcome"),
        sa.PrimaryKeyConstraint("number", name="pk_trail"),
        _check("number >= 1", "ck_trail_number"),
    )
    op.create_index("ix_trail_actor_action", "trail", ["actor", "action", "number"])


def _create_requests() -> None:
    op.create_table(
        "answers",
        *map(_code, ("actor", "key", "request")),
        sa.Column("status", sa.Integer),
        sa.Column("body", sa.Text),
        _code("at"),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_answers"),
        _check("length(request) = 64", "ck_answers_request"),
        _check("(status IS NULL) = (body IS NULL)", "ck_answers_answered"),
    )
    op.create_table(
        "errands",
        *map(_code, ("errand", "kind", "account", "state")),
        sa.Column("outcome", sa.Text, nullable=False),
        *map(_code, ("begun_at", "alive_at")),
        sa.PrimaryKeyConstraint("errand", name="pk_errands"),
        _check("state IN ('running', 'done', 'waiting', 'failed')", "ck_errands_state"),
    )
    op.create_table(
        "proposals",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        *map(_code, ("base", "requested_by", "requested_at", "state")),
        *(_code(name, nullable=True) for name in ("decided_by", "decided_at")),
        sa.PrimaryKeyConstraint("number", name="pk_proposals"),
        _check("number >= 1", "ck_proposals_number"),
        _check("length(base) = 64", "ck_proposals_base"),
        _check("state IN ('pending', 'approved', 'refused')", "ck_proposals_state"),
        _check("(state = 'pending') = (decided_by IS NULL)", "ck_proposals_decision"),
        _check("decided_by IS NULL OR decided_by <> requested_by", "ck_proposals_two_people"),
    )


def _account_of(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=f"fk_{table}_account_accounts")


def _code(name: str, nullable: bool = False) -> sa.Column[str]:
    """An identifier or digest, ordered by its bytes."""
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=nullable)


def _check(condition: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(name))
