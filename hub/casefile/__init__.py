"""What a child's case file says, and what must stand in it before a step is taken. Pure; known to clients alone."""
