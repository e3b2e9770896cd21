"""The rows of the service map: one path to change them, slices that find what is near, and nothing for others."""

from __future__ import annotations

import json
import random

import pytest

from hub.directory.areas.store import Areas
from hub.directory.records.globe import kilometres
from hub.directory.records.slices import read_slice
from hub.directory.records.visibility import visible
from hub.directory.servicemap import slices
from hub.directory.servicemap.slices import Point, Query
from hub.directory.servicemap.store import ServiceMap, map_points, map_postings, map_views, map_words
from hub.directory.servicemap.viewer import EVERYBODY, Viewer
from hub.directory.servicemap.write import CHANGED, NEW, UNCHANGED, Draft, apply, edited, plan
from hub.errors import Conflict, InvalidRequest, Malformed, PeerMisbehaved
from hub.packets.dsse import Signer
from tests.support import maps

WORKER = Viewer("urn:rcp:agency:other@hub.example", frozenset({"caseworker"}))
LOCAL = Viewer("urn:rcp:agency:local@hub.example", frozenset({"caseworker"}), frozenset({"XA/XA1"}))
OWN = Viewer(maps.KEEPER, frozenset({"coordinator"}))
SECRET = "SYN Street of the Seven Wells"


@pytest.fixture
def connection(database):
    with database.write() as found:
        maps.populated(found)
        yield found


def found(connection, viewer=WORKER, **question):
    asked = Query(**{"need": "health", "day": maps.TODAY, **question})
    names, after = [], None
    while True:
        page = slices.candidates(connection, Query(**{**vars_of(asked), "after": after}), viewer)
        names += [json.loads(data)["name"] for data in page.listings]
        after = page.after
        if after is None:
            return names


def vars_of(query):
    return {name: getattr(query, name) for name in Query.__slots__}


def test_what_comes_twice_changes_nothing_the_second_time(connection):
    (outcome,) = maps.put(connection, maps.service())
    assert outcome.what == UNCHANGED
    assert outcome.version == 1


def test_a_change_keeps_the_old_value_and_who_made_it(connection):
    (outcome,) = maps.put(connection, maps.service(description="For children."))
    assert (outcome.what, outcome.version, outcome.fields) == (CHANGED, 2, ("description",))
    newest, first = ServiceMap(connection).history(outcome.id)
    assert newest.fields == {"description": [None, "For children."]}
    assert (newest.agency, newest.how, first.version) == (maps.KEEPER, "coordinator", 1)


def test_a_change_of_what_somebody_else_changed_since_is_a_conflict(connection):
    maps.put(connection, maps.service(description="For children."))
    with pytest.raises(Conflict):
        apply(connection, [Draft("service", maps.service(), base_version=1)], maps.BY, host=maps.HOST, now=maps.NOW)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"needs": ["telepathy"]}, "needs.0"),
        ({"eligibility": {"bands": [{"age_from": 9, "age_to": 3}]}}, "eligibility.bands.0.age_to"),
        ({"hours": {"zone": "Mars/Olympus", "week": []}}, "hours.zone"),
        ({"status": "open"}, "status"),
        ({"visibility": {"phones": "secret"}}, "visibility.phones"),
        ({"inbox": "../../x"}, "inbox"),
        ({"minimum_age": 9, "maximum_age": 3}, "maximum_age"),
    ],
)
def test_what_is_no_record_is_refused_by_field_and_changes_nothing(connection, members, field):
    with pytest.raises(InvalidRequest) as raised:
        maps.put(connection, maps.service("New"), maps.service(**members))
    assert [problem["field"] for problem in raised.value.facts["problems"]] == [field]
    assert raised.value.facts["problems"][0]["at"] == 1
    assert ServiceMap(connection).get(maps.some_id("service New")) is None


def test_a_plan_says_what_would_become_and_writes_nothing(connection):
    drafts = [Draft("service", maps.service("New")), Draft("service", maps.service(name="Child health"))]
    assert [outcome.what for outcome in plan(connection, drafts)] == [NEW, UNCHANGED]
    assert ServiceMap(connection).get(maps.some_id("service New")) is None


def test_an_edit_never_sets_who_a_record_is_or_when_it_was_checked():
    assert edited({"id": "a", "name": "x"}, {"id": "b", "verified": {}, "source": {}, "name": None}) == {"id": "a"}


