"""What runs by the clock: sweeps, deliveries, notices, pulls, checkpoints. Each job is a plain function over rows."""
