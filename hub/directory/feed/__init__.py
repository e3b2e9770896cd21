"""The service map between hubs: what one hub tells of its own records, and what it takes from its peers."""
