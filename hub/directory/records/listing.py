"""The listing: one service, its provider and its places as a level sees them, in the form that is matched.

Pure. This is what signed slices carry and what `hub.directory.matching` reads, in Python and in JavaScript alike, so it
has whole numbers only: ages are months, positions millionths of a degree, times minutes of a day. What nobody said is
absent, and absent means unknown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records import ages, freshness
from hub.directory.records import hours as opening
from hub.directory.records.record import PROVIDER, SERVICE, SITE
from hub.directory.records.visibility import FOCAL, level_of, steps_of, visible, whole_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MICRO: Final = 1_000_000
_AS_IT_STANDS: Final = (
    *("id", "name", "description", "status", "needs", "specialisms", "role", "dimensions", "levels", "free", "claimed"),
    *("ends", "funded_until", "inbox", "focal_point", "pathway", "email", "url", "alert"),
)
_RESTRICTIONS: Final = (
    "nationalities",
    "statuses",
    "documents",
    "vulnerabilities",
    "residence",
    "open_to",
    "exclusions",
)
_OF_PROVIDER: Final = ("id", "name", "kind", "formal", "agency", "acronym", "country")
_TRANSLATED: Final = ("name", "description")


def views(
    service: Mapping[str, Any],
    provider: Mapping[str, Any],
    sites: Sequence[Mapping[str, Any]],
    paths: Mapping[str, Sequence[str]],
) -> list[dict[str, Any] | None]:
    """Return the listing at each of the four levels; None where the service is not there for a level.

    `provider` and `sites` are those that the service names; `paths` has, of each area code that the sites name, the
    codes from the country down to it.
    """
    steps = steps_of(SERVICE, service) | steps_of(PROVIDER, provider)
    steps = steps.union(*(steps_of(SITE, site) for site in sites))
    found: list[dict[str, Any] | None] = []
    for level in range(FOCAL + 1):
        same = level and level not in steps
        found.append(found[-1] if same else listing(service, provider, sites, paths, level))
    return found


def listing(
    service: Mapping[str, Any],
    provider: Mapping[str, Any],
    sites: Sequence[Mapping[str, Any]],
    paths: Mapping[str, Sequence[str]],
    level: int,
) -> dict[str, Any] | None:
    """Return the listing as a level sees it, or None where it is not there."""
    seen, by = visible(SERVICE, service, level), visible(PROVIDER, provider, level)
    if seen is None or by is None:
        return None
    limits = freshness.limits(SERVICE, service)
    known = sites if level_of(SERVICE, service, "service_at_locations") <= level else ()
    places = [place(site, paths, level) for site in known if whole_level(site) <= level]
    found = {
        **{name: seen[name] for name in _AS_IT_STANDS if seen.get(name) not in (None, "", [])},
        "provider": {name: by[name] for name in _OF_PROVIDER if by.get(name) is not None},
        "assurance": by.get("assurance"),
        "phones": _phones(seen),
        "languages": _languages(seen),
        "bands": _bands(seen),
        **{name: seen.get("eligibility", {}).get(name) for name in _RESTRICTIONS},
        "labour_from": None if seen.get("labour_from") is None else ages.months_from(seen["labour_from"]),
        "hours": _hours(seen),
        "capacity": _capacity(seen, limits.get("capacity")),
        "places": places,
        "covers": _covers(seen, by, places),
        "cost": [
            str(row["amount_description"]) for row in seen.get("cost_options") or [] if row.get("amount_description")
        ],
        "verified": {group: row["on"] for group, row in seen.get("verified", {}).items()},
        "until": limits,
        "shown_until": shown_until(service),
        "source": {name: seen["source"][name] for name in ("name", "licence") if seen.get("source", {}).get(name)},
        "translations": _translations(seen),
    }
    return {name: value for name, value in found.items() if value is not None and value not in ({}, "")}


def shown_until(service: Mapping[str, Any]) -> str:
    """Return the last day on which a service is in default results; empty where on none, as for a mere claim."""
    if service.get("claimed") or service.get("status") != "active":
        return ""
    return freshness.shown_until(service)


def place(site: Mapping[str, Any], paths: Mapping[str, Sequence[str]], level: int) -> dict[str, Any]:
    """Return where a site is, as a level may know it: its position, or the access point, or its area alone."""
    seen = visible(SITE, site, level) or {}
    point, precision = seen, seen.get("precision", "exact")
    if seen.get("latitude") is None:
        point, precision = seen.get("access_point") or {}, "access_point"
    area = seen.get("area") or point.get("area")
    found = {
        "site": site["id"],
        "name": seen.get("name"),
        "area": area,
        "path": list(paths.get(area, ())) if area else None,
        "lat": micro(point.get("latitude")),
        "lon": micro(point.get("longitude")),
        "precision": precision if point.get("latitude") is not None else "area",
        "mobile": seen.get("mobile") or None,
        "type": seen.get("location_type"),
        "access": seen.get("access"),
        "address": _address(seen, point),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def micro(degrees: float | None) -> int | None:
    """Return degrees as millionths."""
    return None if degrees is None else round(degrees * MICRO)


def _address(seen: Mapping[str, Any], point: Mapping[str, Any]) -> str:
    if point is not seen:
        return str(point.get("address") or point.get("description") or "")
    row: Mapping[str, Any] = next(iter(seen.get("addresses") or []), {})
    return ", ".join(str(row[name]) for name in ("address_1", "address_2", "city") if row.get(name))


def _covers(seen: Mapping[str, Any], by: Mapping[str, Any], places: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the areas that are covered; where only an extent is said, those that the places lie in."""
    said = seen.get("coverage", {})
    if said.get("areas"):
        return list(said["areas"])
    if said.get("extent") == "country":
        return sorted({row["path"][0] for row in places if row.get("path")}) or [by["country"]] * ("country" in by)
    return sorted({row["area"] for row in places if row.get("area")}) if said.get("extent") == "area" else []


