"""Alembic's entry: migrates over the connection that `database` hands in, and knows nothing else."""

from alembic import context

from yett.store.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
