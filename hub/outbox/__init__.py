"""Promised deliveries to peers: rows written in the transaction of the step they tell of."""
