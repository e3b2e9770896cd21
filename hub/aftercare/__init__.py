"""What follows an arrival: who is to be seen when, reviews, closing, keeping, destroying. Pure; for clients alone."""
