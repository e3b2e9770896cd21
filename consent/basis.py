"""The lawful bases on which something may be sent, as values and as JSON. Decides nothing (`consent.decide` does).

Three kinds: `consent`, `mandatory_protection` (before any guardian exists) and `vital_interest` (a supervisor's note,
reviewed within 72 hours). Parsing is strict: an unknown member, a wrong type or an impossible date is a `BasisError`,
so that a record that we half understand permits nothing. Dates are `YYYY-MM-DD` and include both ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_HASH = re.compile(r"[A-Za-z0-9_-]{43}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ASSENT = re.compile(r"agreed|refused|too_young")
MAX_LIST = 1_000
MAX_TEXT = 10_000


class BasisError(ValueError):
    """The JSON is no lawful basis of this version."""


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gave consent, by capacity only; the person stands in the agency's own record. `order_until`: appointment."""

    capacity: str
    order_until: date | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What is permitted: each category to each recipient for each purpose in each country, within the dates."""

    categories: frozenset[str]
    recipients: frozenset[str]
    purposes: frozenset[str]
    countries: frozenset[str]
    start: date
    until: date
    turned_on: frozenset[str] = frozenset()
    """Tier-3 categories without which the service cannot act (R12)."""


@dataclass(frozen=True, slots=True)
class Denial:
    """What the giver or the child refuses; it wins over every grant. None means any."""

    categories: frozenset[str] | None = None
    recipients: frozenset[str] | None = None
    purposes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Informed consent of who may give it, with the child's own answer beside it."""

    kind: ClassVar[str] = "consent"
    situation: str
    giver: Giver
    assent: str
    """`agreed`, `refused`, or `too_young` to be asked."""
    explained_in: str
    """The language in which the limits of confidentiality were explained (R06)."""
    given: date
    expression: str
    """SHA-256 of the signed form, thumbprint or recording, base64url."""
    grants: tuple[Grant, ...]
    denials: tuple[Denial, ...] = ()
    withdrawn: date | None = None

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return _top(self)


@dataclass(frozen=True, slots=True)
class MandatoryProtection:
    """The duty to tell a child-protection authority, with the child's agreement, before a guardian exists (R39)."""

    kind: ClassVar[str] = "mandatory_protection"
    recipients: frozenset[str]
    assent: str
    given: date
    until: date
    expression: str

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return _top(self)


@dataclass(frozen=True, slots=True)
class VitalInterest:
    """A supervisor's note that life or health cannot wait; times are Unix seconds, 72 h apart at most."""

    kind: ClassVar[str] = "vital_interest"
    recipients: frozenset[str]
    supervisor: str
    reason: str
    made: int
    review_by: int

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return _top(self)


Basis = Consent | MandatoryProtection | VitalInterest


def from_value(value: object) -> Basis:
    """Return the basis that a JSON object is.

    Raises:
        BasisError: an unknown kind or member, a missing one, a wrong type, an impossible date.
    """
    kind = value.get("kind") if isinstance(value, dict) else None
    cls = next((found for found in _KINDS if found.kind == kind), None)
    if cls is None or not isinstance(value, dict):
        raise BasisError("A lawful basis is an object of a known kind.")
    if value.get("v") != 1 or isinstance(value["v"], bool):
        raise BasisError("This release reads version 1 of a lawful basis.")
    return cls(**_read(cls, {name: item for name, item in value.items() if name not in {"v", "kind"}}))


# JSON: a table of the members of each record, and how each is read


def _text(pattern: re.Pattern[str] | None = None) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
            raise BasisError("A field is not a text.")
        if pattern is not None and not pattern.fullmatch(value):
            raise BasisError("A field is not of its form.")
        return value

    return read


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise BasisError("A field is not a list of a possible length.")
    return value


def _words(pattern: re.Pattern[str] | None = None) -> Callable[[object], frozenset[str]]:
    def read(value: object) -> frozenset[str]:
        words = [_text(pattern)(item) for item in _list(value)]
        if len(set(words)) != len(words):
            raise BasisError("A list names the same thing twice.")
        return frozenset(words)

    return read


def _day(value: object) -> date:
    try:
        return date.fromisoformat(_text(_DATE)(value))
    except ValueError as error:
        raise BasisError("A field is not a day of the calendar.") from error


def _seconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise BasisError("A field is not a time in seconds.")
    return value


def _maybe(read: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else read(value)


def _many(cls: type) -> Callable[[object], tuple[Any, ...]]:
    return lambda value: tuple(cls(**_read(cls, item)) for item in _list(value))


_KINDS: tuple[type[Consent | MandatoryProtection | VitalInterest], ...] = (Consent, MandatoryProtection, VitalInterest)
_MEMBERS: dict[type, dict[str, Callable[[object], Any]]] = {
    Giver: {"capacity": _text(), "order_until": _maybe(_day)},
    Grant: {
        "categories": _words(),
        "recipients": _words(),
        "purposes": _words(),
        "countries": _words(_COUNTRY),
        "from": _day,
        "until": _day,
        "turned_on": _words(),
    },
    Denial: {"categories": _maybe(_words()), "recipients": _maybe(_words()), "purposes": _maybe(_words())},
    Consent: {
        "situation": _text(),
        "giver": lambda value: Giver(**_read(Giver, value)),
        "assent": _text(_ASSENT),
        "explained_in": _text(_LANGUAGE),
        "given": _day,
        "expression": _text(_HASH),
        "grants": _many(Grant),
        "denials": _many(Denial),
        "withdrawn": _maybe(_day),
    },
    MandatoryProtection: {
        "recipients": _words(),
        "assent": _text(_ASSENT),
        "given": _day,
        "until": _day,
        "expression": _text(_HASH),
    },
    VitalInterest: {
        "recipients": _words(),
        "supervisor": _text(),
        "reason": _text(),
        "made": _seconds,
        "review_by": _seconds,
    },
}
_ATTRIBUTES = {"from": "start"}
"""JSON names that Python keeps for itself."""


def _read(cls: type, value: object) -> dict[str, Any]:
    members = _MEMBERS[cls]
    if not isinstance(value, dict) or set(value) != set(members):
        raise BasisError("A record has not exactly the members that it should have.")
    return {_ATTRIBUTES.get(name, name): read(value[name]) for name, read in members.items()}


def _top(basis: Basis) -> dict[str, Any]:
    return {"v": 1, "kind": basis.kind, **_write(basis)}


def _write(value: Any) -> Any:
    if type(value) in _MEMBERS:
        return {name: _write(getattr(value, _ATTRIBUTES.get(name, name))) for name in _MEMBERS[type(value)]}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_write(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
