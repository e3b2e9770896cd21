"""Needs that somebody means by what they type: `synonyms.json`, longest phrase first, typing errors allowed. Pure."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Final

from hub.directory.text.normalise import near, words

_TYPO_FROM: Final = 5
"""Letters from which on a word may be mistyped: shorter ones are too near to others."""

Phrase = tuple[str, ...]


def needs_of(text: str) -> dict[str, str]:
    """Return the needs that a text names, each with the words that named it, as the list has them."""
    found: dict[str, str] = {}
    typed, at = words(text), 0
    while at < len(typed):
        phrase, length = _longest(typed[at:])
        for need, shown in _phrases().get(phrase, {}).items():
            found.setdefault(need, shown)
        at += length
    return found


def words_for(need: str) -> list[Phrase]:
    """Return the phrases, as words, that stand for a need."""
    return [phrase for phrase, needs in _phrases().items() if need in needs]


def _longest(typed: list[str]) -> tuple[Phrase, int]:
    for length in range(min(len(typed), _most()), 0, -1):
        if (phrase := tuple(typed[:length])) in _phrases():
            return phrase, length
    alike = near(typed[0], _single()) if len(typed[0]) >= _TYPO_FROM else []
    return ((alike[0][0],), 1) if alike else ((), 1)


@cache
def _phrases() -> dict[Phrase, dict[str, str]]:
    text = resources.files("hub.directory.records").joinpath("synonyms.json").read_text(encoding="utf-8")
    found: dict[Phrase, dict[str, str]] = {}
    for need, languages in json.loads(text)["needs"].items():
        for said in languages.values():
            for shown in said:
                found.setdefault(tuple(words(shown)), {}).setdefault(need, shown)
    return found


@cache
def _single() -> list[str]:
    return [phrase[0] for phrase in _phrases() if len(phrase) == 1]


@cache
def _most() -> int:
    return max(map(len, _phrases()))
