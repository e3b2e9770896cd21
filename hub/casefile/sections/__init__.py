"""The sections of a case file: their published forms, how complete they are, what is still to be asked."""
