"""One invented service and one invented person, and what is changed in each case of a match: written by hand.

A case says what a criterion must answer, and the code of the reason; `tests/vectors/generate_rules.py` adds the whole
answer. 2026-11-22 is a Sunday.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

NOW = int(datetime(2026, 11, 22, 9, 0, tzinfo=UTC).timestamp())
AREAS: dict[str, Any] = {
    "JO": {"path": ["JO"], "lat": 31_000_000, "lon": 36_000_000},
    "JO-IR": {"path": ["JO", "JO-IR"], "lat": 32_550_000, "lon": 35_850_000},
    "JO-MA": {"path": ["JO", "JO-MA"], "lat": 32_340_000, "lon": 36_200_000},
    "JO-IR-1": {"path": ["JO", "JO-IR", "JO-IR-1"]},
}
PLACE: dict[str, Any] = {
    "site": "s1",
    "area": "JO-IR",
    "path": ["JO", "JO-IR"],
    "lat": 32_550_000,
    "lon": 35_850_000,
    "precision": "exact",
    "access": ["wheelchair"],
}
LISTING: dict[str, Any] = {
    "id": "a",
    "name": "SYN group",
    "status": "active",
    "needs": ["peer_group", "mhpss_basic"],
    "specialisms": ["uasc"],
    "role": "deliver",
    "free": True,
    "languages": ["ar", "so"],
    "provider": {"id": "p", "name": "SYN provider", "kind": "ngo", "formal": True},
    "bands": [{"from": 120, "below": 216, "sexes": ["female"], "situations": "any"}],
    "nationalities": "any",
    "statuses": "any",
    "documents": "any",
    "vulnerabilities": "any",
    "residence": "any",
    "open_to": "all",
    "hours": {
        "zone": "Asia/Amman",
        "always": False,
        "week": [{"day": day, "from": 480, "to": 960} for day in (0, 1, 2, 3, 6)],
        "exceptions": [{"from": "2027-02-08", "to": "2027-03-09", "week": [{"day": 6, "from": 600, "to": 780}]}],
    },
    "capacity": {"state": "capacity", "available": 4, "as_of": "2026-11-20", "until": "2026-12-03"},
    "places": [PLACE],
    "covers": [],
    "focal_point": {"title": "SYN"},
    "verified": dict.fromkeys(("offer", "eligibility", "hours", "focal_point"), "2026-11-01"),
    "until": {
        "offer": "2027-04-29",
        "eligibility": "2027-10-26",
        "hours": "2027-10-26",
        "focal_point": "2026-12-30",
        "capacity": "2026-12-03",
    },
    "shown_until": "2027-04-29",
}
PERSON: dict[str, Any] = {
    "months_from": 168,
    "months_to": 179,
    "sex": "female",
    "situation": "in_family",
    "nationalities": ["SY"],
    "statuses": ["refugee"],
    "documents": [],
    "vulnerabilities": ["uasc"],
    "residence": ["JO", "JO-IR"],
}
WHERE: dict[str, Any] = {"area": "JO-IR", "path": ["JO", "JO-IR"], "point": [32_550_000, 35_850_000], "km": None}
REVIEW = {"legal_reason": "SYN law 1", "reviewed_by": "SYN", "review_by": "2027-01-31"}


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> int:
    """Return the second of a time in UTC."""
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


def _band(first: int, below: int | None = None, sexes: Any = "any", situations: Any = "any") -> dict[str, Any]:
    limit = {} if below is None else {"below": below}
    return {"from": first, **limit, "sexes": sexes, "situations": situations}


def _aged(first: int, last: int | None = None, **more: Any) -> dict[str, Any]:
    return {"months_from": first, "months_to": first if last is None else last, **more}


def _hours(zone: str | None = "Asia/Amman", **more: Any) -> dict[str, Any]:
    return {"zone": zone, "always": False, "week": [], "exceptions": [], **more}


_NIGHT = [{"day": 4, "from": 1320, "to": 1440}, {"day": 5, "from": 0, "to": 120}]
_FIRST_FRIDAY = [{"day": 4, "from": 540, "to": 720, "nth": [1]}]
_LAST_FRIDAY = [{"day": 4, "from": 540, "to": 720, "nth": [-1]}]
_POINT = {"area": None, "path": [], "km": 50}
_NULL_ISLAND = [{**PLACE, "lat": 0, "lon": 0}]

Case = tuple[str, dict[str, Any], dict[str, Any], dict[str, str]]
"""Name, changes of the listing, changes of the question, and `criterion: answer code`."""
CASES: list[Case] = [
    ("everything fits", {}, {}, {"age": "meets meets", "sex": "meets meets", "area": "meets meets"}),
    # ages: a limit of whole years lasts until the next birthday
    ("14 on the birthday, to 13", {"bands": [_band(0, 168)]}, {"person": _aged(168)}, {"age": "does_not above"}),
    ("14 on the birthday, to 14", {"bands": [_band(0, 180)]}, {"person": _aged(168)}, {"age": "meets meets"}),
    ("14 on the birthday, from 14", {"bands": [_band(168)]}, {"person": _aged(168)}, {"age": "meets meets"}),
    ("a month before, from 14", {"bands": [_band(168)]}, {"person": _aged(167)}, {"age": "does_not below"}),
    ("17.99, to 17", {"bands": [_band(0, 216)]}, {"person": _aged(215)}, {"age": "meets meets"}),
    ("18, to 17", {"bands": [_band(0, 216)]}, {"person": _aged(216)}, {"age": "does_not above"}),
    ("6 months, to 0.5", {"bands": [_band(0, 7)]}, {"person": _aged(6)}, {"age": "meets meets"}),
    ("7 months, to 0.5", {"bands": [_band(0, 7)]}, {"person": _aged(7)}, {"age": "does_not above"}),
    ("under one, to 0.5", {"bands": [_band(0, 7)]}, {"person": _aged(0, 11)}, {"age": "unknown partly"}),
    ("no maximum", {"bands": [_band(216)]}, {"person": _aged(1100)}, {"age": "meets meets"}),
    ("no minimum", {"bands": [{"below": 60}]}, {"person": _aged(0)}, {"age": "meets meets"}),
    ("nothing said of age", {"bands": None}, {}, {"age": "unknown not_said", "sex": "unknown not_said"}),
    ("an age nobody knows", {}, {"person": {"months_from": None}}, {"age": "unknown person_not_said"}),
    (
        "an age nobody knows, and no limit",
        {"bands": [_band(0)]},
        {"person": {"months_from": None}},
        {"age": "meets meets"},
    ),
    ("about 9 or 10, from 10", {}, {"person": _aged(108, 131)}, {"age": "unknown partly"}),
    ("between two bands", {"bands": [_band(0, 72), _band(180)]}, {"person": _aged(100)}, {"age": "does_not does_not"}),
    ("the second band", {"bands": [_band(0, 72), _band(144, 216)]}, {}, {"age": "meets meets"}),
    # sex and situation, in the band of the age
    ("a boy", {}, {"person": {"sex": "male"}}, {"age": "meets meets", "sex": "does_not does_not"}),
    (
        "women, and small boys: a boy of 14",
        {"bands": [_band(0, 144, ["male", "female"]), _band(144, None, ["female"])]},
        {"person": {"sex": "male"}},
        {"age": "meets meets", "sex": "does_not with_age"},
    ),
    (
        "one band is his by age, the other by sex",
        {"bands": [_band(0, 180, ["female"]), _band(170, None, ["male"])]},
        {"person": {"sex": "male"}},
        {"age": "meets meets", "sex": "unknown with_age"},
    ),
    ("a sex nobody said", {}, {"person": {"sex": None}}, {"sex": "unknown person_not_said"}),
    ("a sex that nobody asks for", {"bands": [_band(0)]}, {"person": {"sex": None}}, {"sex": "meets meets"}),
    (
        "a sex that is right whatever the age",
        {"bands": [_band(170, 190, ["female"])]},
        {},
        {"age": "unknown partly", "sex": "meets meets"},
    ),
    (
        "only who is alone",
        {"bands": [_band(0, None, "any", ["unaccompanied"])]},
        {},
        {"situation": "does_not does_not"},
    ),
    (
        "a situation of the other band",
        {"bands": [_band(0, 144, "any", ["in_family"]), _band(144, None, "any", ["unaccompanied"])]},
        {},
        {"situation": "does_not with_group"},
    ),
    # protected attributes exclude by a reviewed criterion alone
    ("another nationality", {"nationalities": ["JO"]}, {}, {"nationality": "unknown needs_review"}),
    (
        "another nationality, reviewed",
        {"nationalities": ["JO"], "exclusions": [{"attribute": "nationality", "values": [], **REVIEW}]},
        {},
        {"nationality": "does_not does_not"},
    ),
    (
        "another nationality, the review is over",
        {
            "nationalities": ["JO"],
            "exclusions": [{"attribute": "nationality", "values": [], **REVIEW, "review_by": "2026-11-21"}],
        },
        {},
        {"nationality": "unknown needs_review"},
    ),
    ("one of two nationalities", {"nationalities": ["JO", "SY"]}, {}, {"nationality": "meets meets"}),
    ("nationality not said", {"nationalities": None}, {}, {"nationality": "unknown not_said"}),
    ("a child without papers", {"documents": ["birth_certificate"]}, {}, {"documents": "unknown needs_review"}),
    (
        "a child without papers, reviewed",
        {"documents": ["birth_certificate"], "exclusions": [{"attribute": "documents", "values": [], **REVIEW}]},
        {},
        {"documents": "does_not does_not", "exclusion": "meets meets"},
    ),
    (
        "all papers",
        {"documents": ["birth_certificate"]},
        {"person": {"documents": ["passport", "birth_certificate"]}},
        {"documents": "meets meets"},
    ),
    ("another status", {"statuses": ["returnee"]}, {}, {"status": "unknown needs_review"}),
    (
        "excluded by nationality, without review",
        {"exclusions": [{"attribute": "nationality", "values": ["SY"]}]},
        {},
        {"exclusion": "unknown needs_review"},
    ),
    (
        "excluded by nationality, reviewed",
        {"exclusions": [{"attribute": "nationality", "values": ["SY"], **REVIEW}]},
        {},
        {"exclusion": "does_not does_not"},
    ),
    (
        "excluded by what nobody said",
        {"exclusions": [{"attribute": "religion", "values": ["x"], **REVIEW}]},
        {},
        {"exclusion": "unknown person_not_said"},
    ),
    (
        "not among the excluded",
        {"exclusions": [{"attribute": "nationality", "values": ["ER"], **REVIEW}]},
        {},
        {"exclusion": "meets meets"},
    ),
    ("only for survivors", {"vulnerabilities": ["survivor_gbv"]}, {}, {"vulnerability": "does_not does_not"}),
    ("only for who is alone", {"vulnerabilities": ["uasc"]}, {}, {"vulnerability": "meets meets"}),
    ("only returnees", {"open_to": "returnees"}, {}, {"open_to": "does_not does_not"}),
    ("only who lives there", {"residence": ["JO-MA"]}, {}, {"residence": "does_not does_not"}),
    ("who lives in the country", {"residence": ["JO"]}, {}, {"residence": "meets meets"}),
    ("too young to work", {"labour_from": 192}, {}, {"labour": "does_not does_not"}),
    ("old enough to work", {"labour_from": 168}, {}, {"labour": "meets meets"}),
    ("perhaps old enough to work", {"labour_from": 170}, {}, {"labour": "unknown unknown"}),
    # time
    ("open on a Sunday", {}, {"when": NOW}, {"open": "meets meets"}),
    ("closed on a Friday", {}, {"when": at(2026, 11, 27, 9)}, {"open": "does_not opens"}),
    ("the minute it closes", {}, {"when": at(2026, 11, 22, 13)}, {"open": "does_not opens"}),
    ("the minute it opens", {}, {"when": at(2026, 11, 22, 5)}, {"open": "meets meets"}),
    ("Ramadan, before the short hours", {}, {"when": at(2027, 2, 14, 6)}, {"open": "does_not opens"}),
    ("Ramadan, in the short hours", {}, {"when": at(2027, 2, 14, 8)}, {"open": "meets meets"}),
    (
        "after midnight",
        {"hours": _hours(week=_NIGHT)},
        {"when": at(2026, 11, 27, 22, 30)},
        {"open": "meets meets"},
    ),
    ("the first Friday", {"hours": _hours(week=_FIRST_FRIDAY)}, {"when": at(2026, 12, 4, 7)}, {"open": "meets meets"}),
    (
        "the second Friday",
        {"hours": _hours(week=_FIRST_FRIDAY)},
        {"when": at(2026, 12, 11, 7)},
        {"open": "does_not opens"},
    ),
    ("the last Friday", {"hours": _hours(week=_LAST_FRIDAY)}, {"when": at(2026, 12, 25, 7)}, {"open": "meets meets"}),
    (
        "Beirut, the day before summer",
        {"hours": _hours("Asia/Beirut", week=[{"day": 5, "from": 540, "to": 600}])},
        {"when": at(2026, 3, 28, 7)},
        {"open": "meets meets"},
    ),
    (
        "Beirut, the first day of summer",
        {"hours": _hours("Asia/Beirut", week=[{"day": 6, "from": 540, "to": 600}])},
        {"when": at(2026, 3, 29, 6)},
        {"open": "meets meets"},
    ),
    (
        "Nairobi has no summer",
        {"hours": _hours("Africa/Nairobi", week=[{"day": 6, "from": 540, "to": 600}])},
        {"when": at(2026, 3, 29, 6)},
        {"open": "meets meets"},
    ),
    ("no zone", {"hours": _hours(None, always=True)}, {"when": NOW}, {"open": "unknown not_said"}),
    ("a zone that is none", {"hours": _hours("Asia/Nowhere")}, {"when": NOW}, {"open": "unknown not_said"}),
    ("no hours", {"hours": None}, {"when": NOW}, {"open": "unknown not_said"}),
    ("ended yesterday", {"ends": "2026-11-21"}, {}, {"ends": "does_not does_not"}),
    ("ends today", {"ends": "2026-11-22"}, {}, {"ends": "meets meets"}),
    ("ends before it is needed", {"ends": "2026-11-30"}, {"when": at(2026, 12, 6, 7)}, {"ends": "does_not does_not"}),
    ("funding is over", {"funded_until": "2026-10-31"}, {}, {"ends": "unknown funding_over"}),
    ("not running", {"status": "temporarily closed"}, {}, {"running": "does_not does_not"}),
    # capacity decays
    ("full", {"capacity": {"state": "no_capacity", "until": "2026-12-03"}}, {}, {"capacity": "does_not does_not"}),
    (
        "full until the next intake",
        {"capacity": {"state": "capacity", "available": 0, "until": "2026-12-03", "next_intake": "2027-01-10"}},
        {},
        {"capacity": "does_not next_intake"},
    ),
    (
        "a waiting list",
        {"capacity": {"state": "waitlist", "until": "2026-12-03"}},
        {},
        {"capacity": "unknown waitlist"},
    ),
    (
        "full, two weeks ago",
        {"capacity": {"state": "no_capacity", "until": "2026-11-21"}},
        {},
        {"capacity": "unknown stale"},
    ),
    (
        "places, nobody knows when",
        {"capacity": {"state": "capacity", "available": 9}},
        {},
        {"capacity": "unknown undated"},
    ),
    ("no word of places", {"capacity": None}, {}, {"capacity": "unknown not_said"}),
    # checks
    (
        "eligibility, too old to count",
        {"until": {"eligibility": "2026-11-21"}},
        {"person": {"sex": "male"}},
        {"sex": "unknown stale", "age": "unknown stale"},
    ),
    ("nobody answers", {"focal_point": None}, {}, {"focal_point": "does_not does_not"}),
    ("nobody has answered for long", {"until": {"focal_point": "2026-11-21"}}, {}, {"focal_point": "does_not stale"}),
    # wishes
    ("another language", {}, {"person": {"languages": ["fr"]}}, {"language": "does_not does_not"}),
    ("a language in common", {}, {"person": {"languages": ["fr", "so"]}}, {"language": "meets meets"}),
    ("fees", {"free": False}, {"person": {"free": True}}, {"cost": "does_not does_not"}),
    ("steps", {}, {"person": {"access": ["sign_language"]}}, {"access": "does_not does_not"}),
    ("another need", {}, {"need": "health"}, {"need": "does_not does_not"}),
    # places
    ("the country is covered", {"places": [], "covers": ["JO"]}, {}, {"area": "meets covers"}),
    ("a part is covered", {"places": [], "covers": ["JO-IR-1"]}, {}, {"area": "unknown part"}),
    (
        "somewhere in the country",
        {"places": [{"site": "s", "area": "JO", "path": ["JO"], "precision": "area"}]},
        {},
        {"area": "unknown wider"},
    ),
    ("elsewhere", {"places": [{**PLACE, "area": "JO-MA", "path": ["JO", "JO-MA"]}]}, {}, {"area": "does_not does_not"}),
    ("covered elsewhere", {"places": [], "covers": ["JO-MA"]}, {}, {"area": "does_not does_not"}),
    ("covered, nobody says where", {"places": [], "covers": ["JO-XX"]}, {}, {"area": "unknown not_said"}),
    ("no place at all", {"places": []}, {}, {"area": "unknown not_said"}),
    (
        "the same point",
        {"places": _NULL_ISLAND},
        {"where": {**_POINT, "point": [0, 0], "km": 0}},
        {"area": "meets within"},
    ),
    ("latitude 0", {"places": _NULL_ISLAND}, {"where": {**_POINT, "point": [0, 400_000]}}, {"area": "meets within"}),
    ("49.9 km", {"places": _NULL_ISLAND}, {"where": {**_POINT, "point": [448_760, 0]}}, {"area": "meets within"}),
    ("50.1 km", {"places": _NULL_ISLAND}, {"where": {**_POINT, "point": [450_560, 0]}}, {"area": "does_not too_far"}),
    (
        "across 180 degrees",
        {"places": [{**PLACE, "lat": -16_000_000, "lon": 179_900_000}]},
        {"where": {**_POINT, "point": [-16_000_000, -179_900_000]}},
        {"area": "meets within"},
    ),
    (
        "180 is -180",
        {"places": [{**PLACE, "lat": 10_000_000, "lon": 180_000_000}]},
        {"where": {**_POINT, "point": [10_000_000, -180_000_000], "km": 1}},
        {"area": "meets within"},
    ),
    (
        "at the pole every longitude is here",
        {"places": [{**PLACE, "lat": 90_000_000, "lon": 0}]},
        {"where": {**_POINT, "point": [90_000_000, 123_000_000], "km": 1}},
        {"area": "meets within"},
    ),
    (
        "an approximate place",
        {"places": [{**PLACE, "precision": "approximate"}]},
        {"where": {**_POINT, "km": 5}},
        {"area": "unknown approximate"},
    ),
    ("a mobile team", {"places": [{**PLACE, "mobile": True}]}, {"where": {**_POINT}}, {"area": "unknown approximate"}),
    (
        "online",
        {"places": [{"site": "s", "type": "virtual", "lat": 0, "lon": 0}]},
        {"where": _POINT},
        {"area": "unknown not_said"},
    ),
    ("nowhere asked", {}, {"where": {"area": None, "path": []}}, {}),
]

RANKS: list[tuple[str, list[dict[str, Any]], dict[str, Any], list[str]]] = [
    (
        "what is sure, what has to be asked, what is far, what does not fit",
        [
            {"id": "d", "bands": [_band(0, 60)]},
            {"id": "c", "places": [], "covers": ["JO"]},
            {"id": "b", "bands": None},
            {"id": "a"},
        ],
        {},
        ["a", "c", "b", "d"],
    ),
    (
        "near before far, no point last",
        [
            {"id": "a", "places": [{k: v for k, v in PLACE.items() if k not in {"lat", "lon"}}]},
            {"id": "b", "places": [{**PLACE, "lat": 32_650_000}]},
            {"id": "c"},
        ],
        {"where": {"point": [32_550_000, 35_850_000]}},
        ["c", "b", "a"],
    ),
    (
        "fresh before due before past",
        [
            {"id": "a", "shown_until": "2026-11-21"},
            {"id": "b", "verified": {"offer": "2026-08-24"}},
            {"id": "c", "verified": {"offer": "2026-08-25"}},
            {"id": "d", "shown_until": ""},
        ],
        {},
        ["c", "b", "a", "d"],
    ),
    (
        "full ranks lower and stays",
        [{"id": "a", "capacity": {"state": "no_capacity", "until": "2026-12-03"}}, {"id": "b"}],
        {},
        ["b", "a"],
    ),
    (
        "of near misses the fewest reasons first",
        [{"id": "a", "status": "inactive", "bands": [_band(0, 60)]}, {"id": "b", "status": "inactive"}],
        {},
        ["b", "a"],
    ),
    ("a specialism for what the child lived through", [{"id": "a", "specialisms": []}, {"id": "b"}], {}, ["b", "a"]),
    ("who delivers before who supports", [{"id": "a", "role": "support"}, {"id": "b"}], {}, ["b", "a"]),
    (
        "approximate is not ranked by distance",
        [
            {"id": "a", "places": [{**PLACE, "precision": "approximate"}]},
            {"id": "b", "places": [{**PLACE, "lat": 32_900_000}]},
        ],
        {},
        ["b", "a"],
    ),
]


def listing(change: dict[str, Any]) -> dict[str, Any]:
    """Return the service with some members changed; None takes one out, `verified` and `until` are changed in part."""
    found = copy.deepcopy(LISTING)
    for name, value in change.items():
        found[name] = {**found[name], **value} if name in {"verified", "until"} else value
    return {name: value for name, value in found.items() if value is not None}


def question(changes: list[dict[str, Any]], change: dict[str, Any]) -> dict[str, Any]:
    """Return a whole question about some services."""
    asked = {
        "need": change.get("need", "peer_group"),
        "person": {**PERSON, **change.get("person", {})},
        "where": {**WHERE, **change.get("where", {})},
        "when": change.get("when"),
    }
    return {"candidates": [listing(one) for one in changes], "asked": asked, "areas": AREAS, "now": NOW}
