"""Neighbouring systems, at an agency's edge, with the agency's own keys.

Found by the entry point `hub.adapters`. Holds no code yet.
"""
