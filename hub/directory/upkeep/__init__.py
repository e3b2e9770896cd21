"""Keeping the map true: what is due, who is reminded, how a change is proposed and approved."""
