"""Vaults, devices, agency epochs, key entries, pins (docs/protocol.md §5, §6).

Private keys appear only in the parts that clients use; the store holds public keys and ciphertext.
"""