def _phones(seen: Mapping[str, Any]) -> list[dict[str, str]] | None:
    wanted = ("number", "extension", "type", "description")
    return [{name: str(row[name]) for name in wanted if row.get(name)} for row in seen.get("phones") or []] or None


def _languages(seen: Mapping[str, Any]) -> list[str] | None:
    found = [str(row["code"]).lower() for row in seen.get("languages") or [] if row.get("code")]
    return sorted(set(found)) or None


def _bands(seen: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    rows = seen.get("eligibility", {}).get("bands")
    if rows is None:
        rows = [{"age_from": seen.get("minimum_age"), "age_to": seen.get("maximum_age")}]
        if rows[0]["age_from"] is None and rows[0]["age_to"] is None:
            return None
    return [_band(row) for row in rows] or None


def _band(row: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "from": ages.months_from(row.get("age_from")),
        "below": ages.months_below(row.get("age_to")),
        "sexes": row.get("sexes"),
        "situations": row.get("situations"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _hours(seen: Mapping[str, Any]) -> dict[str, Any] | None:
    if seen.get("hours") is not None:
        return opening.read(seen["hours"])
    found, _problems = opening.from_schedules(seen.get("schedules") or [])
    return None if found is None else opening.read(found)


def _capacity(seen: Mapping[str, Any], until: str | None) -> dict[str, Any] | None:
    said = dict(seen.get("capacity") or _numbers(seen))
    if not said:
        return None
    return {**said, **({"until": until} if until else {})}


def _numbers(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what HSDS capacities say: a service with a free place in one unit has a free place."""
    rows = [row for row in seen.get("capacities") or [] if isinstance(row.get("available"), int | float)]
    if not rows:
        return {}
    free = math.floor(sum(row["available"] for row in rows))
    newest = max(str(row.get("updated") or "")[:10] for row in rows)
    state = "capacity" if free > 0 else "no_capacity"
    return {"state": state, "available": free, **({"as_of": newest} if newest else {})}


def _translations(seen: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        language: {field: fields[field] for field in _TRANSLATED if field in fields}
        for language, fields in (seen.get("translations") or {}).items()
    }
    return {language: fields for language, fields in found.items() if fields}
