"""Reads the JSON of UNHCR Services Advisor: the features of 2014 and 2015, and the objects of release 3.0. Pure.

What an answer means is data (`advisor.json`). An answer that has no meaning here, or that contradicts itself such as
`13:00pm`, leaves its field unknown and is reported; the feature as it came stands in the attributes of the record. A
file in another language than English holds translations of records that are here already.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from hub.directory.formats.items import Item, Origin, Problem, unreadable
from hub.directory.records.hours import DAYS, minute_of
from hub.directory.records.record import PROVIDER, SERVICE, SITE, id_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NUMBERED: Final = re.compile(r"\s*(\d{1,2})\.")
_WEEKDAYS: Final = dict(
    zip(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), DAYS, strict=True)
)
_POINT: Final = 2
_ALWAYS: Final = "always"
_UNCERTAIN: Final = (None, _ALWAYS)


@cache
def _data() -> dict[str, Any]:
    text = resources.files("hub.directory.formats").joinpath("advisor.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@dataclass(slots=True)
class _Feature:
    """One feature of either form in one shape, and what could not be read of it."""

    key: str
    row: str
    raw: dict[str, Any]
    partner: str
    place: str
    activity: str
    offers: list[str]
    point: tuple[float, float] | None
    ends: str
    answers: dict[str, list[str]]
    office: list[Mapping[str, Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, name: str, code: str, message: str) -> None:
        self.problems.append(Problem(name, code, message))


def read_advisor(data: bytes, origin: Origin) -> Iterator[Item]:
    """Return the providers, sites and services that a file of Services Advisor says.

    Raises:
        InvalidRequest: the file is none.
    """
    seen: set[tuple[str, str]] = set()
    for feature in _features(data):
        if origin.language != "en":
            yield _translation(feature, origin)
            continue
        provider = _provider(feature, origin)
        site = None if feature.point is None else _site(feature, origin)
        for item in (provider, site):
            if item and (item.kind, item.key) not in seen:
                seen.add((item.kind, item.key))
                yield item
        yield _service(feature, origin, provider, site)


def _features(data: bytes) -> Iterator[_Feature]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise unreadable("the JSON of Services Advisor") from error
    rows = found.get("features") if isinstance(found, dict) else found
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable("the JSON of Services Advisor")
    keys: set[str] = set()
    for number, row in enumerate(rows, start=1):
        try:
            feature = _of_2015(row, number) if "properties" in row else _of_3(row, number)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(f"the JSON of Services Advisor: feature {number}") from error
        _rename(feature, keys)
        keys.add(feature.key)
        yield feature


def _rename(feature: _Feature, keys: set[str]) -> None:
    """Give a service whose id was used before in the file a key of its own, out of what it offers."""
    if feature.key not in keys:
        return
    feature.report("id", "duplicate_id", "Another service of this file has the same id; both are kept.")
    name = f"{feature.key}/{feature.raw.get('properties', {}).get('activity') or feature.activity}"[:180]
    number = 2
    feature.key = name
    while feature.key in keys:
        feature.key, number = f"{name}/{number}", number + 1


def _of_2015(row: dict[str, Any], number: int) -> _Feature:
    said = row["properties"]
    answers: dict[str, list[str]] = {}
    for name, value in said.items():
        mark = _NUMBERED.match(name)
        if mark and isinstance(value, dict):
            answers[mark[1]] = [answer for answer, chosen in value.items() if chosen]
    return _Feature(
        key=str(row["id"]),
        row=f"feature {number}",
        raw=row,
        partner=_text(said["partnerName"]),
        place=_text(said.get("locationName")),
        activity=_text(said["activityName"]),
        offers=[_text(name) for name, count in (said.get("indicators") or {}).items() if count],
        point=_point(row.get("geometry")),
        ends=str(said.get("endDate") or ""),
        answers=_questions(answers),
    )


def _of_3(row: dict[str, Any], number: int) -> _Feature:
    answers = {name.lower(): [value] for name, value in row.items() if isinstance(value, str) and value.strip()}
    location = row.get("location") or {}
    return _Feature(
        key=str(row["id"]),
        row=f"service {number}",
        raw=row,
        partner=_text(row["organization"]["name"]),
        place=_text(row.get("publicAddress")),
        activity=_text((row.get("category") or {}).get("name") or row.get("name")),
        offers=[],
        point=_point(location.get("geometry")),
        ends=str(row.get("endDate") or ""),
        answers=_questions(answers),
        office=[one for one in row.get("officeHours") or [] if isinstance(one, dict)],
        more=_more(row),
    )


def _more(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of release 3.0 that need no code list."""
    phone, link, details = (_text(row.get(name)) for name in ("hotlinePhone", "infoLink", "additionalDetails"))
    found = {"phones": [{"number": phone}] if phone else [], "url": link, "description": details}
    return {name: value for name, value in found.items() if value}


def _questions(said: Mapping[str, list[str]]) -> dict[str, list[str]]:
    named = {name: question for question, names in _data()["questions"].items() for name in names}
    return {named[name]: values for name, values in said.items() if name in named}


