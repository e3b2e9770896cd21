"""That one person's packet tells nothing of another: the last look before a household's packets are sealed.

Each person has an own basis and an own packet. A name that slipped into a sister's packet was agreed to by nobody, so
it is found and the sending stops. Looks at names and codes in the sections; not at pictures, files or nicknames.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from consent.basis import CONSENT
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.client.referrals import Outgoing

_NAMES: Final = frozenset(
    {
        "name",
        "names",
        "full_name",
        "given_name",
        "given_names",
        "first_name",
        "nickname",
        "alias",
        "aliases",
        "known_as",
    }
)
"""Members of sections that hold what somebody is called."""
_WORD: Final = re.compile(r"\w+")
_SHORTEST: Final = 3


def check_apart(outs: Sequence[Outgoing]) -> None:
    """Return if each person has an own basis and no packet names another one of them.

    Raises:
        InvalidRequest: two share a basis, or `section` in the facts names somebody else.
    """
    people = [_subject(out) for out in outs]
    if len(outs) < 2 or len(set(people)) != len(outs) or len({out.to for out in outs}) != 1:  # noqa: PLR2004 - two make a household
        raise InvalidRequest(
            "Each person of a household needs a basis of their own, and all packets go to one agency.",
            todo="Record a consent for each of them: an adult gives their own.",
        )
    called = [_called(out) for out in outs]
    for here, out in enumerate(outs):
        others = set().union(*(names for there, names in enumerate(called) if there != here)) - called[here]
        for section, value in out.sections.items():
            texts = [text.casefold() for text in _texts(value)]
            codes = [code for code in people if code != people[here]]
            if others & {word for text in texts for word in _words(text)} or any(c in t for c in codes for t in texts):
                raise InvalidRequest(
                    f"The section {section} of one person names another one of the household.",
                    todo="Say how they are related instead, such as younger sister.",
                    section=section,
                )


def _subject(out: Outgoing) -> str:
    """Return whose basis it is: the code of a consent's subject, or of the record itself where it names none."""
    held = out.basis
    subject = held.basis.get("subject") if held.kind == CONSENT and held.came_by is None else None
    return (str(subject["pseudonym"]) if subject else held.handoff).casefold()


def _called(out: Outgoing) -> set[str]:
    """Return the words by which a person is called."""
    return {word for value in out.sections.values() for text in _named(value) for word in _words(text.casefold())}


def _named(value: Any) -> Iterator[str]:
    for name, item in value.items() if isinstance(value, dict) else ():
        yield from _texts(item) if name in _NAMES else _named(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


def _words(text: str) -> Iterator[str]:
    return (word for word in _WORD.findall(text) if len(word) >= _SHORTEST)
