"""A person and a listing: which criteria are met, which are not, which nobody knows. Pure; runs in clients."""
