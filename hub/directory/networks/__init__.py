"""Networks of focal points: who is a country's entry point, as a network's secretariat and the agencies signed it."""
