"""The page for providers without an account: its words, its form, its two routes."""
