"""Accounts, sessions, and the permission that every route declares."""
