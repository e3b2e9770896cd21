"""Attacks on what another agency keeps: by merging, asking, linking, importing and redrawing the land."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest
import requests

from hub.clock import SetClock
from hub.directory.imports.jobs import run_imports
from hub.directory.imports.store import Imports
from hub.directory.records.record import id_from
from hub.directory.upkeep.ladder import release
from hub.errors import Conflict, Forbidden, HubError, InvalidRequest, NotFound
from hub.ids import random_id
from hub.packets.multipart import Body
from tests.conftest import NOW
from tests.support import maps
from tests.support.world import populated, world

HOST = "hub.example"
API, RECORDS = "/api/v1/directory", "/api/v1/directory/records"
SAME = [{"number": "+251 911 111 111"}]
MINE = [{"number": "+251 666 666 666"}]
HIDDEN = {"*": "focal"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        made.join(made.members["daher"], "omar", {"coordinator"})
        made.join(made.members["daher"], "hodan", {"caseworker"})
        with made.hubs[HOST].hub.database.write() as connection:
            maps.populated(connection)
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def daher(place):
    """A coordinator of another agency, who attacks."""
    return place.members["daher"]


def make(member, kind, /, **document):
    return member.hub.post(RECORDS, {"kind": kind, "document": document, "how": "call"})["id"]


def provider(member, name, **more):
    return make(member, "provider", **{"name": name, "kind": "ngo", "country": "XA", **more})


def service(member, by, name="Beds", **more):
    said = {"status": "active", "needs": ["housing"], "organization_id": by, **more}
    return make(member, "service", name=name, **said)


def seen(member, record):
    return member.hub.get(f"{RECORDS}/{record}")["document"]


def patch(member, record, **changes):
    version = member.hub.get(f"{RECORDS}/{record}")["version"]
    return member.hub.patch(f"{RECORDS}/{record}", {"base_version": version, "changes": changes})


def propose(member, record, kind="provider", **changes):
    return member.hub.post(f"{API}/requests", {"kind": kind, "record": record, "changes": changes})


def pair(member, one, other):
    return member.hub.post(f"{API}/pairs", {"first": one, "second": other})["id"]


def merge(pair_id, keep, *members):
    for member in members:
        done = member.hub.post(f"{API}/pairs/{pair_id}/decision", {"decision": "merge", "keep": keep})
    return done["state"]


# Merges


def test_a_request_that_was_made_before_a_merge_does_not_change_the_other_agencys_record(place, amina, daher):
    good, bait = (
        provider(amina, "Bright House", notes={"needs": "secret needs"}, visibility={"notes": "focal"}),
        provider(daher, "Bright Hause"),
    )
    asked = propose(place.members["hodan"], bait, name="Stolen House", notes={"needs": "x"})
    assert merge(pair(daher, bait, good), good, daher, amina) == "merged"
    told = daher.hub.post(f"{API}/requests/list", {})["items"]
    assert "secret needs" not in json.dumps(told)
    for version in range(1, 4):
        with pytest.raises(HubError):
            daher.hub.post(f"{API}/requests/{asked['id']}/approve", {"version": version})
    assert seen(amina, good)["name"] == "Bright House"


def test_contact_details_that_wait_do_not_pass_into_another_agencys_record_by_a_merge(place, amina, daher):
    good, bait = provider(amina, "Calm House", phones=SAME), provider(daher, "Calm Hause", phones=SAME)
    assert patch(daher, bait, phones=MINE)["held"] == ["phones"]
    (held,) = daher.hub.post(f"{API}/requests/list", {"states": ["held"], "record": bait})["items"]
    merge(pair(daher, bait, good), good, daher, amina)
    with pytest.raises(Conflict):
        place.members["omar"].hub.post(f"{API}/requests/{held['id']}/called", {"note": "They said yes."})
    place.clock.at += 73 * 3600
    release(place.hubs[HOST].hub)
    assert seen(amina, good)["phones"] == SAME


def test_a_link_to_a_record_opens_nothing_once_that_was_merged_into_another_agencys(amina, daher):
    good = provider(amina, "Deep House", email="secret@example.org", visibility={"email": "focal"})
    bait = provider(daher, "Deep Hause")
    url = daher.hub.post(f"{API}/links", {"record": bait, "by": "hand"})["url"]
    assert requests.get(url, timeout=20).status_code == 200
    merge(pair(daher, bait, good), good, daher, amina)
    assert requests.get(url, timeout=20).status_code == 404


def test_what_is_hidden_is_not_merged_into_what_is_open_and_tells_its_other_names_to_nobody(amina, daher):
    hidden, open_one = provider(amina, "Elm Refuge", visibility=HIDDEN), provider(amina, "Elm Office")
    service(amina, hidden, "Elm beds")
    with pytest.raises(Conflict):
        merge(pair(amina, hidden, open_one), open_one, amina)
    secret = provider(amina, "Elm Bureau", names=["The yellow refuge"], visibility={"names": "focal"})
    assert merge(pair(amina, secret, open_one), open_one, amina) == "merged"
    assert "Elm Bureau" in seen(daher, open_one)["names"]
    assert "The yellow refuge" not in json.dumps(seen(daher, open_one))


def test_nobody_merges_parts_or_refuses_what_others_keep(amina, daher):
    one, other = provider(amina, "Fern House"), provider(amina, "Fern Hause")
    made = pair(daher, one, other)
    for decision in (
        {"decision": "merge", "keep": one},
        {"decision": "not_same"},
        {"decision": "later"},
        {"decision": "undo"},
    ):
        with pytest.raises(Forbidden):
            daher.hub.post(f"{API}/pairs/{made}/decision", decision)


def test_a_number_that_was_hidden_is_no_reason_that_is_shown(amina, daher):
    first = provider(amina, "Gate House", phones=SAME, visibility={"phones": "focal"})
    provider(daher, "Gate Hause", phones=SAME)
    daher.hub.post(f"{API}/pairs/propose", {"kind": "provider"})
    pairs = daher.hub.post(f"{API}/pairs/list", {"limit": 200})["items"]
    codes = {row["code"] for one in pairs for row in one["reasons"] if first in {half["id"] for half in one["records"]}}
    assert codes
    assert "same_phone" not in codes


def test_a_merge_into_a_record_that_was_just_made_turns_no_way_at_once(place, amina):
    old = provider(amina, "Ivy House", phones=SAME)
    place.clock.at += 4 * 86_400
    young = provider(amina, "Ivy Hause", phones=MINE)
    made = pair(amina, old, young)
    with pytest.raises(Conflict):
        merge(made, young, amina)
    empty = provider(amina, "Ivy Hus")
    place.clock.at += 4 * 86_400
    patch(amina, empty, phones=MINE)
    with pytest.raises(Conflict):
        merge(pair(amina, old, empty), empty, amina)
    assert merge(made, old, amina) == "merged"


# Change requests


def test_a_right_guess_of_what_is_hidden_is_answered_like_a_wrong_one(amina, daher):
    made = provider(amina, "Hill Refuge", phones=SAME, visibility={"phones": "focal"})
    told = [propose(daher, made, phones=guess) for guess in (MINE, SAME)]
    assert [{**one, "id": "", "differences": sorted(one["differences"])} for one in told] == [
        {**told[0], "id": "", "differences": ["phones"]}
    ] * 2
    assert all("now" not in one["differences"]["phones"] and "was" not in one["differences"]["phones"] for one in told)


def test_who_asks_for_a_new_service_learns_nothing_of_a_hidden_provider(amina, daher):
    hidden = provider(amina, "Iris Refuge", visibility=HIDDEN)
    said = []
    for by in (hidden, maps.some_id("nobody")):
        changes = {"name": "Beds", "status": "active", "organization_id": by, "needs": ["housing"]}
        with pytest.raises(NotFound) as raised:
            daher.hub.post(f"{API}/requests", {"kind": "service", "changes": changes})
        said.append(raised.value.detail)
    assert said[0] == said[1]


@pytest.mark.parametrize("act", ["approve", "refuse", "called", "withdraw"])
def test_only_who_keeps_a_record_decides_and_only_who_asked_takes_back(place, amina, daher, act):
    made = provider(amina, f"Jade House {act}")
    asked = propose(place.members["tesfaye"], made, name="Better")
    given = {"approve": {"version": 1}, "refuse": {"reason": "x"}, "called": {"note": "x"}, "withdraw": {}}[act]
    with pytest.raises(NotFound):
        daher.hub.post(f"{API}/requests/{asked['id']}/{act}", given)


# Speaking for others


def test_no_service_stands_under_the_name_of_an_agency_before_that_has_a_record(amina, daher):
    """The id of an agency's own provider is made of its name, so that it could be taken before."""
    to_come = id_from(amina.agency, "provider")
    document = {"name": "Trap", "status": "active", "organization_id": to_come, "needs": ["housing"], "phones": MINE}
    with pytest.raises((InvalidRequest, Forbidden)):
        daher.hub.post(RECORDS, {"kind": "service", "document": document})
    trap = service(daher, provider(daher, "Trap"))
    with pytest.raises((InvalidRequest, Forbidden)):
        patch(daher, trap, organization_id=to_come)
    with pytest.raises((InvalidRequest, Forbidden)):
        make(daher, "site", name="Trap", location_type="physical", organization_id=to_come)


