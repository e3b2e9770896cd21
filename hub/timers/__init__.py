"""Case timers: dates that an agency keeps for itself, chased by its hub, which does not know what they are about."""
