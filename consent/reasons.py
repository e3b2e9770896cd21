"""Why not, in words: the rule, a sentence for the person at the screen, and whom to ask.

The sentences stand in `words/<language>.json`. Words of the facts are repeated only if the policy knows them, so that a
message never echoes what somebody typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from consent import policy
from consent.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

_AGENCY = re.compile(r"urn:rcp:agency:([a-z0-9-]{1,63}@[a-z0-9.:-]{1,260})")
_ASK: Final = {rule.id: rule.ask for rule in policy.RULES}
_LISTED: Final = {
    "section": policy.CATEGORIES,
    "purpose": policy.PURPOSES,
    "service": policy.SERVICES,
    "giver": policy.GIVERS,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: the rule, the sentence, and whom to ask; `section` where it is about one."""

    rule: str
    message: str
    ask: str
    section: str = ""
    facts: Mapping[str, str] = field(default_factory=dict, compare=False, hash=False)
    """What the sentence is about, so that it can be said in another language (`message`)."""


def reason(rule: str, **facts: Any) -> Reason:
    """Return the reason of a rule, in English; facts are `section`, `agency`, `purpose`, `service`, `giver`, `date`."""
    known = {name: value for name, value in facts.items() if isinstance(value, str) and _is_known(name, value)}
    return Reason(rule, message(rule, known), _ASK[rule], known.get("section", ""), known)


def message(rule: str, facts: Mapping[str, str], language: str = "en") -> str:
    """Return what a user should read of a rule that blocks, in a language of `words/`."""
    agency = facts.get("agency", "").removeprefix("urn:rcp:agency:")
    return words(language).message(rule, **{**facts, "agency": agency})


def _is_known(name: str, value: str) -> bool:
    if name in _LISTED:
        return value in _LISTED[name]
    return bool(_AGENCY.fullmatch(value)) if name == "agency" else name == "date" and policy.day(value) is not None
