"""Alembic's way in: runs the changes on the connection that `hub.migrations.run` hands over. Reads no settings."""

from __future__ import annotations

from alembic import context

from hub.migrations.run import all_metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    # only who writes a change compares it with the tables, and reads every module for them
    target_metadata=all_metadata() if context.config.attributes.get("revising") else None,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_server_default=True,
)
context.run_migrations()
