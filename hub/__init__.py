"""Handover: a blind mail room, a clock and a notary for referrals and cross-border case transfers.

The hub moves sealed packets, chases whoever has not answered, and keeps a log that nobody can rewrite. It cannot read a
packet. Rooms and who may import whom: docs/architecture.md.
"""
