"""Records that may be one: proposed with reasons, decided by a person, undone."""
