"""Capacity inquiries: is there a place for somebody like this, asked before a referral and about nobody."""
