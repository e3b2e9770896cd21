"""Names of organisations, services and sites in the form in which they are compared. Pure.

Takes a name apart into its words without fillers and legal forms, and the acronyms that stand in it: before a colon or
a dash, in brackets, behind a bar, or the whole name. An operator may give a list of patterns that say what is meant.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.directory.text.needs import fillers
from hub.directory.text.normalise import words
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SPLIT: Final = re.compile(r"\s*[|/;:]\s*|\s+[-\u2013\u2014]\s+|\s*[()\[\]\u00ab\u00bb]\s*")
_ACRONYM: Final = re.compile(r"(?=.*[A-Z])[A-Z0-9][A-Z0-9&.]{1,11}(?:-[A-Za-z]{1,8})?\Z")
_LEGAL: Final = frozenset(
    {"ev", "inc", "ltd", "llc", "gmbh", "plc", "asbl", "aisbl", "ong", "ngo", "sarl", "onlus", "bv", "corp", "nv"}
)
_SPELLED: Final = {
    "organisation": "organization",
    "programme": "program",
    "programmes": "programs",
    "centre": "center",
    "centres": "centers",
    "labour": "labor",
    "defence": "defense",
}
GENERIC: Final = frozenset(
    {
        *("organization", "association", "society", "institution", "institute", "foundation", "committee", "agency"),
        *("center", "network", "group", "trust", "international", "national", "program", "project", "services"),
        *("service", "office", "union", "federation", "fund", "company", "asociacion", "fundacion", "fondation"),
        *("comite", "centro", "منظمه", "جمعيه", "مركز"),
        *("موسسه", "هييه", "لجنه"),
    }
)
"""Words that half of all names have, in the form of `words`."""
_COLUMNS: Final = 3
_MOST_PATTERNS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Name:
    """One name as it is compared: its words in their order, and the acronyms that stand in it or are made of it."""

    words: tuple[str, ...]
    acronyms: frozenset[str] = frozenset()
    initials: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Patterns:
    """What an operator says is meant by names: by the words of a name, the name that is meant and its acronym."""

    meant: Mapping[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]]) -> Patterns:
        """Return the patterns of rows: what is written, what is meant, its acronym or nothing."""
        return cls({_plain(written): (name, acronym) for written, name, acronym in rows if _plain(written)})


def read_patterns(text: str) -> list[tuple[str, str, str]]:
    """Return the rows of a CSV file below its heading: what is written, what is meant, its acronym.

    Raises:
        InvalidRequest: a line has fewer than two columns, or there are too many.
    """
    rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if any(row)]
    if len(rows) > _MOST_PATTERNS or any(len(row) < _COLUMNS - 1 for row in rows):
        raise InvalidRequest("A list of names has two or three columns: what is written, what is meant, its acronym.")
    body = [row for row in rows[1:] if not row[0].startswith("#")]
    return [(row[0], row[1], row[2] if len(row) >= _COLUMNS else "") for row in body]


def compared(text: str, patterns: Patterns | None = None) -> list[Name]:
    """Return the names that a text holds, most telling first: the whole, then each part that is no acronym."""
    said = _plain(text)
    if patterns and said in patterns.meant:
        name, acronym = patterns.meant[said]
        return [Name(_plain(name), frozenset(_acronyms([name, acronym])), _initials(_plain(name), name))]
    parts = [part for part in _SPLIT.split(text) if part]
    acronyms = frozenset(_acronyms([text, *parts]))
    spoken = [part for part in parts if not _ACRONYM.match(part.strip())] or parts
    whole = " ".join(spoken)
    found = [Name(_plain(one), acronyms, _initials(_plain(one), one)) for one in dict.fromkeys([whole, *spoken])]
    return [name for name in found if name.words]


def acronym(text: str) -> str:
    """Return an acronym as it is compared: letters and digits alone; of `ACF-USA` what stands before the hyphen."""
    head = text.strip().split("-")[0] if _ACRONYM.match(text.strip()) else text
    return "".join(words(head))


def _acronyms(parts: Iterable[str]) -> list[str]:
    return [acronym(part) for part in parts if _ACRONYM.match(part.strip())]


def _plain(text: str) -> tuple[str, ...]:
    """Return the words of a name, in one spelling, without fillers and legal forms unless there is nothing else."""
    said = [_SPELLED.get(word, word) for word in words(text.replace("&", " "))]
    kept = [word for word in said if word not in fillers() and word not in _LEGAL and len(word) > 1]
    return tuple(kept or said)


def _initials(kept: tuple[str, ...], text: str) -> frozenset[str]:
    whole = "".join(word[0] for word in words(text))
    return frozenset({"".join(word[0] for word in kept), whole}) if len(kept) > 1 else frozenset()
