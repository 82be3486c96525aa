"""Tables of the schedule: since when each job is kept up, which occasions were worked on, statistics as they were made.

Nothing here decides what is due by law; that lies with the visits, findings and announcements themselves. A lost table
of runs would make every job look again, and find its work done.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from inspection.store.tables import CODE, Instant, metadata

# Occasions after ``since`` are caught up; those before it were nobody's duty.
jobs = Table(
    "jobs",
    metadata,
    Column("job", CODE, primary_key=True),
    Column("since", Instant, nullable=False),
    # The latest time any scheduler saw: a clock that was set back shows against it.
    Column("seen_at", Instant, nullable=False),
    Column("paused_at", Instant),
    Column("paused_by", Text),
    CheckConstraint("(paused_at IS NULL) = (paused_by IS NULL)", name="paused"),
)

# A run that was claimed and whose process was killed is due again when its lease is over.
job_runs = Table(
    "job_runs",
    metadata,
    Column("job", CODE, ForeignKey("jobs.job"), primary_key=True),
    Column("occasion", CODE, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("state", CODE, nullable=False),
    # How many occasions the run stands for: more than one where it caught up.
    Column("covers", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claim", CODE),
    Column("lease_until", Instant),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("retry_at", Instant),
    Column("outcome", Text, nullable=False),
    CheckConstraint("state IN ('running', 'done', 'failed', 'given_up')", name="state"),
    CheckConstraint("covers >= 1 AND attempts >= 1", name="counts"),
    CheckConstraint("(state = 'running') = (claim IS NOT NULL AND lease_until IS NOT NULL)", name="claim"),
    CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended"),
    CheckConstraint("(state = 'failed') = (retry_at IS NOT NULL)", name="retry"),
)
Index("ix_job_runs_due", job_runs.c.job, job_runs.c.due_at)

# What was reported of a month or a year, as it was counted then: never counted again, never edited.
period_statistics = Table(
    "period_statistics",
    metadata,
    Column("plan", CODE, ForeignKey("plans.plan"), primary_key=True),
    Column("period", CODE, primary_key=True),
    Column("payload", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    CheckConstraint("length(period) IN (4, 7)", name="period"),
)

__all__ = ["job_runs", "jobs", "metadata", "period_statistics"]
