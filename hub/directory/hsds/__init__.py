"""The HSDS read API: the public part of the service map for whoever wants it."""