def test_a_translation_is_outdated_once_its_original_changed(connection):
    said = {"fr": {"description": {"text": "Pour enfants.", "state": "human"}}}
    maps.put(connection, maps.service(description="For children.", translations=said))
    maps.put(connection, maps.service(description="For children below 12.", translations=said))
    row = ServiceMap(connection).get(maps.service()["id"])
    assert row.document["translations"]["fr"]["description"]["state"] == "outdated"
    anew = {"fr": {"description": {"text": "Pour enfants de moins de 12 ans.", "state": "human"}}}
    maps.put(connection, maps.service(description="For children below 12.", translations=anew))
    row = ServiceMap(connection).get(maps.service()["id"])
    assert row.document["translations"]["fr"]["description"]["state"] == "human"


# Slices


def test_a_service_is_found_in_its_area_and_in_those_around_it(connection):
    assert (
        found(connection, area="XA11")
        == found(connection, area="XA1")
        == found(connection, area="XA")
        == ["Child health"]
    )
    assert found(connection, area="XA12") == []


def test_a_service_that_covers_a_region_is_found_in_all_of_it_and_nowhere_else(connection):
    assert found(connection, need="education", area="XA11") == ["Lessons"]
    assert found(connection, need="education", area="XA2") == []


def test_what_is_in_the_area_comes_before_what_covers_the_region_and_once(connection):
    wide = maps.service("Everywhere", at=(), coverage={"areas": ["XA"]})
    both = maps.service("Both", coverage={"areas": ["XA", "XA1"]})
    maps.put(connection, wide, both)
    assert found(connection, area="XA11") == ["Child health", "Both", "Everywhere"] or found(
        connection, area="XA11"
    ) == [
        "Both",
        "Child health",
        "Everywhere",
    ]


def test_what_was_not_checked_for_long_is_hidden_and_not_lost(connection):
    maps.put(connection, maps.service("Old", verified=maps.checked(on="2025-03-02")))
    maps.put(connection, maps.service("Over", ends="2026-03-01"))
    assert found(connection, area="XA11") == ["Child health"]
    assert set(found(connection, area="XA11", stale=True)) == {"Child health", "Old", "Over"}


def test_a_language_finds_who_speaks_it_and_who_does_not_say(connection):
    maps.put(
        connection,
        maps.service("Arabic", languages=[{"code": "ar"}]),
        maps.service("Dari", languages=[{"code": "prs"}]),
    )
    assert set(found(connection, area="XA11", language="ar")) == {"Child health", "Arabic"}


def test_every_service_is_on_exactly_one_page(connection):
    maps.put(connection, *(maps.service(f"S{number}") for number in range(250)))
    maps.put(connection, *(maps.service(f"W{number}", at=(), coverage={"areas": ["XA"]}) for number in range(60)))
    names = found(connection, area="XA11")
    assert len(names) == len(set(names)) == 311
    first = slices.candidates(connection, Query("health", maps.TODAY, "XA11"), WORKER)
    assert first.total is None
    assert slices.candidates(connection, Query("education", maps.TODAY, "XA11"), WORKER).total == 1
    near = found(connection, point=Point(1.2, 30.0, 10), area="XA11")
    assert len(near) == len(set(near)) == 311


@pytest.mark.parametrize("text", ["abc", "e30", "eyJkIjotMX0", "x" * 500])
def test_a_cursor_of_something_else_is_refused(connection, text):
    with pytest.raises((InvalidRequest, Malformed)):
        slices.candidates(connection, Query("health", maps.TODAY, "XA", after=text), WORKER)


@pytest.mark.parametrize(
    ("lat", "lon", "at", "km", "inside"),
    [
        (0.0, 30.0, (0.0, 30.4), 49.9, True),
        (0.0, 30.0, (0.0, 30.5), 49.9, False),
        (0.0, 0.0, (0.0, 0.0), 0, True),
        (0.0, 179.9, (0.0, -179.9), 23, True),
        (0.0, -179.9, (0.0, 179.9), 23, True),
        (-17.0, 180.0, (-17.0, -180.0), 1, True),
        (89.95, 0.0, (89.95, 180.0), 12, True),
        (-89.99, 10.0, (-89.99, -170.0), 5, True),
        (50.0, 8.0, (50.0, 8.69), 50.1, True),
        (50.0, 8.0, (50.0, 8.71), 50.1, False),
    ],
)
def test_a_circle_holds_what_is_inside_also_at_zero_at_180_degrees_and_at_the_poles(
    connection, lat, lon, at, km, inside
):
    place = maps.site("Far House", "XA2", *at)
    maps.put(connection, place, maps.service("Far", at=(place,), needs=["food"]))
    assert found(connection, need="food", point=Point(lat, lon, km)) == (["Far"] if inside else [])


