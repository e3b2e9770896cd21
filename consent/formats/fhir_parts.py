"""The small parts of FHIR JSON: days, codes, references and extensions, read without trust. Decides nothing.

Whatever stands at a place is taken for what it should be only if it has its form. A date without a day is not read, and
of a day that is not whole a period has nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from consent.basis import BasisError
from consent.formats.fhir import url
from consent.formats.imported import read_day

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEEPEST: Final = 40
_TIMED: Final = 10
_REFERENCE: Final = re.compile(r"[^\s/:]+[/:]\S+")
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


class Unclear(Exception):
    """A part could restrict, and we do not read it."""


def period(value: object) -> tuple[str | None, str | None]:
    """Return the first and the last whole day of a period.

    Raises:
        Unclear: not a period, or an end of it is no day.
    """
    if not isinstance(value, dict) or not value or set(value) - {"start", "end"}:
        raise Unclear
    first = (_whole(value["start"]) - _SECOND).date() + _DAY if "start" in value else None
    last = (_whole(value["end"], last=True) + _SECOND).date() - _DAY if "end" in value else None
    return None if first is None else first.isoformat(), None if last is None else last.isoformat()


def given_on(value: object) -> str | None:
    """Return the day of a dateTime in UTC, or None."""
    try:
        return _whole(value).date().isoformat()
    except Unclear:
        return None


def _whole(value: object, *, last: bool = False) -> datetime:
    """Return a moment in UTC; of a day its first second, or its last one."""
    if not isinstance(value, str) or read_day(value[:_TIMED]) is None:
        raise Unclear
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise Unclear from error
    if len(value) == _TIMED:
        return found.replace(tzinfo=UTC) + (_DAY - _SECOND if last else timedelta())
    if found.tzinfo is None:
        raise Unclear
    return found.astimezone(UTC)


def listed(value: object) -> list[Any]:
    """Return a list; a single thing that stands where FHIR has a list is a list of one unreadable thing."""
    return value if isinstance(value, list) else [] if value is None else [None]


def said_by(node: dict[str, Any], kinds: Mapping[str, str], home: str = url("")) -> dict[str, list[Any]] | None:
    """Return what the extensions of an element say, or None if one is unknown."""
    found: dict[str, list[Any]] = {}
    names = {f"{home}{name}": name for name in kinds}
    for row in listed(node.get("extension")):
        name = names.get(str(row.get("url"))) if isinstance(row, dict) else None
        if name is None or set(row) != {"url", f"value{kinds[name]}"}:
            return None
        found.setdefault(name, []).append(row[f"value{kinds[name]}"])
    return found


def codings(value: object) -> list[dict[str, Any]]:
    """Return codings, at least one.

    Raises:
        Unclear: there is none, or one is none.
    """
    rows = listed(value)
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Unclear
    return rows


def concept(value: object) -> list[str]:
    """Return the codes of a CodeableConcept as `system|code`."""
    rows = listed(value.get("coding")) if isinstance(value, dict) else []
    return [f"{row.get('system')}|{row.get('code')}" for row in rows if isinstance(row, dict)]


def identifier(named: object, system: str) -> str | None:
    """Return the identifier that a reference has in a system."""
    found = named.get("identifier") if isinstance(named, dict) else None
    value = found.get("value") if isinstance(found, dict) and found.get("system") == system else None
    return value if isinstance(value, str) and value else None


def reference(value: object) -> str | None:
    """Return what a reference points to, such as `Practitioner/7`."""
    found = value.get("reference") if isinstance(value, dict) else None
    return found if isinstance(found, str) and _REFERENCE.fullmatch(found) else None


def has_modifier(value: object, depth: int = 0) -> bool:
    """Return whether anything in a resource has an extension that changes its meaning.

    Raises:
        BasisError: nested too deeply.
    """
    if depth > _DEEPEST:
        raise BasisError("A resource is nested too deeply.")
    if isinstance(value, dict):
        return "modifierExtension" in value or any(has_modifier(row, depth + 1) for row in value.values())
    return isinstance(value, list) and any(has_modifier(row, depth + 1) for row in value)
