"""Indicators and suppression. Holds no code yet: it is the work of a later issue."""
