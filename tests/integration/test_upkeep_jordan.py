"""A real directory, as of its day: 81 of 100 published services had ended. They are on the due list, not in results."""

from __future__ import annotations

import pytest

from hub.clock import SetClock
from hub.directory.servicemap.store import ServiceMap
from hub.directory.upkeep.checks import due_page
from tests.support import maps
from tests.support.imports import Desk
from tests.support.shared import shared_data

MARCH, JULY = "2015-03-22", "2015-07-06"


@pytest.fixture
def desk(database, tmp_path):
    return Desk.open(database, SetClock(maps.NOW), tmp_path)


def take(desk, day):
    data = shared_data(f"directory/unhcr-jordan/services_{day}_en.json").read_bytes()
    origin = {"source": "UNHCR Jordan", "licence": "MIT", "country": "JO", "zone": "Asia/Amman", "language": "en"}
    return desk.take(data, "services-advisor", day, **origin)


def due(desk, day, **filters):
    with desk.hub.database.read() as connection:
        return due_page(connection, maps.KEEPER, day, filters, after="", limit=500)


def test_the_due_list_of_jordan_holds_the_454_services_that_had_ended_and_no_other(desk):
    take(desk, MARCH)
    found = due(desk, MARCH, kinds=["service"])
    assert found["records"] == 454
    assert {row["group"] for row in found["items"]} == {"ends"}
    days = [row["due"] for row in found["items"]]
    assert days == sorted(days)
    take(desk, JULY)
    gone = due(desk, JULY, kinds=["service"], groups=["source"])
    assert gone["records"] == 17
    with desk.hub.database.read() as connection:
        rows = ServiceMap(connection).many(row["record"] for row in gone["items"])
    assert {row.document["source"]["vanished"] for row in rows.values()} == {JULY}
