"""What stands in a cell of a spreadsheet: each kind of value as text, and back. Pure; knows no file.

A text that a form cannot hold raises `BadCell`. Lists are `a; b`, ages `3-12 female; 0.5-2; 18-`, hours
`MO-FR 08:30-12:00,13:00-17:00; SA 09:00-12:00`. Who reads a sheet takes a cell that stands as it was written for
unchanged, so a form may leave out what no cell can say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.hours import DAYS, clock, minute_of
from hub.directory.records.vocabulary import codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ANY: Final = "any"
_YES: Final = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
_BAND: Final = re.compile(r"(?P<low>\d+(?:\.\d+)?)?\s*-\s*(?P<high>\d+(?:\.\d+)?)?(?P<rest>(?:\s.*)?)\Z")
_DAY: Final = re.compile(r"(?P<nth>-?[1-5])?(?P<first>[A-Z]{2})(?:-(?P<last>[A-Z]{2}))?\Z")
_EXCEPTION: Final = re.compile(r"(?P<from>\S+?)\.\.(?P<to>\S+?)\s*:\s*(?P<what>[^#]*)(?:#(?P<note>.*))?\Z")
_ANY_SEX: Final = "any-sex"
_ANY_SITUATION: Final = "any-situation"


class BadCell(Exception):
    """A text that is not of the form of its column; `code` and a sentence that repeats nothing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Codec:
    """How a value stands in a cell. `read` is also given the old value, of which it keeps what no cell can say."""

    write: Callable[[Any], str]
    read: Callable[[str, Any], Any]
    hint: str = ""


# Plain values


def _text(text: str, _old: Any) -> str:
    return text


def _number(text: str, _old: Any) -> float | int:
    try:
        value = float(text)
    except ValueError as error:
        raise BadCell("no_number", "This is no number.") from error
    if value in (float("inf"), float("-inf")) or value != value:  # noqa: PLR0124 - the one that is not itself
        raise BadCell("no_number", "This is no number.")
    return int(value) if value.is_integer() else value


def _bool(text: str, _old: Any) -> bool:
    try:
        return _YES[text.casefold()]
    except KeyError as error:
        raise BadCell("no_answer", "This is neither yes nor no.") from error


def _day(text: str, _old: Any) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        raise BadCell("no_day", "A day is of the form 2026-12-31.") from error


def _json(text: str, _old: Any) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadCell("no_json", "This is no JSON.") from error


def _no_constant(_name: str) -> Any:
    raise ValueError


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


TEXT: Final = Codec(str, _text)
NUMBER: Final = Codec(_plain, _number, "a number")
BOOL: Final = Codec(lambda value: "yes" if value else "no", _bool, "yes; no")
DAY: Final = Codec(str, _day, "2026-12-31")
JSON: Final = Codec(lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True), _json, "JSON")


# Codes and lists


def one_of(allowed: Iterable[str]) -> Codec:
    """Return the codec of one code of a list."""
    known = tuple(allowed)
    return Codec(str, lambda text, _old: _code(text, known), "; ".join(known))


def some_of(allowed: Iterable[str], *, any_too: bool = False) -> Codec:
    """Return the codec of several codes of a list, or of the word `any`."""
    known = tuple(allowed)

    def read(text: str, _old: Any) -> Any:
        return ANY if any_too and text == ANY else [_code(part, known) for part in _parts(text)]

    return Codec(_listed, read, "; ".join((ANY, *known) if any_too else known))


def _code(text: str, known: Sequence[str]) -> str:
    folded = text.strip().casefold()
    if folded not in known:
        raise BadCell("unknown_code", "This is none of the codes; the second row lists them.")
    return folded


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]


def _listed(value: Any) -> str:
    return value if isinstance(value, str) else "; ".join(str(one) for one in value)


def _names(text: str, _old: Any) -> list[str]:
    return _parts(text)


def _any_names(text: str, _old: Any) -> Any:
    return ANY if text == ANY else _parts(text)


NAMES: Final = Codec(_listed, _names, "one; another")
ANY_NAMES: Final = Codec(_listed, _any_names, "any, or one; another")


def rows_of(member: str) -> Codec:
    """Return the codec of a list of objects of which one member is shown; the rest of each is kept."""

    def write(value: Any) -> str:
        return "; ".join(str(row[member]) for row in value if row.get(member))

    def read(text: str, old: Any) -> list[dict[str, Any]]:
        kept = {row.get(member): row for row in old or ()}
        hidden = [row for row in old or () if not row.get(member)]
        return [dict(kept.get(part, {member: part})) for part in _parts(text)] + hidden

    return Codec(write, read, "one; another")


def _pairs(value: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}={said}" for name, said in value.items())


def _visibility(text: str, old: Any) -> dict[str, Any]:
    levels = codes("visibility")
    found: dict[str, Any] = {}
    for part in _parts(text):
        name, _, level = (word.strip() for word in part.partition("="))
        if not name or level not in levels:
            raise BadCell("unknown_code", "Say who sees a field as phones=partners; *=public.")
        found[name] = level
    return {**dict.fromkeys(old or (), None), **found}


VISIBILITY: Final = Codec(_pairs, _visibility, f"phones=partners; levels: {', '.join(codes('visibility'))}")


# Ages


def _bands(text: str, _old: Any) -> list[dict[str, Any]]:
    return [_band(part) for part in _parts(text)]


