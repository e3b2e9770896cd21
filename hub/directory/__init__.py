"""Agencies and services as the public may know them. Knows nothing about any child, and nobody's search."""
