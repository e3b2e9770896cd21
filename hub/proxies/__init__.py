"""Answers that the sender brings on the recipient's behalf: codes read back, questions asked back, reviews."""
