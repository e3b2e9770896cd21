"""The Python client: vault, sealing, rules, talking to a hub.

The only part of this package that holds private keys and plaintext. Imports no server part.
"""
