"""The service map over HTTP: what a question may hold, who may keep a record, and what no log keeps."""

from __future__ import annotations

import json
import logging

import pytest

from hub.clock import SetClock
from hub.directory.records.slices import read_slice
from hub.errors import Conflict, Forbidden, InvalidRequest, NotFound
from tests.conftest import NOW
from tests.support import maps
from tests.support.world import populated, today, world

HOST = "hub.example"
SLICE, RECORDS = "/api/v1/directory/slice", "/api/v1/directory/records"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        made.join(made.members["amina"], "omar", {"caseworker"})
        with made.hubs[HOST].hub.database.write() as connection:
            maps.populated(connection)
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def daher(place):
    return place.members["daher"]


def clinic(amina, name, **members):
    """A provider and a service that amina's agency keeps; return the ids."""
    by = amina.hub.post(RECORDS, {"kind": "provider", "document": {"name": name, "kind": "ngo", "country": "XA"}})["id"]
    document = {"name": f"Help of {name}", "status": "active", "organization_id": by, "needs": ["cash"], **members}
    return by, amina.hub.post(RECORDS, {"kind": "service", "document": document})["id"]


def seen(member, record):
    return member.hub.get(f"{RECORDS}/{record}")


def test_a_slice_is_signed_by_the_hub_and_repeats_the_question(place, amina):
    hub = place.hubs[HOST].hub
    said = amina.hub.post(SLICE, {"need": "health", "area": "XA11", "stale": True})["slice"]
    value = read_slice(json.dumps(said).encode(), HOST, hub.signer.public_key)
    assert value["asked"] == {"need": "health", "area": "XA11", "stale": True, "date": today(place.clock).isoformat()}
    assert [row["name"] for row in value["candidates"]] == ["Child health"]


@pytest.mark.parametrize(
    "more",
    [
        *(
            {name: "x"}
            for name in ("name", "child", "born", "status", "nationality", "situation", "documents", "about")
        ),
        *({name: 14} for name in ("age", "years", "months", "person")),
        *({name: "female"} for name in ("sex", "gender")),
        {"point": {"lat": 0, "lon": 0, "name": "x"}},
        {"language": "ar; child of 14"},
        {"need": "health for a girl of 14"},
    ],
)
def test_a_question_that_says_something_of_a_person_is_refused_and_not_repeated(amina, more):
    with pytest.raises(InvalidRequest) as raised:
        amina.hub.post(SLICE, {"need": "health", "area": "XA11", **more})
    assert "14" not in raised.value.detail
    assert "female" not in raised.value.detail


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"need": "health"},
        {"need": "health", "area": "X'; drop table map_records"},
        {"need": "health", "point": {"lat": 91, "lon": 0}},
        {"need": "health", "point": {"lat": 0, "lon": 181}},
        {"need": "health", "area": "XA", "date": "soon"},
        {"need": "health", "area": "XA", "after": "e30"},
        {"need": "health", "area": "XA", "stale": "yes"},
    ],
)
def test_a_question_that_is_none_is_refused(amina, question):
    with pytest.raises(InvalidRequest):
        amina.hub.post(SLICE, question)


def test_no_log_holds_what_was_asked(amina, caplog):
    with caplog.at_level(logging.DEBUG):
        amina.hub.post(SLICE, {"need": "gbv_trafficking", "area": "XA12"})
        amina.hub.post("/api/v1/directory/search", {"text": "syn-zebra"})
    ours = [record for record in caplog.records if not record.name.startswith(("urllib3", "requests"))]
    text = " ".join(record.getMessage() for record in ours)
    assert "gbv_trafficking" not in text
    assert "XA12" not in text
    assert "zebra" not in text


def test_who_makes_a_record_keeps_it(amina, daher):
    _by, service = clinic(amina, "First Aid")
    mine, theirs = seen(amina, service), seen(daher, service)
    assert (mine["steward"], mine["level"], mine["may"]) == (amina.agency, "focal", ["edit", "propose"])
    assert (theirs["level"], theirs["may"]) == ("partners", ["propose"])
    assert (mine["still_right"], theirs["still_right"]) == (["call", "visit", "coordinator"], [])


def test_only_who_keeps_a_record_changes_it(place, amina, daher):
    _by, service = clinic(amina, "Second Aid")
    with pytest.raises(Forbidden):
        daher.hub.patch(f"{RECORDS}/{service}", {"base_version": 1, "changes": {"name": "Mine now"}})
    with pytest.raises(Forbidden):
        place.members["omar"].hub.patch(f"{RECORDS}/{service}", {"base_version": 1, "changes": {"name": "Mine now"}})
    done = amina.hub.patch(f"{RECORDS}/{service}", {"base_version": 1, "changes": {"name": "Better Aid"}})
    assert (done["what"], done["version"], done["fields"]) == ("changed", 2, ["name"])


def test_an_edit_on_what_was_read_before_somebody_elses_is_a_conflict(amina):
    _by, service = clinic(amina, "Third Aid")
    amina.hub.patch(f"{RECORDS}/{service}", {"base_version": 1, "changes": {"description": "a"}})
    with pytest.raises(Conflict):
        amina.hub.patch(f"{RECORDS}/{service}", {"base_version": 1, "changes": {"description": "b"}})