def test_nobody_checks_renews_or_links_what_another_agency_keeps(place, amina, daher):
    made = service(amina, provider(amina, "Kelp House"))
    for how in ("call", "visit", "coordinator", "provider"):
        with pytest.raises(Forbidden):
            daher.hub.post(f"{RECORDS}/{made}/verify", {"how": how})
    with pytest.raises(NotFound):
        daher.hub.post(f"{API}/renew", {"records": {made: 1}, "groups": None, "how": "call", "dry_run": False})
    with pytest.raises(Forbidden):
        daher.hub.post(f"{API}/links", {"record": made, "by": "mail"})
    link = amina.hub.post(f"{API}/links", {"record": made, "by": "hand"})["id"]
    with pytest.raises(NotFound):
        daher.hub._ask("DELETE", f"{API}/links/{link}")


@pytest.mark.parametrize(
    "change",
    [
        {"phones": MINE},
        {"email": "thief@example.org"},
        {"contacts": [{"name": "Thief", "phones": MINE}]},
        {"focal_point": {"title": "Thief", "email": "thief@example.org"}},
        {"inbox": "t" * 22},
        {"url": "https://thief.example"},
        {"pathway": {"form": "https://thief.example", "steps": ["Fill in."]}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_way_that_leads_to_somebody_is_turned_at_once_even_by_who_keeps_it(amina, change):
    old = {
        "phones": SAME,
        "email": "desk@example.org",
        "contacts": [{"name": "Desk", "phones": SAME}],
        "focal_point": {"title": "Desk"},
        "inbox": "d" * 22,
        "url": "https://house.example",
        "pathway": {"form": "https://house.example", "steps": ["Call."]},
    }
    made = service(amina, provider(amina, f"Lime House {next(iter(change))}"), f"Lime {next(iter(change))}", **old)
    assert patch(amina, made, **change)["held"] == list(change)
    name = next(iter(change))
    assert seen(amina, made)[name] == old[name]


def test_a_service_does_not_pass_to_another_agency_at_once(amina):
    """Whose it is decides who gets a referral."""
    one, other = provider(amina, "Moss House"), provider(amina, "Moss Centre", agency=amina.agency)
    made = service(amina, one)
    assert patch(amina, made, organization_id=other)["held"] == ["organization_id"]
    assert seen(amina, made)["organization_id"] == one
    assert patch(amina, other, agency=None)["held"] == ["agency"]


def test_a_number_does_not_come_in_by_the_side_of_a_place(amina):
    where = make(amina, "site", name="Mint House", location_type="physical", area="XA1")
    at = {"id": maps.some_id("mint"), "location_id": where}
    made = service(amina, provider(amina, "Mint House"), phones=SAME, service_at_locations=[at])
    assert patch(amina, made, service_at_locations=[{**at, "phones": MINE}])["held"] == ["service_at_locations"]


# Files


def send(place, member, data, form, *, source="A source", apply=True, **more):
    body = Body(random_id())
    about = {"format": form, "source": {"name": source, "country": "XA"}, "dry_run": not apply, **more}
    body.add("about", json.dumps(about).encode())
    body.add("file", data)
    one = member.hub.submit(f"{API}/imports", body)["id"]
    run_imports(place.hubs[HOST].hub)
    found = member.hub.get(f"{API}/imports/{one}")
    rows = member.hub.get(f"{API}/imports/{one}/rows", all="true")["items"]
    return found, [(row["what"], [each["code"] for each in row["problems"]], row["fields"]) for row in rows]


def ndjson(*documents):
    return "\n".join(json.dumps(document) for document in documents).encode()


def organization(name, **more):
    return {"id": maps.some_id(name), "name": name, "description": "", **more}


def offer(name, by, **more):
    return {
        "id": maps.some_id(name),
        "name": name,
        "status": "active",
        "organization_id": by,
        "organization": organization("x", id=by),
        **more,
    }


def test_a_file_of_the_same_source_by_another_agency_neither_guesses_nor_blocks_nor_undoes(place, amina, daher):
    true = organization("Nile House", email="true@example.org")
    place.clock.at += 86_400  # there is a day before it on which everybody was certified
    first, _rows = send(place, amina, ndjson(true), "hsds-ndjson", source="Shared")
    assert first["counts"]["provider"] == {"new": 1}
    guesses = [
        send(place, daher, ndjson({**true, **more}), "hsds-ndjson", source="Shared", apply=False)[1]
        for more in ({}, {"email": "x@example.org"})
    ]
    assert guesses[0] == guesses[1] == [("problem", ["not_ours"], [])]
    send(place, daher, ndjson(organization("Squatter")), "hsds-ndjson", source="Shared")
    place.clock.at -= 86_400
    try:
        done, _rows = send(
            place, amina, ndjson({**true, "website": "https://nile.example"}), "hsds-ndjson", source="Shared"
        )
    except Conflict:  # its own file of the day after
        done = None
    finally:
        place.clock.at += 86_400
    assert done is None
    done, _rows = send(
        place, amina, ndjson({**true, "website": "https://nile.example"}), "hsds-ndjson", source="Shared"
    )
    assert done["counts"]["provider"] == {"changed": 1}


def test_a_row_that_hangs_under_anothers_provider_is_reported_and_stops_no_other(place, amina, daher):
    by, hidden = provider(amina, "Oak House"), provider(amina, "Oak Refuge", visibility=HIDDEN)
    rows = []
    for owner in (by, hidden, maps.some_id("nobody")):
        _done, said = send(
            place,
            daher,
            ndjson(organization(f"Own {owner}"), _bare(f"Trap {owner}", owner)),
            "hsds-ndjson",
            source="Trap",
        )
        rows.append([(what, codes[-1]) for what, codes, _fields in said if what == "problem"])
        assert [what for what, _codes, _fields in said].count("new") == 1
    assert rows[0] == [("problem", "not_ours")]
    assert rows[1] == rows[2] == [("problem", "no_provider")]


def _bare(name, by):
    return {"id": maps.some_id(name), "name": name, "status": "active", "organization_id": by}


def sheet(member, record, **cells):
    """The own export with the row of one record alone, some of its cells written anew."""
    sink = io.BytesIO()
    member.hub.download(f"{API}/export", sink, 10_000_000, value={"format": "xlsx"})
    book = openpyxl.load_workbook(sink)
    providers = book["providers"]
    names = [cell.value for cell in providers[1]]
    for row in list(providers.iter_rows(min_row=2))[::-1]:
        if row[0].value == record:
            for name, value in cells.items():
                row[names.index(name)].value = value
        elif row[0].row > 2:
            providers.delete_rows(row[0].row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_a_spreadsheet_tells_no_right_guess_of_a_hidden_cell_from_a_wrong_one(place, amina, daher):
    made = provider(amina, "Pine House", email="true@example.org", visibility={"email": "focal"})
    said = [
        send(place, daher, sheet(daher, made, email=guess), "xlsx", apply=False)[1]
        for guess in ("true@example.org", "x@example.org")
    ]
    assert said[0] == said[1]
    assert any(what == "proposed" for what, _codes, _fields in said[0])


def test_who_is_no_coordinator_any_more_takes_no_file_in_as_one(place, daher):
    """The file was checked while they were; the roles that were kept with it are no more than they have now."""
    hodan, hub = place.members["hodan"], place.hubs[HOST].hub
    made = provider(daher, "Rose House")
    for form, data in (("xlsx", sheet(hodan, made, name="Mine")), ("hsds-ndjson", ndjson(organization("Rose")))):
        if form == "xlsx":
            checked, _rows = send(place, hodan, data, form, apply=False)
        else:
            with pytest.raises(Forbidden):
                send(place, hodan, data, form, apply=False)
            checked, _rows = send(place, daher, data, form, source="Rose", apply=False)
        with hub.database.write() as connection:
            Imports(connection).change(checked["id"], roles=["coordinator"], member=hodan.id)
        if form == "xlsx":
            hodan.hub.post(f"{API}/imports/{checked['id']}/apply", {})
            run_imports(hub)
            assert hodan.hub.get(f"{API}/imports/{checked['id']}")["counts"]["provider"] == {"proposed": 1}
        else:
            with pytest.raises(Forbidden):
                hodan.hub.post(f"{API}/imports/{checked['id']}/apply", {})
    assert seen(daher, made)["name"] == "Rose House"


# The land


def test_nobody_moves_a_district_into_their_own_to_see_what_is_hidden_there(place, amina, daher):
    where = {"latitude": -1.52, "longitude": 30.77, "area": "XA2", "visibility": {"latitude": "area"}}
    house = make(amina, "site", name="Quince House", location_type="physical", **where)
    district = "XA21"
    rows = io.StringIO()
    csv.writer(rows).writerows(
        [["code", "name", "parent", "level"], [district, "Own place", "XA1", "2"], ["XA12", "North Shore", "XA2", "2"]]
    )
    report = redraw(daher, rows.getvalue())
    moved = [row for row in report["rows"] if row.get("code") == "XA12"]
    assert [row["result"] for row in moved] == ["problem"]
    assert daher.hub.get(f"{API}/areas/XA12")["path"] == ["XA", "XA1", "XA12"]
    assert "latitude" not in seen(daher, house)


def redraw(member, text):
    body = Body(random_id())
    body.add("options", json.dumps({"country": "XA", "scheme": "own", "apply": True}).encode())
    body.add("file", text.encode())
    return member.hub.submit(f"{API}/areas/import", body)


def test_nobody_assigns_themselves_an_area(daher):
    with pytest.raises(Forbidden):
        daher.hub.put(f"{API}/areas/XA2/agencies", {"agency": daher.agency})
