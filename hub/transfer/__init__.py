"""Transfers: a child's case moves for good, by legs; and the register of who is responsible for it."""
