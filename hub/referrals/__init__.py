"""The referral state machine and its use cases: one signed statement, one commit. Does not read packets."""
