"""Runs migrations on the connection that `upgrade.py` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from parley.storage.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    transactional_ddl=True,
)
context.run_migrations()
