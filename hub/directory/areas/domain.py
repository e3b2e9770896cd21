"""An administrative area, and what a tree of them says. Pure: no rows, no outlines.

A code is an opaque name: parents are told by a column, never by a prefix, because p-codes of one country need not begin
alike and ISO 3166-2 codes never nest. `path` is the codes from the country down, joined by slashes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.directory.text.normalise import words

if TYPE_CHECKING:
    from collections.abc import Mapping

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,31}")
DEEPEST = 8
LANGUAGES = ("en", "fr", "es", "ar")


@dataclass(frozen=True, slots=True)
class Area:
    """One area as it is now, or as it was until `valid_to` (days as text, empty where none is known)."""

    code: str
    scheme: str
    level: int
    parent: str | None
    path: str
    country: str
    names: Mapping[str, str] = field(default_factory=dict)
    valid_from: str = ""
    valid_to: str = ""
    lat: float | None = None
    lon: float | None = None

    def name(self, *languages: str) -> str:
        """Return its name in the first of these languages that it has one in, else in any, else its code."""
        wanted = (*languages, *LANGUAGES, *self.names)
        return next((self.names[language] for language in wanted if language in self.names), self.code)


def fold(text: str) -> str:
    """Return a name as it is compared: no case, no marks, single spaces."""
    return " ".join(words(text))


def parts(path: str) -> list[str]:
    """Return the codes of a path, the country first."""
    return path.split("/") if path else []
