"""Signed statements: grammar, roles, verification (docs/protocol.md §7).

Takes certificates through a Protocol that `hub.keys` fulfils; decides nothing about states.
"""
