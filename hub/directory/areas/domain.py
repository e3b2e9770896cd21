"""An administrative area, and what a tree of them says. Pure: no rows, no outlines.

A code is an opaque name: parents are told by a column, never by a prefix, because p-codes of one country need not begin
alike and ISO 3166-2 codes never nest. `path` is the codes from the country down, joined by slashes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.directory.text.normalise import words
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def within(path: str, code: str) -> bool:
    """Whether the area of this path is `code` or lies in it."""
    return code in parts(path)


def paths(parents: Mapping[str, str | None], known: Mapping[str, str]) -> dict[str, str]:
    """Return the path of each code out of its parent; `known` are paths of areas that are there already.

    Raises:
        InvalidRequest: a parent that nobody knows, a circle, or a tree deeper than any country's.
    """
    found: dict[str, str] = {}
    for code in parents:
        chain = _climb(code, parents, known)
        above = known.get(chain[-1], "") if chain[-1] not in parents else ""
        for one in reversed(chain[:-1] if above else chain):
            above = found[one] = f"{above}/{one}" if above else one
    return found


def common(one: Iterable[str], other: Iterable[str]) -> int:
    """Return how many codes two paths share from the country down: how near two areas are in the tree."""
    count = 0
    for here, there in zip(one, other, strict=False):
        if here != there:
            break
        count += 1
    return count


def _climb(code: str, parents: Mapping[str, str | None], known: Mapping[str, str]) -> list[str]:
    """Return a code and those above it, up to a root or to one that is there already."""
    chain = [code]
    while chain[-1] in parents and (parent := parents[chain[-1]]) is not None:
        if parent not in parents and parent not in known:
            raise InvalidRequest("An area names a parent that is not there.", code=code)
        if parent in chain or len(chain) >= DEEPEST:
            raise InvalidRequest("An area lies in itself, or too deep.", code=code)
        chain.append(parent)
    return chain
