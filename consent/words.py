"""What people are told and asked, in their language: notices, rule messages, and the names of what the policy names.

Reads `words/<language>.json`; decides nothing and prints nothing. A notice is what was read to somebody before they
agreed, so it has a version and a hash: change one letter of a notice and its version must rise in all languages. The
texts are for proofreading by native speakers before they are used in the field (docs/consent-paper.md).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from string import Formatter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES: Final = ("en", "fr", "es", "ar")
TOPICS: Final = (
    "what",
    "who",
    "why",
    "where_country",
    "how_long",
    "risks",
    "right_to_refuse",
    "right_to_withdraw",
    "service_not_conditional",
    "limits_of_confidentiality",
    "limits_of_assistance",
)
"""What must be explained before somebody can agree (R06, A16), in the order in which it is told."""
WHO_TO_ASK: Final = "who_to_ask"
NOTICES: Final = ("notice-referral", "notice-referral-child", "notice-transfer", "notice-transfer-child")
_CHILD: Final = "-child"
_NAMED_IN: Final = {"section": "categories", "category": "categories", "purpose": "purposes", "giver": "givers"} | {
    "service": "services"
}


class WordsError(ValueError):
    """There are no such words: another language, notice or rule."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One topic of a notice: its id, its heading and what is said."""

    topic: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is told before they decide. `sha256` is base64url, over the canonical JSON of all that is told."""

    id: str
    version: str
    language: str
    title: str
    paragraphs: tuple[Paragraph, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Words:
    """All words of one language; `direction` is that of its script (`ltr`, `rtl`)."""

    language: str
    name: str
    direction: str
    topics: Mapping[str, str]
    categories: Mapping[str, str]
    purposes: Mapping[str, str]
    services: Mapping[str, str]
    givers: Mapping[str, str]
    states: Mapping[str, str]
    choices: Mapping[str, str]
    labels: Mapping[str, str]
    instead: Mapping[str, str]
    messages: Mapping[str, str]
    countries: Mapping[str, str]

    def country(self, code: str) -> str:
        """Return a country's name, or its code where it has none here."""
        return self.countries.get(code, code)

    def message(self, rule: str, **facts: str) -> str:
        """Return the sentence of a rule; words of the policy are named in this language, what is missing stays general.

        `section` may be several, with commas between them.

        Raises:
            WordsError: no such rule.
        """
        if rule not in self.messages:
            raise WordsError("No such rule.")
        sentence = self.messages[rule]
        said = {place: self._named(place, facts.get(place)) for place in placeholders(sentence)}
        found = sentence.format_map(said)
        return found[:1].upper() + found[1:]

    def _named(self, place: str, fact: str | None) -> str:
        if not fact:
            return self.instead[place]
        if place not in _NAMED_IN:
            return fact
        table: Mapping[str, str] = getattr(self, _NAMED_IN[place])
        comma = {"ar": "؛ ", "fr": " ; "}.get(self.language, "; ")  # names of sections have commas of their own
        return comma.join(dict.fromkeys(table.get(name, self.instead[place]) for name in fact.split(",")))


def words(language: str) -> Words:
    """Return the words of a language.

    Raises:
        WordsError: it is none of `LANGUAGES`.
    """
    data = _read(language)
    return Words(**{name: data[name] for name in Words.__slots__})


def notice(name: str, language: str) -> Notice:
    """Return a notice in a language.

    Raises:
        WordsError: no such notice or language.
    """
    data = _read(language)
    told = data["notices"]
    if name not in NOTICES:
        raise WordsError("No such notice.")
    common = told["common-child" if name.endswith(_CHILD) else "common"]
    texts = {**common, **told[name]}
    paragraphs = tuple(Paragraph(t, data["topics"][t], texts[t]) for t in (*TOPICS, WHO_TO_ASK))
    value = {
        "id": name,
        "version": told["version"],
        "language": language,
        "title": told["titles"][name],
        "paragraphs": [{"topic": p.topic, "heading": p.heading, "text": p.text} for p in paragraphs],
    }
    return Notice(name, told["version"], language, told["titles"][name], paragraphs, _hash(value))


def placeholders(sentence: str) -> frozenset[str]:
    """Return the names of what a sentence leaves to be filled in."""
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name)


@cache
def _read(language: str) -> dict[str, Any]:
    if language not in LANGUAGES:
        raise WordsError("There are no words of this language.")
    text = resources.files("consent").joinpath("words", f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _hash(value: dict[str, Any]) -> str:
    """Return the hash of RFC 8785's form, which for objects of ASCII names and texts is sorted and without spaces."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return urlsafe_b64encode(sha256(canonical).digest()).rstrip(b"=").decode()