def test_the_distance_of_a_point_to_itself_is_exactly_zero():
    assert kilometres(1.2, 30.0, 1.2, 30.0) == 0.0


def test_slices_equal_a_brute_force_search(database):
    dice = random.Random(4)
    with database.write() as connection:
        Areas(connection).put(maps.AREAS)
        codes = [area.code for area in maps.AREAS]
        sites = [
            maps.site(
                f"H{n}",
                dice.choice(codes),
                dice.uniform(-1, 1),
                dice.choice([30, 179.9, -179.9, 0]) + dice.random() / 10,
            )
            for n in range(30)
        ]
        services = [
            maps.service(
                f"S{n}",
                at=tuple(dice.sample(sites, dice.randint(0, 3))),
                needs=dice.sample(["health", "food", "education"], dice.randint(1, 2)),
                coverage={"areas": dice.sample(codes, dice.randint(0, 2))},
                languages=[{"code": code} for code in dice.sample(["ar", "fr", "en"], dice.randint(0, 2))],
                verified=maps.checked(on=dice.choice([maps.TODAY, "2025-01-01"])),
                visibility=dice.choice([{}, {"*": "area"}, {"*": "focal"}, {"coverage": "partners"}]),
            )
            for n in range(150)
        ]
        maps.put(connection, maps.provider(), *sites, *services)
        for _ in range(150):
            viewer = dice.choice([EVERYBODY, WORKER, LOCAL, OWN])
            question = {
                "need": dice.choice(["health", "food"]),
                "language": dice.choice([None, "ar"]),
                "stale": dice.random() < 0.3,
            }
            if dice.random() < 0.5:
                question["area"] = dice.choice(codes)
            else:
                question["point"] = Point(
                    dice.uniform(-1, 1), dice.choice([30, 179.95, -179.95, 0]), dice.uniform(1, 300)
                )
            expected = {one["name"] for one in services if _fits(one, sites, viewer, **question)}
            around = _country_of(connection, question)
            if around is not None:
                expected |= {
                    one["name"]
                    for one in services
                    if _fits(one, sites, viewer, **{**question, "area": around, "point": None})
                }
            assert set(found(connection, viewer, **question)) == expected


def _country_of(connection, question):
    point = question.get("point")
    return None if point is None else Areas(connection).at(point.lat, point.lon)


def _fits(service, sites, viewer, *, need, language, stale, area=None, point=None):
    paths = {one.code: one.path.split("/") for one in maps.AREAS}
    at = [one for one in sites if one["id"] in {row["location_id"] for row in service["service_at_locations"]}]
    home = [paths[one["area"]] for one in at] + [paths[code] for code in service["coverage"]["areas"]]
    shared = []
    for codes in zip(*home, strict=False):
        if len(set(codes)) > 1:
            break
        shared.append(codes[0])
    seen = visible("service", service, viewer.level(maps.KEEPER, "", "/".join(shared)))
    if seen is None or need not in seen["needs"]:
        return False
    spoken = [row["code"] for row in service["languages"]]
    if language and spoken and language not in spoken:
        return False
    if not stale and service["verified"]["offer"]["on"] != maps.TODAY:
        return False
    if point is not None:
        return any(kilometres(point.lat, point.lon, one["latitude"], one["longitude"]) <= point.km for one in at)
    covers = seen.get("coverage", {}).get("areas", [])
    return (
        any(area in paths[one["area"]] for one in at)
        or any(area in paths[code] for code in covers)
        or any(code in paths[area] for code in covers)
    )


def test_a_slice_is_signed_and_repeats_what_was_asked(connection):
    signer = Signer(bytes(32))
    query = Query("health", maps.TODAY, point=Point(1.2, 30.0, 5), language="ar")
    page = slices.candidates(connection, query, WORKER)
    areas = slices.areas_named(connection, page, query)
    data = slices.sign_slice(page, slices.said(query), areas, maps.HOST, signer, maps.NOW)
    value = read_slice(data, maps.HOST, signer.public_key)
    assert value["asked"]["point"] == {"lat": 1_200_000, "lon": 30_000_000, "m": 5000}
    assert value["candidates"][0]["name"] == "Child health"
    assert value["areas"]["XA11"]["path"] == ["XA", "XA1", "XA11"]
    with pytest.raises(PeerMisbehaved):
        read_slice(data, "other.example", signer.public_key)


