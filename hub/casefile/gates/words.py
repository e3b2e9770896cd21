"""What the gates say, in the languages of the project: a checklist that explains itself. Decides nothing.

Reads `words/<language>.json`; the texts are for proofreading by native speakers before they are used in the field.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from consent.words import LANGUAGES, placeholders
from hub.casefile.gates import policy
from hub.casefile.gates.ask import Found
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.casefile.gates.ask import Outcome, Result


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a checklist: the gate, its state in a word, why, what to do next, and who may lift it.

    `todo` is empty where nothing is to be done; `who` where nothing blocks.
    """

    gate: str
    found: str
    state: str
    why: str
    todo: tuple[str, ...]
    who: str


def checklist(result: Result, language: str = "en") -> tuple[Line, ...]:
    """Return the checklist of a result, every gate in the policy's order.

    Raises:
        InvalidRequest: there are no words of this language.
    """
    said = words(language)
    return tuple(_line(row, said) for row in result.outcomes)


def task(name: str, language: str = "en") -> str:
    """Return what a task that a gate leaves is called."""
    return str(words(language)["tasks"][name])


def words(language: str) -> Mapping[str, Any]:
    """Return the words of a language.

    Raises:
        InvalidRequest: there are none of this language.
    """
    if language not in LANGUAGES:
        raise InvalidRequest("There are no words of this language.", todo=f"Use {', '.join(LANGUAGES)}.")
    return _read(language)


def _line(row: Outcome, said: Mapping[str, Any]) -> Line:
    state = said["unseen"] if row.found == Found.BLOCKED and row.unseen else said["states"][row.found]
    if row.found in {Found.CLEAR, Found.NOT_APPLICABLE}:
        return Line(row.gate, row.found, state, "", (), "")
    sentence: str = said["messages"][row.gate]
    told = {name: row.told.get(name) or said["instead"][name] for name in placeholders(sentence)}
    todo = tuple(said["checks"][row.gate][check] for check in row.failed) if row.found == Found.BLOCKED else ()
    who = said["never"] if policy.BY_ID[row.gate].override is None else said["lifts"][row.gate]
    return Line(row.gate, row.found, state, sentence.format_map(told), todo, who if row.found == Found.BLOCKED else "")


@cache
def _read(language: str) -> Mapping[str, Any]:
    folder = resources.files("hub.casefile.gates")
    found: dict[str, Any] = json.loads(folder.joinpath("words", f"{language}.json").read_text(encoding="utf-8"))
    return found
