"""Fakes, factories and servers that tests share. No test lives here."""
