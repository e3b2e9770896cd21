"""Rows of the service map, and the one path by which they change."""
