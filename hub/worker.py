"""The process that ticks: runs the jobs of `hub.jobs` by the clock. Holds no rule."""
