"""Tables of those who use the page and the API: accounts and roles, sessions, the trail of what they did, and what
they asked for: answers kept under idempotency keys, errands that take long, rules proposed.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from inspection.store.tables import CODE, Instant, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("account", CODE, primary_key=True),
    Column("name", Text, nullable=False),
    # An Argon2id hash; none where people sign in elsewhere or only programs use the account.
    Column("password", Text),
    # "issuer subject" of an OpenID provider.
    Column("subject", CODE, unique=True),
    # The code the account's owner has in the register of inspectors.
    Column("inspector", CODE),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

# A role in one agency, or region, or ('') in all.
grants = Table(
    "grants",
    metadata,
    Column("account", CODE, ForeignKey("accounts.account"), primary_key=True),
    Column("role", CODE, primary_key=True),
    Column("agency", CODE, primary_key=True),
    Column("region", CODE, primary_key=True),
)

# SHA-256 of the secret half: it is 256 random bits, which no dictionary holds.
api_keys = Table(
    "api_keys",
    metadata,
    Column("key", CODE, primary_key=True),
    Column("account", CODE, ForeignKey("accounts.account"), nullable=False, index=True),
    Column("digest", CODE, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    CheckConstraint("length(digest) = 64", name="digest"),
)

# SHA-256 of the token in the cookie: who reads the database cannot take a session over.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", CODE, primary_key=True),
    Column("account", CODE, ForeignKey("accounts.account"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    CheckConstraint("length(digest) = 64", name="digest"),
)

# Only grows, as the log does; the triggers live in the migration. ``actor`` is an account, '' where nobody signed in.
trail = Table(
    "trail",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", CODE, nullable=False),
    Column("action", CODE, nullable=False),
    Column("object", Text, nullable=False),
    Column("outcome", CODE, nullable=False),
    CheckConstraint("number >= 1", name="number"),
)
Index("ix_trail_actor_action", trail.c.actor, trail.c.action, trail.c.number)

# The answer to a request that bore an idempotency key; no status while it is being worked on.
answers = Table(
    "answers",
    metadata,
    Column("actor", CODE, primary_key=True),
    Column("key", CODE, primary_key=True),
    Column("request", CODE, nullable=False),
    Column("status", Integer),
    Column("body", Text),
    Column("at", Instant, nullable=False),
    CheckConstraint("length(request) = 64", name="request"),
    CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered"),
)

# Work that outlasts a request, done by a process of its own, which says now and then that it is alive.
errands = Table(
    "errands",
    metadata,
    Column("errand", CODE, primary_key=True),
    Column("kind", CODE, nullable=False),
    Column("account", CODE, nullable=False),
    Column("state", CODE, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("alive_at", Instant, nullable=False),
    CheckConstraint("state IN ('running', 'done', 'waiting', 'failed')", name="state"),
)

# Rules somebody asks for and somebody else decides on; ``base`` is the digest of the file they are to replace.
proposals = Table(
    "proposals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("base", CODE, nullable=False),
    Column("requested_by", CODE, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("state", CODE, nullable=False),
    Column("decided_by", CODE),
    Column("decided_at", Instant),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("length(base) = 64", name="base"),
    CheckConstraint("state IN ('pending', 'approved', 'refused')", name="state"),
    CheckConstraint("(state = 'pending') = (decided_by IS NULL)", name="decision"),
    CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name="two_people"),
)

__all__ = ["accounts", "answers", "api_keys", "errands", "grants", "metadata", "proposals", "sessions", "trail"]
