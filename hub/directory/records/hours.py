"""Opening hours: one form for all sources, and whether something is open at a local date and minute. Pure.

Reads the `hours` of a record and the schedules of HSDS. Does not know what time it is, holidays, or where a place lies:
whoever asks says the zone.

Rules: hours are of the wall clock of their zone, so a change of summer time needs no rule of its own. An interval
belongs to the day on which it begins; one that ends at or before its beginning ends on the next day. Of the exceptions
that cover a day the shortest counts. What cannot be read with certainty is unknown and reported, never guessed.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MIDNIGHT: Final = 1440
_WEEK: Final = 7
_NOON: Final = 12
_CLOSED: Final = "Closed"
_TIME: Final = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d)(?::(?:00|59))?)?\s*(?P<half>[ap]m)?(?P<offset>Z|[+-]\d\d:?\d\d)?\Z",
    re.IGNORECASE,
)
_BYDAY: Final = re.compile(r"(?P<nth>[+-]?[1-5])?(?P<day>MO|TU|WE|TH|FR|SA|SU)\Z")
_UNREAD: Final = ("byweekno", "bymonthday", "byyearday", "count")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What holds in a period: rows of the week as they begin, `to` beyond midnight where they end on the next day."""

    rows: tuple[dict[str, Any], ...]
    start: date = date.min
    end: date = date.max

    def covers(self, day: date) -> bool:
        return self.start <= day <= self.end


def minute_of(text: str) -> int | None:
    """Return the minute of the day that a clock time names, or None where it is not certain.

    `13:00pm` is none, and neither is twelve o'clock with am or pm, which is read both ways. 23:59 ends the day.
    """
    found = _TIME.match(text.strip())
    if found is None:
        return None
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()
    if found["minute"] is None and not half:
        return None
    if half and not 1 <= hour < _NOON:
        return None
    total = (hour + (_NOON if half == "pm" else 0)) * 60 + minute
    if total > MIDNIGHT:
        return None
    return MIDNIGHT if total == MIDNIGHT - 1 else total


