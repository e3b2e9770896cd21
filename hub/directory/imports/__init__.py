"""Imports: read, planned, shown, then applied, with a report by row."""
