"""Providers without an account: what a link opens, on which device, after which code."""
