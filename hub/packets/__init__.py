"""Seal, open and verify: the bytes of docs/protocol.md §2 to §4.

No I/O but the streams it is given; knows no database, no HTTP, no key store.
"""
