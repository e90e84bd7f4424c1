"""Alembic's entry: runs revisions on the connection that `gateway.store.opening.migrate` hands in."""

from alembic import context

from gateway.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
