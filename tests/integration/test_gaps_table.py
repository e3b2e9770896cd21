"""The gap table over its summary: what raises which layer, what is hidden, what time takes away, real Jordan."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from hub.clock import SetClock
from hub.context import Hub
from hub.directory.areas.store import Areas
from hub.directory.gaps.counting import LAYERS
from hub.directory.gaps.store import GapStore, dirty
from hub.directory.gaps.summary import count_gaps, recompute
from hub.directory.gaps.table import table
from hub.directory.gaps.unmet import Unmet
from hub.directory.records.vocabulary import NEEDS
from hub.errors import NotFound
from hub.packets.dsse import Signer
from hub.settings import Settings
from tests.support import maps
from tests.support.shared import shared_data

DAY = 86_400
SECTORS = {"PROTECTION": "child_protection", "CASH": "cash", "NFI": "basic_needs", "WASH": "water", "HEALTH": "health"}
SECTORS |= {"EDUCATION": "education", "SHELTER": "housing", "FOOD": "food"}


@pytest.fixture
def hub(database, tmp_path):
    settings = Settings(data=tmp_path, url="https://hub.example")
    return Hub(settings, database, SetClock(maps.NOW), Signer(bytes([9]) * 32), maps.HOST)


@pytest.fixture
def land(hub):
    with hub.database.write() as connection:
        maps.populated(connection)
    count_gaps(hub)
    return hub


def put(hub, *documents):
    with hub.database.write() as connection:
        maps.put(connection, *documents, now=hub.clock.now())
    count_gaps(hub)


def cells(hub, need="health", *, layer=None, **asked):
    with hub.database.read() as connection:
        found = table(connection, "XA", needs=[need], **asked)
    rows = {row["code"]: row["cells"][need] for row in found["areas"]}
    return {code: [cell[name] for name in LAYERS] if layer is None else cell[layer] for code, cell in rows.items()}


def full(**members):
    capacity = {"state": "capacity", "available": 3, "as_of": maps.TODAY}
    return {"capacity": capacity, **members}


def test_a_site_is_here_and_stated_coverage_reaches_the_areas_below(land):
    assert cells(land) == {"XA1": [1, 0, 1, 0, 0], "XA2": [0, 0, 0, 0, 0]}
    assert cells(land, "education") == {"XA1": [1, 1, 1, 0, 0], "XA2": [0, 0, 0, 0, 0]}
    assert cells(land, "education", level=2) == {"XA11": [0, 1, 1, 0, 0], "XA12": [1, 1, 1, 0, 0]}


def test_countrywide_coverage_raises_only_covers(land):
    put(land, maps.service("Hotline", at=(), coverage={"areas": ["XA"], "extent": "country"}))
    assert cells(land, layer="here") == {"XA1": 1, "XA2": 0}
    assert cells(land, layer="covers") == {"XA1": 1, "XA2": 1}
    assert cells(land, layer="covers", level=2) == {"XA11": 1, "XA12": 1}


def test_known_places_make_a_service_usable_until_they_are_too_old(land):
    put(land, maps.service(**full()))
    assert cells(land, layer="usable")["XA1"] == 1
    land.clock.forward(13 * DAY)
    count_gaps(land)
    assert cells(land, layer="usable")["XA1"] == 1
    land.clock.forward(DAY)
    assert count_gaps(land) == 1
    assert cells(land)["XA1"] == [1, 0, 1, 0, 0]
    land.clock.forward(180 * DAY)
    count_gaps(land)
    assert cells(land)["XA1"] == [1, 0, 0, 0, 0]


def test_what_is_counted_is_not_counted_again(land):
    assert count_gaps(land) == 0


@pytest.mark.parametrize("state", ["no_capacity", "waitlist", "assessment_required"])
def test_a_service_that_has_no_place_is_open_and_not_usable(land, state):
    put(land, maps.service(capacity={"state": state, "as_of": maps.TODAY}))
    assert cells(land)["XA1"] == [1, 0, 1, 0, 0]


def test_a_service_that_ended_is_here_no_longer_usable_and_a_defunct_one_is_gone(land):
    put(land, maps.service(**full(ends="2026-03-01")))
    assert cells(land)["XA1"] == [1, 0, 0, 0, 0]
    put(land, maps.service(**full(status="defunct")))
    assert cells(land)["XA1"] == [0, 0, 0, 0, 0]


def test_a_claimed_presence_has_a_column_of_its_own(land):
    put(land, maps.service("Claimed", claimed=True, verified={}))
    assert cells(land)["XA1"] == [1, 0, 1, 0, 1]


@pytest.mark.parametrize("level", ["area", "focal"])
def test_a_hidden_shelter_is_counted_nowhere(land, level):
    before = cells(land), cells(land, level=2)
    put(land, maps.service("Refuge", **full(visibility={"*": level})))
    assert (cells(land), cells(land, level=2)) == before


def test_a_site_that_is_hidden_as_a_whole_is_no_presence(land):
    safe = maps.site("Safe house", "XA2", visibility={"*": "focal"})
    put(land, safe, maps.service("Refuge", at=(safe,)))
    assert cells(land, layer="here") == {"XA1": 1, "XA2": 0}


def test_places_that_only_a_focal_point_knows_do_not_make_a_service_usable(land):
    put(land, maps.service(**full(visibility={"capacity": "focal"})))
    assert cells(land, layer="usable")["XA1"] == 0
    put(land, maps.service(**full(visibility={"capacity": "partners"})))
    assert cells(land, layer="usable")["XA1"] == 1


def test_a_group_of_persons_counts_what_is_said_to_be_for_it(land):
    girls = {"bands": [{"age_from": 12, "age_to": 14, "sexes": ["female"]}]}
    put(land, maps.service(eligibility=girls))
    for group, here in (("all", 1), ("12-14", 1), ("15-17", 0), ("female", 1), ("male", 0)):
        assert cells(land, layer="here", group=group)["XA1"] == here


def test_the_grid_has_its_empty_cells(land):
    put(land, maps.service(dimensions=["social"], levels=["community"]))
    with land.database.read() as connection:
        grid = table(connection, "XA", needs=["health"])["areas"][0]["grid"]
    assert grid["social"]["community"] == 1
    assert {dimension: sum(row.values()) for dimension, row in grid.items()} == {
        "economic": 0,
        "social": 1,
        "psychosocial": 0,
    }


def test_services_for_returnees_alone_are_counted_beside(land):
    put(land, maps.service(eligibility={"open_to": "returnees"}))
    assert cells(land, layer="returnees_only") == {"XA1": 1, "XA2": 0}


def test_unmet_need_is_summed_beside_and_small_counts_stay_hidden(land):
    with land.database.write() as connection:
        store = GapStore(connection)
        store.put_unmet("a", "2026-02", [Unmet("XA11", "health", "all", 20), Unmet("XA2", "health", "all", 12)], 1)
        store.put_unmet("b", "2026-02", [Unmet("XA12", "health", "all", None)], 1)
        store.put_unmet("b", "2026-01", [Unmet("XA2", "health", "all", 99)], 1)
    assert cells(land, layer="unmet") == {"XA1": 20, "XA2": 12}
    assert cells(land, layer="hidden") == {"XA1": 1, "XA2": 0}
    assert cells(land, layer="unmet", month="2026-01") == {"XA1": None, "XA2": 99}
    with land.database.read() as connection:
        first = table(connection, "XA")["first"]
    assert [(row["area"], row["unmet"]) for row in first] == [("XA1", 20), ("XA2", 12)]
    put(land, maps.service(**full()))
    with land.database.read() as connection:
        assert [row["area"] for row in table(connection, "XA")["first"]] == ["XA2"]


def test_a_month_that_is_sent_again_replaces_itself(land):
    with land.database.write() as connection:
        store = GapStore(connection)
        for _ in range(2):
            store.put_unmet("a", "2026-02", [Unmet("XA11", "health", "all", 20)], 1)
    assert cells(land, layer="unmet")["XA1"] == 20
    with land.database.write() as connection:
        GapStore(connection).put_unmet("a", "2026-02", [], 1)
    assert cells(land, layer="unmet")["XA1"] is None


def test_a_country_without_areas_has_no_table(land):
    with land.database.read() as connection, pytest.raises(NotFound):
        table(connection, "JO")


def test_a_place_that_nobody_knows_is_counted_once_its_areas_are_there(land):
    far = maps.site("Far", "XA99", None)
    put(land, far, maps.service("Far help", at=(far,), needs=["food"]))
    assert set(cells(land, "food", layer="here").values()) == {0}


def test_the_gaps_of_jordan_are_those_of_its_own_directory(hub):
    """By where the points of 2015-03-22 lie: 8 of 12 without health, 7 without water, Amman among them."""
    features = json.loads(shared_data("directory/unhcr-jordan/services_2015-03-22_en.json").read_text(encoding="utf-8"))
    day = datetime(2015, 3, 22, tzinfo=UTC)
    with hub.database.write() as connection:
        tree, documents = Areas(connection), {}
        tree.ensure("JO")
        for number, feature in enumerate(features):
            said, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"][:2]
            by = maps.provider(said["partnerName"], country="JO")
            at = maps.site(f"{lat}, {lon}", tree.at(lat, lon), lat, lon)
            wide = (
                {"coverage": {"areas": ["JO"], "extent": "country"}}
                if "Countrywide" in said.get("5. Coverage", {})
                else {}
            )
            need = SECTORS[said["activityCategory"]]
            made = maps.service(f"{number}", by, (at,), needs=[need], ends=said["endDate"], **wide)
            documents |= {one["id"]: one for one in (by, at, made)}
        maps.put(connection, *documents.values(), now=int(day.timestamp()))
        recompute(connection, GapStore(connection).waiting("2015-03-22"), "2015-03-22")
        found = table(connection, "JO")
    empty = {
        need: {row["code"] for row in found["areas"] if not row["cells"][need]["here"]} for need in SECTORS.values()
    }
    assert len(found["areas"]) == 12
    assert (len(empty["health"]), len(empty["water"])) == (8, 7)
    assert "JO-AM" in empty["water"]
    assert not any({"JO-AZ", "JO-IR", "JO-MA"} & codes for codes in empty.values())
    covered = {row["cells"]["water"]["covers"] for row in found["areas"]}
    assert covered == {41}  # countrywide services reach every governorate and are a site in none


def test_two_workers_that_count_the_same_do_not_collide(land):
    with land.database.write() as connection:
        dirty(connection, [(need, "XA") for need in NEEDS])
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(count_gaps, land) for _ in range(3)]:
            done.result()
    assert cells(land)["XA1"] == [1, 0, 1, 0, 0]
    assert count_gaps(land) == 0
