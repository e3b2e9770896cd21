"""What may be shared with whom: records, `decide()`, policy data. Pure; imports nothing from hub."""
