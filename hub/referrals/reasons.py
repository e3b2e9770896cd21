"""The coded words of the conversation, as data: reasons, barriers, outcomes, how a person was asked. Decides nothing.

They travel in sealed parts and stand in agencies' own records; no hub sees which was said. A word that this release
does not know, out of a newer client, reads as `other`.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from consent.words import LANGUAGES
from hub.directory.records.record import UUID
from hub.directory.records.vocabulary import NEEDS
from hub.errors import InvalidRequest, Malformed
from hub.packets import shapes as a

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER: Final = "other"


_REDIRECT = a.object_of({"agency": a.null_or(a.agency), "service": a.null_or(a.matches(UUID))})


def _load(name: str) -> dict[str, Any]:
    text = resources.files("hub.referrals").joinpath(name).read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value


_CODES: Final = _load("reasons.json")
REASONS: Final = tuple(code for code, uses in _CODES["codes"].items() if "reason" in uses)
"""Why an agency cannot help: of a decline, of what could not be delivered, of an unmet need."""
BARRIERS: Final = tuple(code for code, uses in _CODES["codes"].items() if "barrier" in uses)
"""What stood between the person and the help (requirement E7)."""
GOT_HELP: Final = tuple(_CODES["answers"])
WHO: Final = tuple(_CODES["asked"]["who"])
HOW: Final = tuple(_CODES["asked"]["how"])
_CODED: Final = {
    "code": frozenset(REASONS),
    "got_help": frozenset(GOT_HELP),
    "barriers": frozenset(BARRIERS),
    "needs": frozenset(NEEDS),
}


def reason(said: object) -> str | None:
    """Return a reason out of a reply, `other` where it is not on the list, None where nothing was said."""
    return None if said is None else said if isinstance(said, str) and said in REASONS else OTHER


def barriers(said: object) -> tuple[str, ...]:
    """Return the barriers out of a reply, in the order of the list."""
    rows = said if isinstance(said, list | tuple) else ()
    named = {one if isinstance(one, str) and one in BARRIERS else OTHER for one in rows}
    return tuple(code for code in BARRIERS if code in named)


def redirect(said: object) -> Mapping[str, Any] | None:
    """Return whom a recipient proposes instead, {agency, service}: a proposal, for the sender to ask consent for."""
    try:
        _REDIRECT(said)
    except Malformed:
        return None
    return said if isinstance(said, dict) and (said["agency"] or said["service"]) else None


def check(words: Mapping[str, Any]) -> None:
    """Return if the coded words of a reply are on their lists; words of other names are free.

    Raises:
        InvalidRequest: one is not.
    """
    for name, known in _CODED.items():
        said = words.get(name) or ()
        if not {said} <= known if isinstance(said, str) else not set(said) <= known:
            raise InvalidRequest(
                f"The word for {name} is not on the list.", todo=f"Use one of: {', '.join(sorted(known))}.", field=name
            )
    if words.get("redirect") and redirect(words["redirect"]) is None:
        raise InvalidRequest("A proposal names an agency or a service of the map.", field="redirect")


def word(code: str, language: str = "en", part: str = "codes") -> str:
    """Return a code in words of a language; `part` is codes, answers, capacity, who or how."""
    found: dict[str, str] = _words(language)[part]
    return found.get(code, code)


@cache
def _words(language: str) -> dict[str, Any]:
    if language not in LANGUAGES:
        raise InvalidRequest("There are no words of this language.", todo=f"Use {', '.join(LANGUAGES)}.")
    return _load(f"words/{language}.json")
