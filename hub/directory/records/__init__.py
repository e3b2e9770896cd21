"""What a record of the service map is: codes, shape, field groups, who sees which field. Pure; stores nothing."""
