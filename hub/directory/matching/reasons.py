"""What a match says, in words of a language: reasons, marks, labels of codes. Decides nothing.

Reads `words/<language>.json` here and beside the vocabulary. Words of a record or a person are never repeated, except
ages, dates and codes that the vocabulary knows; the name of an area or language stays its code where no list names it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from consent.words import LANGUAGES
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.directory.matching.match import Said

_VOCABULARY: Final = {"sex": "sexes", "situation": "situations"} | {
    name: name for name in ("vulnerabilities", "statuses", "documents", "access", "languages")
}


def words(language: str, room: str = "matching") -> Mapping[str, Any]:
    """Return the words of a language, of the room `matching` or `records`.

    Raises:
        InvalidRequest: there are none in this language.
    """
    if language not in LANGUAGES:
        raise InvalidRequest("There are no words of this language.", todo=f"Use {', '.join(LANGUAGES)}.")
    return _read(room, language)


def label(part: str, code: str, language: str) -> str:
    """Return the name of a code of the vocabulary, such as `needs` `health`; the code itself where it has none."""
    found: Mapping[str, str] = words(language, "records").get(part, {})
    return found.get(code, code)


def sentence(said: Said, language: str) -> str:
    """Return why a criterion answers as it does."""
    reasons = words(language)["reasons"]
    text: str = reasons[said.id].get(said.code) or reasons["*"][said.code]
    return text.format_map({name: _told(name, value, language) for name, value in said.tells.items()})


def _told(name: str, value: Any, language: str) -> str:
    if isinstance(value, list):
        comma = "، " if language == "ar" else ", "
        return comma.join(_told(name, item, language) for item in value)
    return label(_VOCABULARY[name], value, language) if name in _VOCABULARY else str(value)


@cache
def _read(room: str, language: str) -> Mapping[str, Any]:
    text = resources.files(f"hub.directory.{room}").joinpath("words", f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
