"""Statistics: how fast a hub's referrals went, and what agencies counted of their own, hidden before it came here."""
