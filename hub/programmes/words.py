"""What is said of a programme's steps, in words of a language: how they stand, and why one cannot be marked yet."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from consent import words as consent_words
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.programmes.progress import Row
    from hub.programmes.template import Template


def state(row: Row, language: str = "en") -> str:
    """Return how a step stands, in words."""
    say = _words(language)
    found: str = say[row.state.value]
    return str(say["late"]).format(state=found) if row.late else found


def why_not(row: Row, template: Template, language: str = "en") -> str:
    """Return why a step cannot be marked yet: what comes first, or what belongs to it and is not there."""
    numbers = {step.id: f"{place}. " for place, step in enumerate(template.steps, 1)}
    sections = consent_words.words(language).categories
    missing = [numbers.get(name, "") + template.words(name, language) for name in row.waits_for or row.lacks]
    if not row.waits_for:
        missing += [sections[name] for name in row.sections]
    sentence: str = _words(language)["waits" if row.waits_for else "lacks" if missing else "cannot"]
    return sentence.format(step=numbers.get(row.id, "") + template.words(row.id, language), names="; ".join(missing))


@cache
def _words(language: str) -> Mapping[str, Any]:
    if language not in consent_words.LANGUAGES:
        raise InvalidRequest("There are no words of this language.", todo=f"Use {', '.join(consent_words.LANGUAGES)}.")
    text = resources.files("hub.programmes").joinpath("words", f"{language}.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found
