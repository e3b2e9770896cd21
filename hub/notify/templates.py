"""The words of a notice, in four languages. A closed list: nothing in it can name a child, a service or a handoff.

A notice says that something waits and where to sign in. The one that goes to an area focal point, who is neither sender
nor recipient, says how many waits an agency has and whom to phone. Whoever looks at somebody's phone learns less still:
a text to a member names no agency and no hub. What goes to somebody without an account is in four languages at once
where nobody knows which one is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

WAITS = "waits"
OVERDUE = "overdue"
TASK = "task"
SOON = "soon"
AREA = "area"
TRANSPORT = "transport"
"""Facts: `host`, `when` (a date or a time as text), `duty`."""
MISSING = "missing"
"""A planned arrival has passed and nobody has seen the child."""
THIRD_ASK = "third_ask"
ASK_BACK = "ask_back"
"""A text. Facts: `agency` (its name), `date`. The answer is `1` or `2` (`hub.notify.inbound`)."""
CODE = "code"
"""A text. Facts: `code`."""
SAID_NO = "said_no"
REVIEW = "review"
UNTOLD = "untold"
KEYS = "keys"
CODES_OFF = "codes_off"
"""Signing in takes no code of an authenticator app any more."""
RELEASE = "release"
"""A hub serves other programs than its log names. Facts: `host`."""
MAP_DUE = "map_due"
MAP_PAST = "map_past"
MAP_ASKED = "map_asked"
MAP_LINK = "map_link"
MAP_HELD = "map_held"

LANGUAGES: Final = ("en", "fr", "es", "ar")
_TEXTS = {
    name: json.loads((Path(__file__).parent / "words" / f"{name}.json").read_text(encoding="utf-8"))
    for name in LANGUAGES
}
_ANY = "any"
_LINK = "\n\n{link}\n\n{hub}\n"
TEMPLATES = frozenset(name for name, forms in _TEXTS["en"].items() if "text" in forms)
"""Those that are mailed."""
TEXTS = frozenset({ASK_BACK, CODE})
"""Those that are only ever texts, to a number of somebody without an account."""


def words(template: str, facts: Mapping[str, str | int], language: str | None = "en") -> tuple[str, str]:
    """Return subject and text of a mail; without a language in all four, with a link beneath.

    Raises:
        InvalidRequest: no such template, or a fact that it needs is missing.
    """
    if language is None:
        text = "\n".join(_form(template, "text", name) for name in LANGUAGES) + _LINK
        return " / ".join(_form(template, "subject", name) for name in LANGUAGES), _filled(text, facts)
    return _form(template, "subject", language), _filled(_form(template, "text", language), facts)


def short_words(template: str, facts: Mapping[str, str | int], language: str | None = "en") -> str:
    """Return a text for a phone, the template's own or the one that fits all; without a language in all four.

    Raises:
        InvalidRequest: no such template, or a fact that it needs is missing.
    """
    own = template in TEXTS or "sms" in _TEXTS["en"].get(template, {"sms": ""})
    forms = [_form(template if own else _ANY, "sms", name) for name in _named(language)]
    return _filled("\n".join(dict.fromkeys(forms)), facts)


def answer_words(said: str) -> frozenset[str]:
    """Return what people text for `yes` or `no` in any of the languages."""
    return frozenset(word for forms in _TEXTS.values() for word in forms["answers"][said])


def _named(language: str | None) -> tuple[str, ...]:
    return LANGUAGES if language is None else (language,)


def _form(template: str, form: str, language: str) -> str:
    try:
        return str(_TEXTS[language][template][form])
    except KeyError as error:
        raise InvalidRequest("A notice has a template of the list, in a language that it has.") from error


def _filled(text: str, facts: Mapping[str, str | int]) -> str:
    try:
        return text.format_map({name: _plain(value) for name, value in facts.items()})
    except KeyError as error:
        raise InvalidRequest("A notice has all the facts that it needs.") from error


def _plain(value: str | int) -> str:
    """Return a fact on one line, without control characters, short."""
    return "".join(character for character in str(value) if character.isprintable())[:200]
