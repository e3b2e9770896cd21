"""Why a row of a file of areas was not taken as it stands: a code for screens, a sentence for everybody else."""

from __future__ import annotations

from typing import Final

SENTENCES: Final = {
    "no_code": "This row has no code that can be one: name the column that has it.",
    "no_level": "This row does not say its level: give one for the file (1 is below the country).",
    "twice": "This code stands above already.",
    "malformed_outline": "The outline of this row is not well formed.",
    "no_area": "The outline of this row is no area in degrees.",
    "other_country": "An area of another country has this code.",
    "other_level": "An area of another level has this code.",
    "orphan": "Its parent is not there: import the level above first, or name the column that says the parent.",
    "moved": "It lies in another area here: only the agency that leads in this country moves it.",
    "issued_again": "This code was issued again since.",
    "outside": "It lies outside what it names as its parent.",
}


def because(code: str) -> dict[str, str]:
    """Return the members of a row of a report that say why."""
    return {"because": code, "problem": SENTENCES[code]}
