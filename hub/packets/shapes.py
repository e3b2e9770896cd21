"""Shapes of JSON values: a handful of checks that are put together into tables.

Does not parse JSON, knows no document. A check takes a value and either returns nothing or raises `Malformed`; it
never converts, so what was signed is what is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date as _date

from hub.errors import Malformed
from hub.ids import AGENCY_PATTERN
from hub.packets.encoding import MAX_INTEGER, from_b64u

Check = Callable[[object], None]

FIRST_SECOND = 1_577_836_800
"""2020-01-01, docs/protocol.md §2."""
LAST_SECOND = 4_102_444_800
"""2100-01-01."""
HOST_PATTERN = re.compile(r"[a-z0-9][a-z0-9.-]{0,251}(?::[0-9]{1,5})?")
NAME_PATTERN = re.compile(r"[a-z][a-z0-9_.]{0,47}")
_LINE = 200
_DATE_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def matches(pattern: re.Pattern[str]) -> Check:
    """Return the check for a string that is `pattern` from end to end."""

    def check(value: object) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Malformed("A field is not of its form.")

    return check


def random_bytes(size: int | None = None) -> Check:
    """Return the check for bytes in unpadded base64url, `size` of them where given."""

    def check(value: object) -> None:
        from_b64u(value, size)

    return check


def integer(low: int = 0, high: int = MAX_INTEGER) -> Check:
    """Return the check for an integer between two bounds, which belong to it; true and false are none."""

    def check(value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Malformed("A field is not an integer of its range.")

    return check


def one_of(*values: str | None) -> Check:
    """Return the check for one of a closed list."""

    def check(value: object) -> None:
        if not (value is None or isinstance(value, str)) or value not in values:
            raise Malformed("A field is not one of its closed list.")

    return check


def null_or(inner: Check) -> Check:
    """Return the check for null or what `inner` takes."""

    def check(value: object) -> None:
        if value is not None:
            inner(value)

    return check


def list_of(inner: Check, most: int, least: int = 0) -> Check:
    """Return the check for a list of `least` to `most` things that `inner` takes."""

    def check(value: object) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise Malformed("A field is not a list of its length.")
        for item in value:
            inner(item)

    return check


def object_of(members: dict[str, Check]) -> Check:
    """Return the check for an object with exactly these members."""
    inside = at_least(members)

    def check(value: object) -> None:
        inside(value)
        if isinstance(value, dict) and len(value) != len(members):
            raise Malformed("An object has a member too many.")

    return check


def at_least(members: dict[str, Check]) -> Check:
    """Return the check for an object with these members and any others, as certificates may have them (§2)."""

    def check(value: object) -> None:
        if not isinstance(value, dict) or not set(members) <= set(value):
            raise Malformed("A document misses one of its members.")
        for member, inner in members.items():
            inner(value[member])

    return check


def distinct(inner: Check, member: str | None = None) -> Check:
    """Return the check for a list in which nothing stands twice, or no two objects have the same `member`."""

    def check(value: object) -> None:
        inner(value)
        rows = value if isinstance(value, list) else []
        if len({row if member is None else row[member] for row in rows}) != len(rows):
            raise Malformed("A list names the same thing twice.")

    return check


def flag(value: object) -> None:
    """Take true and false."""
    if not isinstance(value, bool):
        raise Malformed("A value is not true or false.")


def date(value: object) -> None:
    """Check a calendar day, `YYYY-MM-DD`, from 2020-01-01 to 2100-01-01."""
    if not isinstance(value, str) or not _DATE_PATTERN.fullmatch(value) or not "2020-01-01" <= value <= "2100-01-01":
        raise Malformed("A field is not a day between 2020 and 2100.")
    try:
        _date.fromisoformat(value)
    except ValueError as error:
        raise Malformed("A field is not a day of the calendar.") from error


def text(value: object) -> None:
    """Check a short line for people: 1 to 200 characters, no control characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= _LINE or not value.isprintable():
        raise Malformed("A field is not one short line of text.")


seconds: Check = integer(FIRST_SECOND, LAST_SECOND)
hash_: Check = random_bytes(32)
identifier: Check = random_bytes(16)
agency: Check = matches(AGENCY_PATTERN)
host: Check = matches(HOST_PATTERN)
country: Check = matches(re.compile(r"[A-Z]{2}"))
string: Check = matches(re.compile(r"(?s).*"))
name: Check = matches(NAME_PATTERN)
