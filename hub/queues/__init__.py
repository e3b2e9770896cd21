"""Queues: who has to act on what, and by when; rows of referrals as people at a desk want them. Changes nothing."""