def _text(value: object) -> str:
    return " ".join(str(value or "").split())


def _point(geometry: Any) -> tuple[float, float] | None:
    at: list[Any] = (geometry or {}).get("coordinates") or []
    if len(at) < _POINT or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in at[:2]):
        return None
    return float(at[1]), float(at[0])


# Records


def _provider(feature: _Feature, origin: Origin) -> Item:
    key = f"partner:{feature.partner}"
    document: dict[str, Any] = {"id": id_from(origin.name, key), "name": feature.partner, "description": ""}
    document |= {"country": origin.country} if origin.country else {}
    return Item(PROVIDER, key, document, feature.row)


def _site(feature: _Feature, origin: Origin) -> Item:
    """Return the place of a feature: a point that stands for an area or a camp, never for a door."""
    lat, lon = feature.point or (0.0, 0.0)
    name = feature.place or f"{lat:.5f}, {lon:.5f}"
    key = f"place:{name}"
    document: dict[str, Any] = {"id": id_from(origin.name, key), "location_type": "physical", "name": name}
    if name.casefold() in _data()["whole_country"]:
        document |= {"precision": "area"} | ({"area": origin.country} if origin.country else {})
    else:
        document |= {"latitude": lat, "longitude": lon, "precision": "approximate"}
    return Item(SITE, key, document, feature.row)


def _service(feature: _Feature, origin: Origin, provider: Item, site: Item | None) -> Item:
    identity = id_from(origin.name, feature.key)
    document: dict[str, Any] = {
        "id": identity,
        "name": feature.activity,
        "description": "; ".join(feature.offers),
        "status": "active",
        "organization_id": (provider.document or {})["id"],
        "role": "deliver",
        "needs": _needs(feature),
        "attributes": [_original(feature, identity)],
        **feature.more,
    }
    if site is not None and site.document is not None:
        at = {"id": id_from(origin.name, f"{feature.key}@{site.key}"), "location_id": site.document["id"]}
        document["service_at_locations"] = [at]
    document |= _coded(feature, origin)
    if ends := _day(feature, feature.ends):
        document["ends"] = ends
    return Item(SERVICE, feature.key, document, feature.row, tuple(feature.problems))


def _coded(feature: _Feature, origin: Origin) -> dict[str, Any]:
    """Return the members that come out of coded answers; those that nothing is known of are absent."""
    specialisms, eligibility = _eligibility(feature)
    found = {
        "specialisms": specialisms,
        "eligibility": eligibility,
        "coverage": _coverage(feature, origin),
        "hours": _office(feature, origin) if feature.office else _hours(feature, origin),
        "pathway": _pathway(feature),
    }
    return {name: value for name, value in found.items() if value}


