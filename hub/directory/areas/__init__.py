"""Administrative areas: codes, parents, names, validity, outlines."""