def _band(text: str) -> dict[str, Any]:
    found = _BAND.match(text)
    if found is None:
        raise BadCell("no_band", "Ages are of the form 3-12 female; 0.5-2; 18-.")
    band: dict[str, Any] = {}
    for name, mark in (("age_from", "low"), ("age_to", "high")):
        if found[mark] is not None:
            band[name] = _number(found[mark], None)
    for word in found["rest"].replace(",", " ").split():
        name, code = _of_band(word.casefold())
        band[name] = ANY if code == ANY else [*band.get(name, []), code]
    return band


def _of_band(word: str) -> tuple[str, str]:
    if word == _ANY_SEX:
        return "sexes", ANY
    if word == _ANY_SITUATION:
        return "situations", ANY
    if word in codes("sexes"):
        return "sexes", word
    return "situations", _code(word, codes("situations"))


def _write_bands(value: Any) -> str:
    return "; ".join(_write_band(band) for band in value)


def _write_band(band: Mapping[str, Any]) -> str:
    low, high = band.get("age_from"), band.get("age_to")
    words = [f"{'' if low is None else _plain(low)}-{'' if high is None else _plain(high)}"]
    for name, anybody in (("sexes", _ANY_SEX), ("situations", _ANY_SITUATION)):
        said = band.get(name) or ()
        words += [anybody] if said == ANY else [",".join(said)] if said else []
    return " ".join(words)


BANDS: Final = Codec(_write_bands, _bands, "3-12 female; 0.5-2; 18- any-sex unaccompanied")


# Hours


def write_week(week: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows of a week; those of the same days stand together."""
    times: dict[str, list[str]] = {}
    for row in week:
        times.setdefault(_write_days(row), []).append(f"{row['opens']}-{row['closes']}")
    return "; ".join(f"{days} {','.join(said)}" for days, said in times.items())


def _write_days(row: Mapping[str, Any]) -> str:
    if row.get("nth"):
        return ",".join(f"{number}{day}" for day in row["days"] for number in row["nth"])
    places = sorted(DAYS.index(day) for day in row["days"])
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    if len(runs) > 1 and runs[0][0] == 0 and runs[-1][-1] == len(DAYS) - 1:
        runs = [runs[-1] + runs[0], *runs[1:-1]]
    return ",".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def read_week(text: str) -> list[dict[str, Any]]:
    """Return the rows of a week.

    Raises:
        BadCell: it is not of that form.
    """
    return [row for part in _parts(text) for row in _week_part(part)]


def _week_part(text: str) -> list[dict[str, Any]]:
    said, _, times = text.partition(" ")
    intervals = [_interval(part) for part in times.split(",")]
    return [
        {"days": days, **interval, **({"nth": list(nth)} if nth else {})}
        for nth, days in _read_days(said).items()
        for interval in intervals
    ]


def _interval(text: str) -> dict[str, str]:
    opens, _, closes = (part.strip() for part in text.partition("-"))
    start, end = minute_of(opens), minute_of(closes)
    if start is None or end is None:
        raise BadCell("no_hours", "Hours are of the form MO-FR 08:30-12:00,13:00-17:00; SA 09:00-12:00.")
    return {"opens": clock(start), "closes": clock(end)}


def _read_days(text: str) -> dict[tuple[int, ...], list[str]]:
    numbers: dict[str, list[int]] = {}
    for part in text.upper().split(","):
        mark = _DAY.match(part)
        if mark is None or mark["first"] not in DAYS or (mark["last"] or "MO") not in DAYS:
            raise BadCell("no_hours", "Days are of the form MO-FR, SA or 1MO.")
        for day in _run(mark["first"], mark["last"] or mark["first"]):
            numbers.setdefault(day, []).extend([int(mark["nth"])] if mark["nth"] else [])
    found: dict[tuple[int, ...], list[str]] = {}
    for day, nth in numbers.items():
        found.setdefault(tuple(nth), []).append(day)
    return found


def _run(first: str, last: str) -> list[str]:
    start = DAYS.index(first)
    return [DAYS[(start + step) % len(DAYS)] for step in range((DAYS.index(last) - start) % len(DAYS) + 1)]


def _write_hours(value: Mapping[str, Any]) -> str:
    return "24/7" if value.get("always") else write_week(value.get("week") or ())


def _hours(text: str, _old: Any) -> dict[str, Any]:
    return {"always": True, "week": None} if text == "24/7" else {"always": None, "week": read_week(text)}


def _write_exceptions(value: Any) -> str:
    return "\n".join(_write_exception(row) for row in value)


def _write_exception(row: Mapping[str, Any]) -> str:
    what = "closed" if row.get("closed") else write_week(row.get("week") or ())
    return f"{row['from']}..{row['to']}: {what}" + (f" # {row['note']}" if row.get("note") else "")


def _exceptions(text: str, _old: Any) -> list[dict[str, Any]]:
    return [_exception(line.strip()) for line in text.splitlines() if line.strip()]


def _exception(line: str) -> dict[str, Any]:
    mark = _EXCEPTION.match(line)
    if mark is None:
        raise BadCell("no_hours", "A line is of the form 2026-03-01..2026-03-30: SU-TH 09:00-13:00, or: closed.")
    days, what = {"from": _day(mark["from"], None), "to": _day(mark["to"], None)}, mark["what"].strip()
    said = {"closed": True} if what == "closed" else {"week": read_week(what)}
    return {**days, **said, **({"note": mark["note"].strip()} if mark["note"] else {})}


HOURS: Final = Codec(_write_hours, _hours, "MO-FR 08:30-12:00,13:00-17:00; 1SA 09:00-12:00; or 24/7")
EXCEPTIONS: Final = Codec(_write_exceptions, _exceptions, "2026-03-01..2026-03-30: SU-TH 09:00-13:00, or: closed")
