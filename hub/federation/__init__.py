"""Peers: authenticated delivery, receipts, catch-up and the pull of keys (docs/protocol.md §9)."""
