"""Programmes: the steps that a procedure lays down for a case, as data, and how far a case has come with them."""