def _original(feature: _Feature, identity: str) -> dict[str, Any]:
    value = json.dumps(feature.raw, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    attribute = {
        "id": id_from("services_advisor", f"as it came {identity}"),
        "link_id": identity,
        "link_entity": "service",
    }
    return {**attribute, "link_type": "services_advisor", "label": "as it came", "value": value}


def _translation(feature: _Feature, origin: Origin) -> Item:
    """Return the words of a feature in another language, as a change of the record that is here."""
    words = {"name": feature.activity, "description": "; ".join(feature.offers)}
    said = {name: {"text": text, "state": "human"} for name, text in words.items() if text}
    document = {"id": id_from(origin.name, feature.key), "translations": {origin.language: said}}
    return Item(SERVICE, feature.key, document, feature.row, tuple(feature.problems), patch=True)


def _needs(feature: _Feature) -> list[str]:
    data, activity = _data(), feature.activity.casefold()
    found = list(data["activities"].get(activity, ()))
    for offer in feature.offers:
        start = offer.casefold()
        for prefix, needs in data["indicators"].items():
            found += needs if start.startswith(prefix) else ()
    if not found:
        feature.report("needs", "unmapped", "What this service offers has no code here; a coordinator says it.")
    return list(dict.fromkeys(found))


def _meanings(feature: _Feature, question: str) -> Iterator[Any]:
    """Return what the answers to a question mean; an answer that means nothing here is reported."""
    known = _data()["answers"][question]
    for answer in _split(feature.answers.get(question, ()), known):
        meaning = known.get(answer)
        if meaning is None:
            feature.report(question, "unmapped", f"An answer to the question of {question} has no code here.")
        yield meaning


def _split(answers: Iterable[str], known: Mapping[str, Any]) -> Iterator[str]:
    """Return answers as they are compared; release 3.0 puts several into one text."""
    for answer in answers:
        folded = _text(answer).casefold()
        yield from [folded] if folded in known else filter(None, (part.strip() for part in folded.split(",")))


def _one(feature: _Feature, question: str) -> Any:
    """Return the meaning of the answer to a question that has one; two that differ are none."""
    found = {meaning for meaning in _meanings(feature, question) if meaning is not None}
    if len(found) > 1:
        feature.report(question, "ambiguous", f"The question of {question} has several answers.")
    return found.pop() if len(found) == 1 else None


def _some(feature: _Feature, question: str) -> tuple[list[str] | str | None, bool]:
    """Return the codes of all answers, or `any`, and whether every answer has codes."""
    meanings = list(_meanings(feature, question))
    if "any" in meanings:
        return "any", True
    codes = list(dict.fromkeys(code for meaning in meanings for code in meaning or ()))
    return codes or None, None not in meanings


def _eligibility(feature: _Feature) -> tuple[list[str], dict[str, Any]]:
    """Return what the service is made for, and whom it takes; a list that is not whole would shut people out."""
    criteria, whole = _some(feature, "criteria")
    found: dict[str, Any] = {"vulnerabilities": criteria if whole else None}
    for name, question in (("nationalities", "nationality"), ("documents", "registration")):
        codes, whole = _some(feature, question)
        found[name] = codes if whole else None
    special = [code for code in criteria if code != "scored"] if isinstance(criteria, list) else []
    return special, {name: value for name, value in found.items() if value}


def _coverage(feature: _Feature, origin: Origin) -> dict[str, Any] | None:
    meaning = _one(feature, "coverage")
    if meaning is None:
        return None
    if meaning == "site":
        return {"extent": "site"}
    if meaning == "country":
        return {"extent": "country", **({"areas": [origin.country]} if origin.country else {})}
    regions = _data()["regions"].get(origin.country, {})
    areas = regions.get(meaning) if meaning.isalpha() else _areas(feature, origin, int(meaning))
    if set(map(_fold, feature.answers["coverage"])) & set(_data()["partial"]):
        feature.report("coverage", "partial", "The neighbours that it also covers are not named.")
    if areas:
        return {"extent": "area", "areas": areas}
    feature.report("coverage", "unknown_area", "The area that it covers is not known here.")
    return None if meaning.isalpha() else {"extent": "site"}


def _fold(text: str) -> str:
    return _text(text).casefold()


def _areas(feature: _Feature, origin: Origin, level: int) -> list[str]:
    if origin.locate is None or feature.point is None:
        return []
    path = list(origin.locate(*feature.point))
    return path[level : level + 1]


def _pathway(feature: _Feature) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, question in (("methods", "method"), ("intake", "intake"), ("feedback", "feedback")):
        codes, _whole = _some(feature, question)
        found[name] = codes
    for question in ("next_step", "response_time", "feedback_time"):
        found[question] = _one(feature, question)
    return {name: value for name, value in found.items() if value}


def _day(feature: _Feature, text: str) -> str | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        feature.report("endDate", "no_day", "The end is no day.")
        return None


# Hours


def _hours(feature: _Feature, origin: Origin) -> dict[str, Any] | None:
    """Return the hours, where days and both times are certain; else they are unknown, and why is reported."""
    opens, closes = feature.answers.get("opens", []), feature.answers.get("closes", [])
    if not opens and not closes:
        return None
    if not origin.zone:
        feature.report("hours", "no_zone", "Hours need the time zone of the source.")
        return None
    start, end = _clock(feature, "opens"), _clock(feature, "closes")
    if start == end == _ALWAYS:
        return {"zone": origin.zone, "always": True}
    if "daily" not in _meanings(feature, "frequency"):
        feature.report("hours", "not_every_week", "On which days it is open is not certain; the hours are unknown.")
        return None
    days = next((meaning for meaning in _meanings(feature, "days") if meaning), None)
    if days is None or start in _UNCERTAIN or end in _UNCERTAIN:
        feature.report("hours", "unreadable_hours", "A day or time is not certain; the hours are unknown.")
        return None
    return {"zone": origin.zone, "week": [{"days": days, "opens": start, "closes": end}]}


def _clock(feature: _Feature, question: str) -> str | None:
    """Return the one time that is answered, or `always`; None where it is not certain."""
    answers = feature.answers.get(question, [])
    if len(answers) != 1:
        return None
    folded = _fold(answers[0])
    meaning = _data()["answers"][question].get(folded)
    return str(meaning) if meaning else _time(folded.removeprefix("close at "))


def _time(text: str) -> str | None:
    minute = minute_of(text)
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def _office(feature: _Feature, origin: Origin) -> dict[str, Any] | None:
    """Return the office hours of release 3.0; one that cannot be read makes all unknown."""
    week = []
    for row in feature.office:
        day = _WEEKDAYS.get(_fold(str(row.get("name") or "")))
        for interval in filter(None, (part.strip() for part in str(row.get("time") or "").split(","))):
            times = [_time(part) for part in interval.split("-")]
            if day is None or len(times) != _POINT or None in times:
                feature.report("hours", "unreadable_hours", "A time is not certain; the hours are unknown.")
                return None
            week.append({"days": [day], "opens": times[0], "closes": times[1]})
    if week and not origin.zone:
        feature.report("hours", "no_zone", "Hours need the time zone of the source.")
        return None
    return {"zone": origin.zone, "week": week} if week else None
