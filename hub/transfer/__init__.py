"""The transfer state machine, gates, legs and the responsibility register.

Holds no code yet: it is the work of a later issue.
"""
