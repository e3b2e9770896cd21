"""Words as people write them, in any script: what they have in common, and what was meant."""
