"""Indicators without children: what a hub counts of its own transport, and agencies' signed, suppressed counts."""
