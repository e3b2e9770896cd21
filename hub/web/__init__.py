"""Problem documents and what all routes share. Holds no feature."""
