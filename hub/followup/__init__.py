"""Clocks, calendars and ladders: what is due, for whom, and what comes next. Sends nothing itself."""
