"""Alembic's entry: runs revisions on the connection that `gateway.store.migrating` hands in."""

from alembic import context

from gateway.store import tables_oversight

context.configure(connection=context.config.attributes["connection"], target_metadata=tables_oversight.alerts.metadata)
with context.begin_transaction():
    context.run_migrations()
