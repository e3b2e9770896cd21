"""The files of this room: forms, what is wanted, questions, words. Reads each once."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from consent.words import LANGUAGES
from hub.errors import InvalidRequest


@cache
def load(name: str) -> dict[str, Any]:
    """Return a file of this room.

    Raises:
        InvalidRequest: words of a language that there are none of.
    """
    if name.startswith("words/") and name[6:-5] not in LANGUAGES:
        raise InvalidRequest("There are no words of this language.", todo=f"Use {', '.join(LANGUAGES)}.")
    text = resources.files("hub.casefile.sections").joinpath(name).read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value
