"""Ids of messages received, with the answers given, so that a message that arrives twice takes effect once."""
