"""What a worker says of a person and a place, as a question of `match`: ages as months, degrees as millionths. Pure.

Refuses what is not of its form and never repeats it: it is about a child.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from consent.evaluate import day
from hub.directory.matching.match import Person
from hub.directory.matching.places import KM, Where
from hub.directory.records.ages import MONTHS
from hub.directory.records.listing import MICRO
from hub.directory.records.vocabulary import codes
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_POLE: Final = 90
_FARTHEST: Final = 2000
_OLDEST: Final = 1440
_YEARS: Final = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3})|(\.[0-9]{1,3}))?")
_CODE: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def person_of(said: Mapping[str, Any], today: str) -> Person:
    """Return a person out of what a worker says: `age` or `born`, and members of `Person` by their names.

    Raises:
        InvalidRequest: a member is unknown or not of its form; `field` in the facts names it.
    """
    if not isinstance(said, dict):
        raise InvalidRequest("What is said of the person is an object.", field="person")
    known = {name: value for name, value in said.items() if value not in (None, ())}
    ages = _months(known.pop("age", None), known.pop("born", None), today)
    for name, value in known.items():
        if not _ALLOWED.get(name, lambda _: False)(value):
            raise InvalidRequest(
                "What is said of the person is not of its form.", field=name if name in _ALLOWED else "person"
            )
    also = known.pop("attributes", {})
    made: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list | tuple) else value for name, value in known.items()
    }
    return Person(*ages, **made, attributes={name: tuple(row) for name, row in also.items()})


def where_of(area: str | None, near: str | None) -> Where:
    """Return a place out of an area's code and `LAT,LON` or `LAT,LON,KM`.

    Raises:
        InvalidRequest: not a place on the globe.
    """
    if near is None:
        return Where(area, (area,) if area else ())
    try:
        lat, lon, *km = map(float, near.split(","))
        good = (
            abs(lat) <= _POLE and abs(lon) <= 2 * _POLE and len(km) <= 1 and all(0 <= each <= _FARTHEST for each in km)
        )
    except ValueError:
        good = False
    if not good:
        raise InvalidRequest("A place is LAT,LON or LAT,LON,KM, in degrees and kilometres.", field="near")
    point = (round(lat * MICRO), round(lon * MICRO))
    return Where(area, (area,) if area else (), point, km[0] if km else None if area else KM)


def _months(age: object, born: object, today: str) -> tuple[int | None, int | None]:
    """Return the first and the last month of age that may be true."""
    if born is not None:
        birth, now = day(born), date.fromisoformat(today)
        if birth is None or birth > now:
            raise InvalidRequest("A day of birth is a past day, YYYY-MM-DD.", field="born")
        months = (now.year - birth.year) * MONTHS + now.month - birth.month - (now.day < birth.day)
        return months, months
    if age is None:
        return None, None
    found = _YEARS.fullmatch(str(age))
    if found is None:
        raise InvalidRequest("An age is 14, 13-15 or 0.5.", field="age")
    first, last = int(found[1]), int(found[2] or found[1])
    low, high = first * MONTHS, last * MONTHS + MONTHS - 1
    if found[3]:
        low = high = math.floor(round(float(found[0]) * MONTHS, 6))
    if high < low or high > _OLDEST:
        raise InvalidRequest("An age is 14, 13-15 or 0.5.", field="age")
    return low, high


def _one(*allowed: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in allowed


def _list(good: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and all(map(good, value))


def _code(value: Any) -> bool:
    return isinstance(value, str) and bool(_CODE.fullmatch(value))


def _attributes(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() <= _PROTECTED and all(map(_list(_code), value.values()))


_PROTECTED: Final = frozenset(codes("protected_attributes"))
_ALLOWED: Final[Mapping[str, Callable[[Any], bool]]] = {
    "sex": _one(*codes("sexes")),
    "situation": _one(*codes("situations")),
    **{name: _list(_one(*codes(name))) for name in ("statuses", "documents", "vulnerabilities", "access")},
    **{name: _list(_code) for name in ("languages", "nationalities", "residence")},
    "free": lambda value: isinstance(value, bool),
    "attributes": _attributes,
}