def read(hours: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hours of a record in the form that slices carry and that `open_at` reads.

    Raises:
        InvalidRequest: they are not of their form.
    """
    try:
        zone = _zone(hours.get("zone"))
        if not hours.get("always") and "week" not in hours:
            raise InvalidRequest("Hours say their week, or that it is always open.")
        whole = [{"days": DAYS, "opens": "00:00", "closes": "24:00"}]
        base = _Rule(_rows(whole if hours.get("always") else hours["week"]))
        exceptions = sorted(map(_exception, hours.get("exceptions") or ()), key=lambda rule: rule.end - rule.start)
        valid = hours.get("valid")
        shown = {} if valid is None else {"valid": {end: _day(valid[end]) and valid[end] for end in valid}}
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InvalidRequest("Opening hours are not of the form that records take.") from error
    return {
        "zone": zone,
        "always": bool(hours.get("always")),
        "week": _split(base.rows),
        "exceptions": [*_edges(base, exceptions), *map(_shown, exceptions)],
        **shown,
    }


def open_at(hours: Mapping[str, Any] | None, day: str, minute: int) -> bool | None:
    """Say whether it is open at a minute of a local day; None is unknown. `hours` are of the form that `read` gives."""
    week = _week_of(hours, day)
    return None if week is None else any(row["from"] <= minute < row["to"] for row in _of_day(week, day))


def next_open(hours: Mapping[str, Any] | None, day: str, minute: int, within: int = 62) -> tuple[str, int] | None:
    """Return the local day and minute from which it is open next, now included; None if unknown or not in that time."""
    at = date.fromisoformat(day)
    for number in range(within + 1):
        shown, least = (at + timedelta(days=number)).isoformat(), minute if number == 0 else 0
        week = _week_of(hours, shown)
        if week is None:
            return None
        starts = [max(row["from"], least) for row in _of_day(week, shown) if row["to"] > least]
        if starts:
            return shown, min(starts)
    return None


def local(now: int, zone: str) -> tuple[str, int, int]:
    """Return the day, the weekday from Monday as 0, and the minute that the wall clock of a zone shows."""
    at = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(_zone(zone) or "UTC"))
    return at.date().isoformat(), at.weekday(), at.hour * 60 + at.minute


def _zone(name: object) -> str | None:
    if name is None:
        return None
    try:
        return ZoneInfo(str(name)).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidRequest("A time zone is a name of the IANA database, such as Asia/Amman.") from error


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _rows(week: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    rows = []
    for entry in week:
        opens, closes = minute_of(entry["opens"]), minute_of(entry["closes"])
        if opens is None or closes is None or opens == MIDNIGHT:
            raise InvalidRequest("A time of day is of the form 08:30.")
        end = closes if closes > opens else closes + MIDNIGHT
        nth = sorted(entry.get("nth") or ())
        if nth and (end > MIDNIGHT or not all(1 <= abs(number) <= 5 for number in nth)):  # noqa: PLR2004 - weeks of a month
            raise InvalidRequest("Hours of the nth weekday count from 1 or -1 to 5 and end at midnight at the latest.")
        rows += [
            {"day": DAYS.index(d), "from": opens, "to": end, **({"nth": nth} if nth else {})} for d in entry["days"]
        ]
    return tuple(sorted(rows, key=lambda row: (row["day"], row["from"], row["to"])))


def _exception(entry: Mapping[str, Any]) -> _Rule:
    start = date.fromisoformat(entry["from"])
    end = date.fromisoformat(entry.get("to") or entry["from"])
    if end < start or bool(entry.get("closed")) == ("week" in entry):
        raise InvalidRequest("An exception ends no earlier than it begins, and is closed or has a week.")
    return _Rule(() if entry.get("closed") else _rows(entry["week"]), start, end)


def _split(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows none of which crosses midnight, touching ones joined, in the order of the week."""
    parts = [{**row, "to": min(row["to"], MIDNIGHT)} for row in rows]
    parts += _spilt(rows)
    found: list[dict[str, Any]] = []
    for row in sorted(parts, key=lambda row: (row["day"], row.get("nth", []), row["from"], row["to"])):
        last = found[-1] if found else None
        if last and (last["day"], last.get("nth")) == (row["day"], row.get("nth")) and row["from"] <= last["to"]:
            last["to"] = max(last["to"], row["to"])
        else:
            found.append(row)
    return found


def _spilt(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    over = [row for row in rows if row["to"] > MIDNIGHT]
    return [{"day": (row["day"] + 1) % _WEEK, "from": 0, "to": row["to"] - MIDNIGHT} for row in over]


def _edges(base: _Rule, exceptions: Sequence[_Rule]) -> list[dict[str, Any]]:
    """Return the single days on which the night of another rule than their own still runs."""

    def rule(day: date) -> _Rule:
        return next((one for one in exceptions if one.covers(day)), base)

    inner = {one.start for one in exceptions if one.start > date.min}
    inner |= {one.end + timedelta(days=1) for one in exceptions if one.end < date.max}
    found = []
    for day in sorted(inner):
        before, own = rule(day - timedelta(days=1)), rule(day)
        night = [row for row in _spilt(before.rows) if row["day"] == day.weekday()]
        if night == [row for row in _spilt(own.rows) if row["day"] == day.weekday()]:
            continue
        begun = [{**row, "to": min(row["to"], MIDNIGHT)} for row in own.rows if row["day"] == day.weekday()]
        found.append({"from": day.isoformat(), "to": day.isoformat(), "week": _split([*begun, *night])})
    return found


def _shown(rule: _Rule) -> dict[str, Any]:
    return {"from": rule.start.isoformat(), "to": rule.end.isoformat(), "week": _split(rule.rows)}


def _week_of(hours: Mapping[str, Any] | None, day: str) -> list[dict[str, Any]] | None:
    if not hours:
        return None
    for exception in hours.get("exceptions") or ():
        if exception["from"] <= day <= exception["to"]:
            return list(exception["week"])
    valid = hours.get("valid") or {}
    known = (valid.get("from") or day) <= day <= (valid.get("to") or day)
    return list(hours["week"]) if known else None


def _of_day(week: Iterable[dict[str, Any]], day: str) -> list[dict[str, Any]]:
    at = date.fromisoformat(day)
    first = (at.day - 1) // _WEEK + 1
    last = -((calendar.monthrange(at.year, at.month)[1] - at.day) // _WEEK + 1)
    return [
        row for row in week if row["day"] == at.weekday() and (not row.get("nth") or {first, last} & set(row["nth"]))
    ]


# Schedules of HSDS


@dataclass(slots=True)
class _Reading:
    """Schedules while they are read: rows by period, offsets met, what could not be read."""

    periods: dict[tuple[str | None, str | None], list[dict[str, Any]]] = field(default_factory=dict)
    offsets: set[int] = field(default_factory=set)
    ends: set[str | None] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def from_schedules(
    schedules: Sequence[Mapping[str, Any]], zone: str | None = None
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the hours that schedules of HSDS say, as a record has them, and what could not be read.

    One schedule that cannot be read makes all unknown: the day it speaks of would look closed. `zone` is the zone of
    the place, where it is known; otherwise a whole offset stands for it, which no summer time changes. The result may
    have `valid`, days outside which nothing is known; it is for `read`, not for keeping in a record.
    """
    reading = _Reading()
    for number, schedule in enumerate(schedules):
        _schedule(reading, schedule, f"schedules/{number}")
    named = zone or _zone_of(reading)
    if reading.problems or not reading.periods:
        return None, reading.problems
    base = min(reading.periods, key=_reach)
    others = [period for period in reading.periods if period != base]
    if not all(start and end for start, end in others) or len(reading.ends) > 1:
        return None, ["schedules: several periods without an end"]
    exceptions = [_period(start or "", end or "", reading.periods[start, end]) for start, end in others]
    exceptions += [_ended(end) for end in reading.ends if end]
    hours: dict[str, Any] = {"zone": named, "week": reading.periods[base], "exceptions": exceptions}
    if any(base):
        hours["valid"] = {"from": base[0], "to": base[1]}
    return {key: value for key, value in hours.items() if value is not None}, []


def to_schedules(hours: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the hours of a record as schedules of HSDS, without ids. A closed period is one described as closed."""
    valid = hours.get("valid") or {}
    week = hours.get("week") or []
    if hours.get("always"):
        week = [{"days": DAYS, "opens": "00:00", "closes": "23:59"}]
    found = [_said(entry, valid.get("from"), valid.get("to")) for entry in week]
    for entry in hours.get("exceptions") or ():
        start, end = entry["from"], entry.get("to") or entry["from"]
        if entry.get("closed"):
            found.append({"valid_from": start, "valid_to": end, "description": entry.get("note") or _CLOSED})
        found += [_said(row, start, end) for row in entry.get("week") or ()]
    return found


def _schedule(reading: _Reading, schedule: Mapping[str, Any], where: str) -> None:
    wrong = [f"{where}/{name}: not read" for name in _UNREAD if schedule.get(name)]
    if schedule.get("interval") not in (None, 1):
        wrong.append(f"{where}/interval: not read")
    period = (_date_in(schedule, "valid_from"), _date_in(schedule, "valid_to"))
    if "" in period or (all(period) and str(period[0]) > str(period[1])):
        wrong.append(f"{where}/valid_from: no period of days")
    elif all(period) and schedule.get("description") == _CLOSED and not schedule.get("opens_at"):
        reading.periods.setdefault(period, [])
        return
    days, times = _days_in(schedule), _times_in(schedule, reading.offsets)
    if days is None:
        wrong.append(f"{where}/byday: no days that freq allows")
    if times is None:
        wrong.append(f"{where}/opens_at: not two certain times of one day")
    ends = _date_in(schedule, "until")
    if ends == "":
        wrong.append(f"{where}/until: no day")
    reading.problems += wrong
    if not wrong and days is not None and times is not None:
        rows = [{"days": names, **times, **({"nth": list(nth)} if nth else {})} for nth, names in days.items()]
        reading.periods.setdefault(period, []).extend(rows)
        if not all(period):
            reading.ends.add(ends)


def _days_in(schedule: Mapping[str, Any]) -> dict[tuple[int, ...], list[str]] | None:
    """Return the days by which ones of the month they are, `()` for all; None where it cannot be said."""
    freq, said = schedule.get("freq"), str(schedule.get("byday") or "").upper().replace(" ", "")
    if freq not in {"WEEKLY", "MONTHLY"}:
        return None
    if not said and freq == "WEEKLY" and _date_in(schedule, "dtstart"):
        said = DAYS[date.fromisoformat(str(schedule["dtstart"])[:10]).weekday()]
    marks = [_BYDAY.match(word) for word in said.split(",")]
    numbers: dict[str, set[int]] = {}
    for mark in marks:
        if mark is None or (mark["nth"] and freq == "WEEKLY"):
            return None
        numbers.setdefault(mark["day"], set()).add(int(mark["nth"] or 0))
    found: dict[tuple[int, ...], list[str]] = {}
    for day, nth in numbers.items():
        found.setdefault(() if 0 in nth else tuple(sorted(nth)), []).append(day)
    return found


def _times_in(schedule: Mapping[str, Any], offsets: set[int]) -> dict[str, str] | None:
    texts = [str(schedule.get(name) or "") for name in ("opens_at", "closes_at")]
    minutes = [minute_of(text) for text in texts]
    for text in texts:
        mark = _TIME.match(text.strip())
        if mark and mark["offset"]:
            offsets.add(_offset(mark["offset"]))
    zone = schedule.get("timezone")
    if isinstance(zone, int | float) and not isinstance(zone, bool):
        offsets.add(round(zone * 60))
    opens, closes = minutes
    if opens is None or closes is None or opens in {closes, MIDNIGHT}:
        return None
    return {"opens": clock(opens), "closes": clock(closes)}


def _offset(text: str) -> int:
    if text in "Zz":
        return 0
    sign = -1 if text[0] == "-" else 1
    return sign * (int(text[1:3]) * 60 + int(text[-2:]))


def _zone_of(reading: _Reading) -> str | None:
    if len(reading.offsets) > 1:
        reading.problems.append("schedules: offsets differ, and no zone is known")
    if not reading.offsets:
        return None
    hours, rest = divmod(next(iter(reading.offsets)), 60)
    if rest or abs(hours) > _NOON:
        reading.problems.append("schedules: an offset that no zone stands for")
    return "UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"


def _date_in(schedule: Mapping[str, Any], name: str) -> str | None:
    """Return a day, None where there is none, empty where it is no day."""
    value = schedule.get(name)
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        return ""


def _reach(period: tuple[str | None, str | None]) -> tuple[int, int]:
    start, end = period
    length = date.fromisoformat(end) - date.fromisoformat(start) if start and end else timedelta()
    return -[start, end].count(None), -length.days


def _period(start: str, end: str, week: list[dict[str, Any]]) -> dict[str, Any]:
    return {"from": start, "to": end, **({"week": week} if week else {"closed": True})}


def _ended(last: str) -> dict[str, Any]:
    after = date.fromisoformat(last) + timedelta(days=1)
    return {"from": after.isoformat(), "to": date.max.isoformat(), "closed": True}


def clock(minute: int) -> str:
    """Return the clock time of a minute of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _said(entry: Mapping[str, Any], start: str | None, end: str | None) -> dict[str, Any]:
    nth = entry.get("nth") or ()
    days = [f"{number}{day}" for day in entry["days"] for number in nth] if nth else list(entry["days"])
    minutes = (minute_of(entry[name]) or 0 for name in ("opens", "closes"))
    opens, closes = (clock(min(minute, MIDNIGHT - 1)) for minute in minutes)
    said = {"freq": "MONTHLY" if nth else "WEEKLY", "byday": ",".join(days), "opens_at": opens, "closes_at": closes}
    return said | {key: value for key, value in (("valid_from", start), ("valid_to", end)) if value}
