"""Numbered schema changes (Alembic). Expand first, contract a release later."""
