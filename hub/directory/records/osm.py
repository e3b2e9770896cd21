"""Opening hours of OpenStreetMap, as healthcare lists carry them: the plain subset. Pure.

Rules: days and ranges of days, several intervals, the nth weekday of the month, `off`, `24/7`. A later rule replaces an
earlier one on its days. Everything else (months, sunrise, open ends, comments) makes the hours unknown and is reported.
Public holidays are reported and left out: nobody's hours here speak of them.
"""

from __future__ import annotations

import re
from typing import Any, Final

from hub.directory.records.hours import DAYS, minute_of

_DAY: Final = "Mo|Tu|We|Th|Fr|Sa|Su"
_RULE: Final = re.compile(
    rf"(?:(?P<days>(?:{_DAY})(?:\[-?[1-5]\]|-(?:{_DAY}))?(?:,(?:{_DAY})(?:\[-?[1-5]\]|-(?:{_DAY}))?)*)\s*)?"
    r"(?P<times>off|closed|\d{1,2}:\d\d-\d{1,2}:\d\d(?:,\d{1,2}:\d\d-\d{1,2}:\d\d)*)\Z"
)
_HOLIDAY: Final = re.compile(r"PH\s+(?:off|closed)\Z")
_PART: Final = re.compile(rf"(?P<first>{_DAY})(?:\[(?P<nth>-?[1-5])\]|-(?P<last>{_DAY}))?")


def from_osm(text: str, zone: str | None = None) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the hours that the text says, as a record has them, and what could not be read."""
    if text.strip() == "24/7":
        return _named({"always": True}, zone), []
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    problems: list[str] = []
    for number, rule in enumerate(re.sub(r"\s*([,-])\s*", r"\1", text.strip().rstrip(";")).split(";"), 1):
        if _HOLIDAY.match(rule.strip()):
            problems.append(f"opening_hours, rule {number}: public holidays are not kept")
        elif not _apply(rows, rule.strip()):
            return None, [*problems, f"opening_hours, rule {number}: not read"]
    return _named({"week": [row for found in rows.values() for row in found]}, zone), problems


def _apply(rows: dict[tuple[str, int], list[dict[str, Any]]], rule: str) -> bool:
    found = _RULE.match(rule)
    if found is None:
        return False
    intervals = _intervals(found["times"])
    if intervals is None:
        return False
    for day, nth in _days(found["days"]):
        if any(other == day and kept != nth and nth for other, kept in rows):
            return False  # one week of the month in place of every week: not to be said in rows
        for key in [key for key in rows if key[0] == day and (key[1] == nth or not nth)]:
            del rows[key]
        own = {"days": [day], **({"nth": [nth]} if nth else {})}
        rows[day, nth] = [{**own, **interval} for interval in intervals]
    return True


def _intervals(text: str) -> list[dict[str, str]] | None:
    if text in {"off", "closed"}:
        return []
    found = []
    for part in text.split(","):
        opens, closes = part.split("-")
        if minute_of(opens) is None or minute_of(closes) is None:
            return None
        found.append({"opens": opens.zfill(5), "closes": closes.zfill(5)})
    return found


def _days(text: str | None) -> list[tuple[str, int]]:
    if text is None:
        return [(day, 0) for day in DAYS]
    found = []
    for part in _PART.finditer(text):
        first = DAYS.index(part["first"].upper())
        length = (DAYS.index((part["last"] or part["first"]).upper()) - first) % len(DAYS)
        found += [(DAYS[(first + step) % len(DAYS)], int(part["nth"] or 0)) for step in range(length + 1)]
    return found


def _named(hours: dict[str, Any], zone: str | None) -> dict[str, Any]:
    return {**({"zone": zone} if zone else {}), **hours}
