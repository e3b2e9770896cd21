"""Append-only Merkle log, checkpoints, proofs, stand-alone auditor (docs/protocol.md §8).

Does not know what a document means.
"""