def test_words_of_a_record_that_look_like_the_frame_do_not_break_it(connection):
    maps.put(connection, maps.service("Odd", description='"candidates":[] and "area":"XX"'))
    query = Query("health", maps.TODAY, "XA11")
    page = slices.candidates(connection, query, WORKER)
    data = slices.sign_slice(
        page, slices.said(query), slices.areas_named(connection, page, query), maps.HOST, Signer(bytes(32)), 1
    )
    value = read_slice(data, maps.HOST, Signer(bytes(32)).public_key)
    assert len(value["candidates"]) == 2
    assert set(value["areas"]) == {"XA11"}


# Sensitive places


def shelter():
    return maps.site(
        "Shelter",
        "XA11",
        1.23456,
        30.6543,
        addresses=[{"id": maps.some_id("a"), "address_1": SECRET}],
        transportation=f"Behind {SECRET}",
        metadata=[{"field_name": "address", "previous_value": SECRET}],
        attributes=[{"value": SECRET}],
        unknown_member=SECRET,
        visibility={"addresses": "focal", "latitude": "focal"},
        access_point={"description": "Ask at the town hall.", "latitude": 1.0, "longitude": 30.0, "area": "XA1"},
    )


def derived(connection, level):
    """All text that is stored for those below a level."""
    views = connection.execute(map_views.select()).mappings().all()
    names = ("public", "partners", "area", "focal")[:level]
    held = [bytes(row[name] or b"").decode() for row in views for name in names]
    rows = [
        connection.execute(table.select().where(table.c.level < level)).all()
        for table in (map_postings, map_points, map_words)
    ]
    return json.dumps(held, ensure_ascii=False) + repr(rows)


def test_a_hidden_place_is_in_nothing_that_others_read(connection):
    maps.put(connection, shelter(), maps.service("Safe house", at=(shelter(),), needs=["housing"]))
    below = derived(connection, 3)
    for trace in (SECRET, "1.23456", "1234560", "30654300", "30.6543", "seven", "wells"):
        assert trace not in below
    assert "Ask at the town hall." in below
    assert SECRET in derived(connection, 4)


def test_the_access_point_stands_in_for_the_shelter_and_its_own_agency_sees_the_shelter(connection):
    maps.put(connection, shelter(), maps.service("Safe house", at=(shelter(),), needs=["housing"]))
    question = {"need": "housing", "point": Point(1.23456, 30.6543, 1)}
    assert found(connection, WORKER, **question) == []
    assert found(connection, LOCAL, **question) == []
    assert found(connection, OWN, **question) == ["Safe house"]
    assert found(connection, WORKER, need="housing", point=Point(1.0, 30.0, 1)) == ["Safe house"]
    assert found(connection, OWN, need="housing", point=Point(1.0, 30.0, 1)) == ["Safe house"]


@pytest.mark.parametrize(
    ("level", "sees"),
    [
        ("public", {EVERYBODY, WORKER, LOCAL, OWN}),
        ("partners", {WORKER, LOCAL, OWN}),
        ("area", {LOCAL, OWN}),
        ("focal", {OWN}),
    ],
)
def test_a_hidden_service_is_found_by_those_of_its_level_alone(connection, level, sees):
    maps.put(connection, maps.service("Hidden", needs=["housing"], visibility={"*": level}))
    for viewer in (EVERYBODY, WORKER, LOCAL, OWN):
        expected = ["Hidden"] if viewer in sees else []
        assert found(connection, viewer, need="housing", area="XA11") == expected
        assert found(connection, viewer, need="housing", point=Point(1.2, 30.0, 5)) == expected


def test_a_service_of_a_hidden_provider_is_hidden_too(connection):
    maps.put(connection, maps.provider("Quiet", visibility={"*": "focal"}))
    maps.put(connection, maps.service("Of the quiet", maps.provider("Quiet"), needs=["housing"]))
    assert found(connection, WORKER, need="housing", area="XA11") == []
    assert found(connection, OWN, need="housing", area="XA11") == ["Of the quiet"]


def test_who_works_in_the_area_but_not_with_cases_is_a_partner(connection):
    maps.put(connection, maps.service("Hidden", needs=["housing"], visibility={"*": "area"}))
    auditor = Viewer(LOCAL.agency, frozenset({"auditor"}), LOCAL.areas)
    assert found(connection, auditor, need="housing", area="XA11") == []


def test_hiding_a_provider_or_a_site_later_hides_it_everywhere_at_once(connection):
    assert "Hill House" in derived(connection, 3)
    maps.put(connection, maps.site(visibility={"*": "focal"}), maps.provider(visibility={"*": "focal"}))
    assert "Hill House" not in derived(connection, 3)
    assert found(connection, WORKER, area="XA11") == []
