"""The gates R21 to R38: rules over the sections of a case, asked in clients before a child moves. Pure."""
