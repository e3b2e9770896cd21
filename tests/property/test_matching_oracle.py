"""A thousand random matches against an oracle that reads raw records in plain Python, by another way than the code.

The oracle counts months one by one, walks hours from the day on which they begin, measures distance by another formula
and knows no expression; it shares only the made-up records with what it judges.
"""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.directory.matching.match import Person, Question, match
from hub.directory.matching.places import Where
from hub.directory.records.listing import listing
from tests.support.twin import Twin, for_javascript, matched

NOW = int(datetime(2026, 11, 22, 9, 0, tzinfo=UTC).timestamp())
TODAY = "2026-11-22"
PARENTS = {"XA": None, "XA1": "XA", "XA2": "XA", "XA11": "XA1", "XA12": "XA1", "XB": None, "XB1": "XB"}
ZONES = ("Asia/Beirut", "Asia/Amman", "Africa/Nairobi", "America/El_Salvador")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOMENTS = [
    *(datetime(2026, 3, 28, 21, 0, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(12)),  # Beirut: to summer
    *(datetime(2026, 10, 24, 20, 0, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(12)),  # and back
    *(datetime(2027, 2, 11, 0, 0, tzinfo=UTC) + timedelta(hours=5 * n) for n in range(20)),  # Ramadan
    *(datetime(2026, 12, 3, 18, 0, tzinfo=UTC) + timedelta(hours=2 * n) for n in range(24)),  # the first Friday
]
POINTS = [(0.0, 0.0), (0.0, 30.0), (0.3, 30.2), (-16.5, 179.9), (-16.5, -179.9), (10.0, 180.0), (10.0, -180.0)]
POINTS += [(90.0, 0.0), (89.9, 120.0), (-90.0, 55.0), (32.55, 35.85), (32.1, 36.0)]
AGES = (None, 0, 0.5, 5, 6, 12, 13, 14, 14.5, 17, 17.99, 18, 59)
SEXES, SITUATIONS = ("female", "male", "other"), ("unaccompanied", "separated", "in_family", "adult", "household")
NATIONS, STATUSES = ("SY", "JO", "ER", "SO"), ("refugee", "returnee", "undocumented")
PAPERS, HURTS = ("birth_certificate", "passport"), ("uasc", "disability", "trafficked", "hiv")


def path(code):
    found = [code]
    while PARENTS[found[0]]:
        found.insert(0, PARENTS[found[0]])
    return found


# Made-up records


def some(chance, values, least=1):
    return chance.sample(values, chance.randint(least, len(values)))


def maybe(chance, value, odds=0.7):
    return value if chance.random() < odds else None


def drop(document):
    return {name: value for name, value in document.items() if value is not None}


def a_band(chance):
    first, last = chance.choice(AGES), chance.choice(AGES)
    if first is not None and last is not None and first > last:
        first, last = last, first
    wanted = {"sexes": SEXES, "situations": SITUATIONS}
    lists = {name: chance.choice([None, "any", some(chance, codes)]) for name, codes in wanted.items()}
    return drop({"age_from": first, "age_to": last, **lists})


def an_exclusion(chance):
    attribute, values = chance.choice(
        [("nationality", NATIONS), ("status", STATUSES), ("documents", PAPERS), ("hiv", ["hiv"]), ("religion", ["x"])]
    )
    reviewed = {"legal_reason": "SYN law", "review_by": chance.choice(["2026-11-21", TODAY, "2027-01-01"])}
    return {
        "attribute": attribute,
        "values": some(chance, list(values), 0),
        **(reviewed if chance.random() < 0.6 else {}),
    }


def some_hours(chance):
    def clock():
        return f"{chance.randint(0, 23):02}:{chance.choice(['00', '30'])}"

    def week():
        rows = []
        for _ in range(chance.randint(1, 3)):
            opens, closes = clock(), chance.choice([clock(), "24:00"])
            nth = chance.choice([None, [1], [-1], [2, 4]]) if closes > opens else None
            rows.append(drop({"days": some(chance, DAYS), "opens": opens, "closes": closes, "nth": nth}))
        return [row for row in rows if row["opens"] != row["closes"]]

    hours = {"zone": chance.choice(ZONES), "week": week()}
    if chance.random() < 0.2:
        hours["always"] = True
    if chance.random() < 0.5:
        short = {"closed": True} if chance.random() < 0.5 else {"week": week()}
        hours["exceptions"] = [{"from": "2027-02-08", "to": "2027-03-09", **short}]
    return hours


def a_site(chance, number):
    lat, lon = chance.choice(POINTS) if chance.random() < 0.8 else (None, None)
    return drop(
        {
            "id": f"site-{number}",
            "name": "SYN",
            "location_type": "physical",
            "area": chance.choice([*PARENTS, None]),
            "latitude": lat,
            "longitude": lon,
            "precision": chance.choice(["exact", "exact", "approximate"]),
        }
    )


def a_service(chance, number, sites):
    offer = (date(2026, 11, 22) - timedelta(days=chance.choice([0, 89, 90, 179, 180, 400]))).isoformat()
    fit = (date(2026, 11, 22) - timedelta(days=chance.choice([10, 359, 360]))).isoformat()
    eligibility = {
        "bands": maybe(chance, [a_band(chance) for _ in range(chance.randint(1, 3))], 0.85),
        "nationalities": chance.choice([None, "any", some(chance, NATIONS)]),
        "statuses": chance.choice([None, "any", some(chance, STATUSES)]),
        "documents": chance.choice([None, "any", some(chance, PAPERS)]),
        "vulnerabilities": chance.choice([None, "any", "any", some(chance, HURTS)]),
        "residence": chance.choice([None, "any", "any", some(chance, list(PARENTS))]),
        "open_to": chance.choice([None, "all", "returnees"]),
        "exclusions": maybe(chance, [an_exclusion(chance) for _ in range(chance.randint(0, 2))], 0.5),
    }
    state = chance.choice(["capacity", "waitlist", "no_capacity", "assessment_required"])
    capacity = {"state": state, "available": maybe(chance, chance.randint(0, 3)), "as_of": "2026-11-20"}
    if chance.random() < 0.3:
        capacity["as_of"] = "2026-11-08"
    return drop(
        {
            "id": f"{number:03}",
            "organization_id": "p",
            "name": "SYN",
            "status": chance.choice(["active", "active", "active", "inactive", None]),
            "needs": ["health"],
            "role": chance.choice(["deliver", "support"]),
            "specialisms": maybe(chance, some(chance, HURTS)),
            "service_at_locations": [{"location_id": site["id"]} for site in sites],
            "coverage": {"areas": some(chance, list(PARENTS), 0)[:2]},
            "eligibility": drop(eligibility),
            "hours": maybe(chance, some_hours(chance), 0.8),
            "capacity": maybe(chance, drop(capacity), 0.8),
            "languages": maybe(chance, [{"id": "l", "name": "x", "code": code} for code in some(chance, ["ar", "so"])]),
            "ends": maybe(chance, chance.choice(["2026-11-21", TODAY, "2027-12-31"]), 0.3),
            "labour_from": maybe(chance, chance.choice([14, 15]), 0.2),
            "verified": {"offer": {"on": offer}, "eligibility": {"on": fit}, "capacity": {"on": TODAY}},
        }
    )


def a_person(chance):
    first = chance.choice([0, 6, 7, 71, 72, 156, 167, 168, 173, 174, 215, 216, 700, None])
    return {
        "months_from": first,
        "months_to": None if first is None else first + chance.choice([0, 0, 11, 23]),
        "sex": chance.choice([*SEXES, None]),
        "situation": chance.choice([*SITUATIONS, None]),
        "languages": maybe(chance, some(chance, ["ar", "fr"]), 0.5),
        "nationalities": maybe(chance, some(chance, NATIONS)),
        "statuses": maybe(chance, some(chance, STATUSES)),
        "documents": maybe(chance, some(chance, PAPERS, 0)),
        "vulnerabilities": maybe(chance, some(chance, HURTS, 0)),
        "residence": maybe(chance, path(chance.choice(list(PARENTS)))),
    }


# The oracle


def all_of(*said):
    return False if False in said else None if None in said else True


def any_of(*said):
    return True if True in said else None if None in said else False


def admits(band, month):
    first, last = band.get("age_from"), band.get("age_to")
    late = first is None or month / 12 >= first - 1e-9
    if last is None:
        return late
    return late and (month < 12 * (last + 1) if last == int(last) else month <= 12 * last + 1e-9)


def age_fits(band, person):
    if person["months_from"] is None:
        return True if not band.get("age_from") and band.get("age_to") is None else None
    said = {admits(band, month) for month in range(person["months_from"], person["months_to"] + 1)}
    return said.pop() if len(said) == 1 else None


def one_of(wanted, allowed):
    return True if allowed == "any" else None if wanted is None or allowed is None else wanted in allowed


def shared(wanted, allowed):
    return True if allowed == "any" else None if wanted is None or allowed is None else bool({*wanted} & {*allowed})


def group(service, person):
    """Say of age, sex and situation together whether some group takes the person."""
    bands = service["eligibility"].get("bands")
    if bands is None:
        return None, None
    ages = [age_fits(band, person) for band in bands]
    whole = [
        all_of(age, one_of(person["sex"], band.get("sexes")), one_of(person["situation"], band.get("situations")))
        for age, band in zip(ages, bands, strict=True)
    ]
    return any_of(*ages), any_of(*whole)


def reviewed(row):
    return bool(row.get("legal_reason")) and row.get("review_by", "") >= TODAY


def unless_reviewed(said, service, attribute):
    rows = [row for row in service["eligibility"].get("exclusions") or [] if row["attribute"] == attribute]
    return None if said is False and not any(map(reviewed, rows)) else said


def exclusion(service, person):
    hurts = person["vulnerabilities"]
    of = {
        "nationality": person["nationalities"],
        "status": person["statuses"],
        "hiv": None if hurts is None else [h for h in hurts if h == "hiv"],
    }
    said = []
    for row in service["eligibility"].get("exclusions") or []:
        if row["attribute"] == "documents":
            continue
        has = of.get(row["attribute"])
        hit = None if has is None else bool({*has} & {*row["values"]})
        said.append(True if hit is False else False if hit and reviewed(row) else None)
    return all_of(*said)


def is_open(hours, when):
    if hours is None:
        return None
    at = when.astimezone(ZoneInfo(hours["zone"]))
    minute, today = at.hour * 60 + at.minute, at.date()

    def rows(day):
        for rule in hours.get("exceptions", []):
            if rule["from"] <= day.isoformat() <= rule["to"]:
                return rule.get("week", [])
        return [{"days": DAYS, "opens": "00:00", "closes": "24:00"}] if hours.get("always") else hours["week"]

    for day, shift in ((today, 0), (today - timedelta(days=1), 1440)):
        for row in rows(day):
            start, end = (int(text[:2]) * 60 + int(text[3:]) for text in (row["opens"], row["closes"]))
            end += 1440 if end <= start else 0
            last = (day + timedelta(days=7)).month != day.month
            numbers = {(day.day + 6) // 7} | ({-1} if last else set())
            on = DAYS[day.weekday()] in row["days"] and (not row.get("nth") or numbers & {*row["nth"]})
            if on and start <= minute + shift < end:
                return True
    return False


def kilometres(one, other):
    def vector(point):
        lat, lon = map(math.radians, point)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    (a, b, c), (d, e, f) = vector(one), vector(other)
    cross = math.hypot(b * f - c * e, c * d - a * f, a * e - b * d)
    return 6371.0088 * math.atan2(cross, a * d + b * e + c * f)


def area(service, sites, where):
    places = [path(site["area"]) for site in sites if "area" in site]
    covers = service["coverage"]["areas"]
    if any(where in way for way in places):
        return True
    if any(code in path(where) for code in covers):
        return True
    if any(where in path(code) for code in covers) or any(way[-1] in path(where) for way in places):
        return None
    return None if len(places) < len(sites) or not (places or covers) else False


def verdicts(service, sites, person, where, when):
    told = service["eligibility"]
    decayed = service["verified"]["eligibility"]["on"] <= "2025-11-27"
    capacity = service.get("capacity")
    full = None
    if capacity is not None and capacity["as_of"] > "2026-11-08":
        none_left = capacity["state"] == "no_capacity" or capacity.get("available") == 0
        full = {"capacity": False, "no_capacity": True}.get(capacity["state"])
        full = True if none_left and capacity["state"] in {"capacity", "no_capacity"} else full
    spoken = service.get("languages")
    labour = service.get("labour_from")
    months = (person["months_from"], person["months_to"])
    status = service.get("status")
    day = datetime.fromtimestamp(when or NOW, UTC).date().isoformat()
    eligible = {
        "residence": shared(person["residence"], told.get("residence")),
        "open_to": {None: None, "all": True}.get(
            told.get("open_to"), None if person["statuses"] is None else "returnee" in person["statuses"]
        ),
        "vulnerability": shared(person["vulnerabilities"], told.get("vulnerabilities")),
        "nationality": unless_reviewed(
            shared(person["nationalities"], told.get("nationalities")), service, "nationality"
        ),
        "status": unless_reviewed(shared(person["statuses"], told.get("statuses")), service, "status"),
        "documents": unless_reviewed(papers(person["documents"], told.get("documents")), service, "documents"),
        "exclusion": exclusion(service, person),
    }
    if labour is not None:
        oldest = None if months[0] is None else months[0] >= 12 * labour
        eligible["labour"] = None if oldest is False and months[1] >= 12 * labour else oldest
    found = {name: None if decayed else said for name, said in eligible.items()}
    found |= {
        "running": None if status is None else status == "active",
        "ends": service.get("ends", "9999") >= day,
        "area": area(service, sites, where),
        "capacity": None if full is None else not full,
    }
    if when is not None:
        found["open"] = is_open(service.get("hours"), datetime.fromtimestamp(when, UTC))
    if person["languages"] is not None:
        found["language"] = None if not spoken else bool({row["code"] for row in spoken} & {*person["languages"]})
    return found, (None, None) if decayed else group(service, person)


def papers(has, needed):
    return True if needed == "any" else None if has is None or needed is None else {*needed} <= {*has}


def nearest(sites, where, point):
    there = [site for site in sites if "latitude" in site]
    inside = [site for site in there if "area" in site and where in path(site["area"])]
    exact = [site for site in inside or there if site["precision"] == "exact"]
    return min((kilometres(point, (site["latitude"], site["longitude"])) for site in exact), default=None)


# The tests


def a_question(chance):
    services = []
    for number in range(8):
        sites = [a_site(chance, f"{number}-{n}") for n in range(chance.randint(0, 2))]
        services.append((a_service(chance, number, sites), sites))
    when = chance.choice([None, int(chance.choice(MOMENTS).timestamp())])
    return services, a_person(chance), chance.choice(list(PARENTS)), chance.choice(POINTS), when


def asked_of(services, person, where, point, when):
    by = {"id": "p", "name": "SYN", "kind": "ngo", "formal": True}
    paths = {code: path(code) for code in PARENTS}
    listings = [listing(service, by, sites, paths, 3) for service, sites in services]
    micro = tuple(round(degrees * 1_000_000) for degrees in point)
    question = {"area": where, "path": path(where), "point": list(micro), "km": None}
    areas = {code: {"path": path(code)} for code in PARENTS}
    return {
        "candidates": listings,
        "asked": {"need": "health", "person": person, "where": question, "when": when},
        "areas": areas,
        "now": NOW,
    }


def answer(question):
    asked = question["asked"]
    said = {name: tuple(value) if isinstance(value, list) else value for name, value in asked["person"].items()}
    where = Where(asked["where"]["area"], tuple(asked["where"]["path"]), tuple(asked["where"]["point"]))
    found = Question("health", Person(**said), where, asked["when"])
    return match(question["candidates"], found, question["areas"], NOW)


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_matches_are_those_of_the_oracle(seed):
    chance = random.Random(seed)
    for _ in range(100):
        services, person, where, point, when = a_question(chance)
        ranked = answer(asked_of(services, person, where, point, when))
        assert sorted(row.listing["id"] for row in ranked) == [service["id"] for service, _ in services]
        expected = []
        for service, sites in services:
            row = next(row for row in ranked if row.listing["id"] == service["id"])
            said, (age, whole) = verdicts(service, sites, person, where, when)
            assert {name: row.answers[name] for name in said} == said, (service, person, where, when)
            assert row.answers["age"] is age
            assert all_of(*(row.answers[name] for name in ("age", "sex", "situation"))) is whole
            _explained(row)
            expected.append((_key(service, sites, row, (person, where, point)), service["id"]))
        by_id = {row.listing["id"]: row.rank for row in ranked}
        assert {name: key for key, name in expected} == by_id
        assert [row.listing["id"] for row in ranked] == [name for _, name in sorted(expected)]


def _explained(row):
    against = {said.id for said in row.criteria if said.said == "does_not"}
    assert against == {name for name, answer in row.answers.items() if answer is False}
    assert row.fits == (not against - {"capacity", "language", "focal_point"})
    assert not (row.sure and None in {a for n, a in row.answers.items() if n not in {"capacity", "language"}})


def _key(service, sites, row, asked):
    person, where, point = asked
    wishes = {"capacity", "language", "focal_point"}
    musts = [answer for name, answer in row.answers.items() if name not in wishes]
    lacks = sum(answer is not True for name, answer in row.answers.items() if name in wishes)
    on, ends = service["verified"]["offer"]["on"], service.get("ends", "9999")
    past = on <= "2026-05-26" or ends < TODAY or service.get("status") != "active"
    near = any("area" in site and where in path(site["area"]) for site in sites)
    covers = any(code in path(where) for code in service["coverage"]["areas"])
    km = nearest(sites, where, point)
    wanted = person["vulnerabilities"] or []
    return (
        musts.count(False),
        musts.count(None),
        0 if near else 1 if covers else 2,
        lacks,
        2 if past else 1 if on <= "2026-08-24" else 0,
        0 if not wanted or {*wanted} & {*service.get("specialisms", [])} else 1,
        0 if service["role"] == "deliver" else 1,
        10**9 if km is None else math.floor(km * 10 + 0.5) * 100,
    )


def test_javascript_matches_at_random_as_python_does():
    chance = random.Random(11)
    questions = [asked_of(*a_question(chance)) for _ in range(150)]
    with Twin() as twin:
        for start in range(0, len(questions), 25):
            some_of = questions[start : start + 25]
            assert twin.ask([for_javascript(one) for one in some_of]) == [matched(one) for one in some_of]
