"""What somebody means by what they type: needs, by `synonyms.json`. Pure.

Rules: the longest phrase counts; a word may stand for several needs; longer words may be mistyped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from hub.directory.text.normalise import near, words

_TYPO_FROM: Final = 5
"""Letters from which on a word may be mistyped: shorter ones are too near to others."""

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meant:
    """Words that were typed together, and the needs they stand for, each with the phrase of the list."""

    typed: Phrase
    needs: dict[str, str]


def meant(text: str) -> list[Meant]:
    """Return what a text says, in its order: phrases that name needs, and other words one by one; no fillers."""
    typed = words(text)
    kept = [word for word in typed if word not in fillers()] or typed
    corrected = [_corrected(word) for word in kept]
    found, at = [], 0
    while at < len(kept):
        length = next((n for n in range(_most(), 0, -1) if tuple(corrected[at : at + n]) in _phrases()), 1)
        needs = _phrases().get(tuple(corrected[at : at + length]), {})
        found.append(Meant(tuple(kept[at : at + length]), needs))
        at += length
    return found


def needs_of(text: str) -> dict[str, str]:
    """Return the needs that a text names, each with the phrase that named it, as the list has it."""
    found: dict[str, str] = {}
    for one in meant(text):
        found = {**one.needs, **found}
    return found


@cache
def fillers() -> frozenset[str]:
    """Return the words that ask nothing: articles, prepositions, `and`."""
    return frozenset(word for said in _list()["fillers"].values() for filler in said for word in words(filler))


def _corrected(word: str) -> str:
    if len(word) < _TYPO_FROM or word in _known():
        return word
    alike = near(word, _known())
    return alike[0][0] if alike else word


def _list() -> dict[str, Any]:
    text = resources.files("hub.directory.records").joinpath("synonyms.json").read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value


@cache
def _phrases() -> dict[Phrase, dict[str, str]]:
    found: dict[Phrase, dict[str, str]] = {}
    for need, languages in _list()["needs"].items():
        for said in languages.values():
            for shown in said:
                plain = tuple(word for word in words(shown) if word not in fillers())
                found.setdefault(plain, {}).setdefault(need, shown)
    return found


@cache
def _known() -> frozenset[str]:
    return frozenset(word for phrase in _phrases() for word in phrase)


@cache
def _most() -> int:
    return max(map(len, _phrases()))
