"""Alembic's entry: migrates over the connection that ``engine.migrate`` hands in, inside its transaction."""

from alembic import context

from inspection.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite too migrates in one transaction: a process killed meanwhile leaves the old tables whole.
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
