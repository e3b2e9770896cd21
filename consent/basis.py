"""The lawful bases on which something may be sent, as values and as JSON. Decides nothing (`consent.decide` does).

Three kinds: `consent`, `mandatory_protection` (before any guardian exists) and `vital_interest` (a supervisor's note,
reviewed within 72 hours). Parsing is strict: an unknown member, a wrong type or an impossible date is a `BasisError`,
so that a record that we half understand permits nothing. Dates are `YYYY-MM-DD` and include both ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_HASH = re.compile(r"[A-Za-z0-9_-]{43}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
MAX_LIST = 1_000
MAX_TEXT = 10_000
_T = TypeVar("_T")


class BasisError(ValueError):
    """The JSON is no lawful basis of this version."""


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gave consent, by capacity only; the person stands in the agency's own record. `order_until`: appointment."""

    capacity: str
    order_until: date | None = None

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"capacity": self.capacity, "order_until": _text_of(self.order_until)}

    @classmethod
    def from_value(cls, value: object) -> Giver:
        """Return the giver that a JSON object is."""
        row = _members(value, "capacity", "order_until")
        return cls(_text(row["capacity"]), _maybe(_date)(row["order_until"]))


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

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "categories": sorted(self.categories),
            "recipients": sorted(self.recipients),
            "purposes": sorted(self.purposes),
            "countries": sorted(self.countries),
            "from": self.start.isoformat(),
            "until": self.until.isoformat(),
            "turned_on": sorted(self.turned_on),
        }

    @classmethod
    def from_value(cls, value: object) -> Grant:
        """Return the grant that a JSON object is."""
        row = _members(value, "categories", "recipients", "purposes", "countries", "from", "until", "turned_on")
        return cls(
            categories=_words(row["categories"]),
            recipients=_words(row["recipients"]),
            purposes=_words(row["purposes"]),
            countries=_words(row["countries"], _COUNTRY),
            start=_date(row["from"]),
            until=_date(row["until"]),
            turned_on=_words(row["turned_on"]),
        )


@dataclass(frozen=True, slots=True)
class Denial:
    """What the giver or the child refuses; it wins over every grant. None means any."""

    categories: frozenset[str] | None = None
    recipients: frozenset[str] | None = None
    purposes: frozenset[str] | None = None

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {name: _sorted(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_value(cls, value: object) -> Denial:
        """Return the denial that a JSON object is."""
        row = _members(value, *cls.__slots__)
        return cls(*(_maybe(_words)(row[name]) for name in cls.__slots__))


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
        return {
            "v": 1,
            "kind": self.kind,
            "situation": self.situation,
            "giver": self.giver.to_value(),
            "assent": self.assent,
            "explained_in": self.explained_in,
            "given": self.given.isoformat(),
            "expression": self.expression,
            "grants": [grant.to_value() for grant in self.grants],
            "denials": [denial.to_value() for denial in self.denials],
            "withdrawn": _text_of(self.withdrawn),
        }


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
        return {
            "v": 1,
            "kind": self.kind,
            "recipients": sorted(self.recipients),
            "assent": self.assent,
            "given": self.given.isoformat(),
            "until": self.until.isoformat(),
            "expression": self.expression,
        }


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
        return {
            "v": 1,
            "kind": self.kind,
            "recipients": sorted(self.recipients),
            "supervisor": self.supervisor,
            "reason": self.reason,
            "made": self.made,
            "review_by": self.review_by,
        }


Basis = Consent | MandatoryProtection | VitalInterest


def from_value(value: object) -> Basis:
    """Return the basis that a JSON object is.

    Raises:
        BasisError: an unknown kind or member, a missing one, a wrong type, an impossible date.
    """
    kind = value.get("kind") if isinstance(value, dict) else None
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise BasisError("A lawful basis is an object of a known kind.")
    return read(value)


def _consent(value: object) -> Consent:
    names = "v kind situation giver assent explained_in given expression grants denials withdrawn"
    row = _members(value, *names.split())
    return Consent(
        situation=_text(row["situation"]),
        giver=Giver.from_value(row["giver"]),
        assent=_assent(row["assent"]),
        explained_in=_text(row["explained_in"], _LANGUAGE),
        given=_date(row["given"]),
        expression=_text(row["expression"], _HASH),
        grants=tuple(Grant.from_value(item) for item in _list(row["grants"])),
        denials=tuple(Denial.from_value(item) for item in _list(row["denials"])),
        withdrawn=_maybe(_date)(row["withdrawn"]),
    )


def _mandatory_protection(value: object) -> MandatoryProtection:
    row = _members(value, "v", "kind", "recipients", "assent", "given", "until", "expression")
    return MandatoryProtection(
        recipients=_words(row["recipients"]),
        assent=_assent(row["assent"]),
        given=_date(row["given"]),
        until=_date(row["until"]),
        expression=_text(row["expression"], _HASH),
    )


def _vital_interest(value: object) -> VitalInterest:
    row = _members(value, "v", "kind", "recipients", "supervisor", "reason", "made", "review_by")
    return VitalInterest(
        recipients=_words(row["recipients"]),
        supervisor=_text(row["supervisor"]),
        reason=_text(row["reason"]),
        made=_seconds(row["made"]),
        review_by=_seconds(row["review_by"]),
    )


_READERS: dict[str, Callable[[object], Basis]] = {
    Consent.kind: _consent,
    MandatoryProtection.kind: _mandatory_protection,
    VitalInterest.kind: _vital_interest,
}


def _members(value: object, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise BasisError("A record has not exactly the members that it should have.")
    if "v" in names and (value["v"] != 1 or isinstance(value["v"], bool)):
        raise BasisError("This release reads version 1 of a lawful basis.")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise BasisError("A field is not a list of a possible length.")
    return value


def _text(value: object, pattern: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        raise BasisError("A field is not a text.")
    if pattern is not None and not pattern.fullmatch(value):
        raise BasisError("A field is not of its form.")
    return value


def _words(value: object, pattern: re.Pattern[str] | None = None) -> frozenset[str]:
    words = [_text(item, pattern) for item in _list(value)]
    if len(set(words)) != len(words):
        raise BasisError("A list names the same thing twice.")
    return frozenset(words)


def _date(value: object) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise BasisError("A field is not a day.")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BasisError("A field is not a day of the calendar.") from error


def _seconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise BasisError("A field is not a time in seconds.")
    return value


def _assent(value: object) -> str:
    if value not in {"agreed", "refused", "too_young"} or not isinstance(value, str):
        raise BasisError("The child's answer is none of the known ones.")
    return value


def _maybe(read: Callable[[object], _T]) -> Callable[[object], _T | None]:
    return lambda value: None if value is None else read(value)


def _text_of(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _sorted(words: frozenset[str] | None) -> list[str] | None:
    return None if words is None else sorted(words)
