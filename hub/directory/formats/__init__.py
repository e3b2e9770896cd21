"""The service map in the formats of others. Pure: bytes to documents, documents to bytes."""