def test_an_edit_cannot_say_when_it_was_checked_or_where_it_came_from(amina):
    _by, service = clinic(
        amina, "Fourth Aid", verified={"offer": {"on": "2099-01-01", "how": "visit"}}, source={"name": "me"}
    )
    assert not {"verified", "source"} & seen(amina, service)["document"].keys()
    amina.hub.patch(
        f"{RECORDS}/{service}", {"base_version": 1, "changes": {"verified": {}, "id": maps.some_id("x"), "free": True}}
    )
    assert seen(amina, service)["document"]["id"] == service


def test_what_is_said_with_how_it_is_known_counts_as_checked_today_and_nothing_else_does(place, amina):
    _by, service = clinic(amina, "Known Aid")
    day = today(place.clock).isoformat()
    amina.hub.patch(
        f"{RECORDS}/{service}", {"base_version": 1, "changes": {"free": True, "needs": ["food"]}, "how": "call"}
    )
    document = seen(amina, service)["document"]
    assert document["verified"] == {"offer": {"on": day, "how": "call", "by": amina.agency}}


def test_nobody_speaks_for_another_agency(amina, daher):
    with pytest.raises(InvalidRequest):
        amina.hub.post(
            RECORDS, {"kind": "provider", "document": {"name": "False", "kind": "ngo", "agency": daher.agency}}
        )
    by, _service = clinic(amina, "Fifth Aid")
    with pytest.raises(InvalidRequest):
        amina.hub.patch(f"{RECORDS}/{by}", {"base_version": 1, "changes": {"agency": daher.agency}})


def test_a_record_cannot_be_made_over_another(amina, daher):
    _by, service = clinic(amina, "Sixth Aid")
    document = {"id": service, "name": "Taken", "status": "active", "organization_id": maps.some_id("p")}
    with pytest.raises(Conflict):
        daher.hub.post(RECORDS, {"kind": "service", "document": document})


def test_a_service_hangs_on_a_provider_that_its_keeper_keeps(amina, daher):
    """Else an agency could put a service of its own, with its own telephone, under another's good name."""
    by, _service = clinic(amina, "Seventh Aid")
    document = {"name": "Trap", "status": "active", "organization_id": by, "needs": ["housing"]}
    with pytest.raises(Forbidden):
        daher.hub.post(RECORDS, {"kind": "service", "document": document})


def test_what_is_hidden_from_somebody_does_not_exist_for_them(amina, daher):
    _by, service = clinic(amina, "Hidden Aid", visibility={"*": "focal"})
    for path in (f"{RECORDS}/{service}", f"{RECORDS}/{service}/history", f"{RECORDS}/{maps.some_id('none')}"):
        with pytest.raises(NotFound) as raised:
            daher.hub.get(path)
        assert raised.value.detail == "There is no such record, or it is not for you to see."
    with pytest.raises(NotFound):
        daher.hub.patch(f"{RECORDS}/{service}", {"base_version": 1, "changes": {"name": "x"}})
    listed = daher.hub.post(f"{RECORDS}/list", {"limit": 500})["items"]
    assert service not in {row["id"] for row in listed}
    mine = amina.hub.post(f"{RECORDS}/list", {"limit": 500, "mine": True})["items"]
    assert service in {row["id"] for row in mine}


def test_a_service_of_a_hidden_provider_cannot_be_read_or_listed_either(amina, daher):
    by, service = clinic(amina, "Quiet Aid")
    amina.hub.patch(f"{RECORDS}/{by}", {"base_version": 1, "changes": {"visibility": {"*": "focal"}}})
    with pytest.raises(NotFound):
        daher.hub.get(f"{RECORDS}/{service}")
    listed = daher.hub.post(f"{RECORDS}/list", {"limit": 500})["items"]
    assert not {by, service} & {row["id"] for row in listed}
    assert seen(amina, service)["level"] == "focal"


def test_history_is_for_those_who_may_see_all_of_a_record(amina, daher):
    _by, service = clinic(amina, "Eighth Aid")
    amina.hub.patch(f"{RECORDS}/{service}", {"base_version": 1, "changes": {"description": "New."}})
    items = amina.hub.get(f"{RECORDS}/{service}/history")["items"]
    assert [row["fields"] for row in items] == [{"description": [None, "New."]}, {}]
    with pytest.raises(Forbidden):
        daher.hub.get(f"{RECORDS}/{service}/history")


def test_pages_of_records_hold_each_record_once_also_beside_hidden_ones(amina, daher):
    for number in range(6):
        clinic(amina, f"Paged {number}", visibility={"*": "focal"} if number % 2 else {})
    names, after = [], ""
    while after is not None:
        page = daher.hub.post(f"{RECORDS}/list", {"kind": "service", "limit": 2, "after": after})
        names += [row["id"] for row in page["items"]]
        assert page["after"] is None or page["after"] in names, "a cursor names no record that is hidden"
        after = page["after"]
    assert len(names) == len(set(names))
    whole = daher.hub.post(f"{RECORDS}/list", {"kind": "service", "limit": 500})["items"]
    assert names == [row["id"] for row in whole]
