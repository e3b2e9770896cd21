"""Two hubs with one map between them: what an agency offers here is found there, and a border has two sides.

The world is one for all; each test that changes what others read starts from what it says itself, or puts it back.
"""

from __future__ import annotations

import json

import pytest
import requests

from hub.clock import FileClock, SetClock
from hub.directory.feed.document import PARTS, read_page
from hub.directory.feed.publish import publish_feed
from hub.directory.records.slices import read_slice
from hub.directory.records.visibility import PUBLIC
from hub.directory.servicemap.store import ServiceMap
from hub.errors import Forbidden, InvalidRequest, NotFound
from hub.federation.pull import add_peer, remove_peer
from hub.keys.certificates import fingerprint
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import PASSPHRASE, populated, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        yield populated(made, HOME, AWAY)


@pytest.fixture
def says(place):
    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


@pytest.fixture
def offered(place):
    """The centre in Addis offers reception and papers, nothing else, and both hubs know."""
    hana = place.members["hana"]
    hours = {"name": "Addis Centre", "zone": "Africa/Addis_Ababa", "weekend": [6], "closed": ["2026-12-24"]}
    hana.hub.put("/api/v1/directory/profile", hours)
    said = offer(hana, ("reception", "Arrivals"), ("legal_aid", "Papers"), areas=["ET"])
    place.run()
    return said


def offer(member, *offers, areas=()):
    rows = [{"need": need, "name": name} for need, name in offers]
    asked = {"offers": rows, "inbox": member.home().entry.inboxes[0], "areas": list(areas)}
    return member.hub.put("/api/v1/directory/offers", asked)["services"]


def change(member, record, **changes):
    """Change members of a record as it stands."""
    known = member.hub.get(f"/api/v1/directory/records/{record}")
    member.hub.patch(f"/api/v1/directory/records/{record}", {"base_version": known["version"], "changes": changes})


def asked(place, login, need):
    """The listings of a need in Ethiopia, as a member's own hub signs them."""
    member = place.members[login]
    host = member.agency.rpartition("@")[2]
    answer = member.hub.post("/api/v1/directory/slice", {"need": need, "area": "ET"})
    key = place.hubs[host].hub.signer.public_key
    return read_slice(json.dumps(answer["slice"]).encode(), host, key)["candidates"]


def test_what_an_agency_offers_is_found_at_the_other_hub_under_its_name_and_address(place, offered):
    hana = place.members["hana"]
    for login in ("hana", "amina"):
        (found,) = asked(place, login, "reception")
        assert (found["name"], found["provider"]["name"], found["host"]) == ("Arrivals", "Addis Centre", AWAY)
        (known,) = place.members[login].hub.get("/api/v1/directory")["agencies"]
        assert (known["name"], known["closed"], known["worked"]) == ("Addis Centre", ["2026-12-24"], [])
        assert (found["provider"]["agency"], found["inbox"]) == (hana.agency, hana.home().entry.inboxes[0])
        assert found["focal_point"] == {"agency": hana.agency}


def test_the_same_offers_again_change_nothing_and_keep_what_a_form_said(place, offered):
    hana = place.members["hana"]
    change(hana, offered[0]["id"], free=True, languages=[{"id": offered[0]["id"], "code": "am"}])
    again = offer(hana, ("reception", "Arrivals"), ("legal_aid", "Papers"), areas=["ET"])
    assert [row["what"] for row in again] == ["unchanged", "unchanged"]
    place.run()
    (found,) = asked(place, "amina", "reception")
    assert (found["free"], found["languages"]) == (True, ["am"])


def test_what_is_no_longer_offered_leaves_the_results_of_both_hubs_and_comes_back(place, offered):
    hana = place.members["hana"]
    offer(hana, ("reception", "Arrivals"), areas=["ET"])
    place.run()
    assert asked(place, "hana", "legal_aid") == asked(place, "amina", "legal_aid") == []
    offer(hana, ("reception", "Arrivals"), ("legal_aid", "Papers"), areas=["ET"])
    place.run()
    assert [row["name"] for row in asked(place, "amina", "legal_aid")] == ["Papers"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"offers": [{"need": "clinic", "name": "X"}]},
        {"offers": [{"need": "health", "name": "X"}] * 2},
        {"inbox": "A" * 22},
        {"agency": "urn:rcp:agency:shelter@dj.example"},
        {"offers": []},
    ],
)
def test_an_offer_is_a_need_that_exists_said_once_through_an_own_inbox(place, wrong):
    hana = place.members["hana"]
    right = {"offers": [{"need": "health", "name": "X"}], "inbox": hana.home().entry.inboxes[0]}
    with pytest.raises(InvalidRequest):
        hana.hub.put("/api/v1/directory/offers", {**right, **wrong})


def test_a_record_of_the_other_hub_is_changed_there_alone(place, offered):
    with pytest.raises(Forbidden):
        change(place.members["amina"], offered[0]["id"], status="inactive")


def test_the_agencies_command_finds_by_what_is_offered(says, offered):
    row = json.loads(says("amina", "agency", "list", "legal_aid", "--json"))
    assert (row["name"], row["services"]) == ("Addis Centre", ["legal_aid", "reception"])


def test_the_short_command_says_which_needs_there_are(says, place):
    assert "reception" in says("hana", "service", "put", "--offer", "clinic:X", code=2)
    said = json.loads(says("amina", "service", "put", "--offer", "housing:Beds", "--area", "DJ", "--json"))
    assert [row["what"] for row in said["services"]] == ["new"]


def test_anybody_may_read_the_public_part_of_a_hub_and_nothing_else_of_it(place, offered):
    hub, url = place.hubs[AWAY].hub, place.hubs[AWAY].url
    publish_feed(hub)
    answer = requests.get(f"{url}/map/feed", params={"after": 0}, timeout=20)
    value = read_page(answer.content, AWAY, hub.signer.public_key, part=PARTS[PUBLIC], after=0, now=NOW)
    told = {json.loads(row["document"])["name"]: row["document"] for row in value["records"]}
    assert {"Addis Centre", "Arrivals", "Papers"} <= set(told)
    assert "focal_point" not in json.loads(told["Arrivals"])
    for wrong in ("-1", "x", str(2**60)):
        assert requests.get(f"{url}/map/feed", params={"after": wrong}, timeout=20).status_code == 422
    assert requests.get(f"{url}/federation/v1/map", params={"after": 0}, timeout=20).status_code in {400, 401, 403}


# A border has two sides


def provider(member, name, country, **members):
    document = {"name": name, "description": "", "kind": "government", "country": country, **members}
    return member.hub.post("/api/v1/directory/records", {"kind": "provider", "document": document})["id"]


def entry(other, country, corridor="DJ-ET", **members):
    said = {"provider": other, "country": country, "agreement": "MoU 2024", "corridor": corridor}
    return {**said, "may_receive_transfers": True, "until": "2027-06-30", **members}


def counterparts(member, **given):
    answer = member.hub.post("/api/v1/directory/counterparts", given or {"corridor": "DJ-ET"})
    return {(row["sender"]["name"], row["receiver"]["name"]): row for row in answer["counterparts"]}


@pytest.fixture(scope="module")
def border(place):
    """Ministries and bureaus on both sides, who say of one another what they say."""
    amina, hana = place.members["amina"], place.members["hana"]
    ids = {name: provider(amina, name, "DJ") for name in ("Ministry", "Red Crescent")}
    ids |= {name: provider(hana, name, "ET") for name in ("Bureau", "Old Bureau", "Office")}
    bureau, old, office = (entry(ids[name], "ET") for name in ("Bureau", "Old Bureau", "Office"))
    unknown = entry("6f1a7a0e-0000-4a53-9b1c-0d5a1f0c7c11", "ET")
    past, never = {**old, "until": "2026-01-31"}, {**office, "may_receive_transfers": False}
    change(amina, ids["Ministry"], counterparts=[bureau, past, never, unknown])
    ministry, back = entry(ids["Ministry"], "DJ"), entry(ids["Ministry"], "DJ", corridor="ET-DJ")
    until = {**ministry, "until": "2026-12-31"}
    change(hana, ids["Bureau"], counterparts=[until, entry(ids["Red Crescent"], "DJ")])
    change(hana, ids["Office"], counterparts=[ministry, back])
    place.run()
    return ids


def test_who_may_receive_is_sure_only_where_both_sides_say_so(place, border):
    for login in ("amina", "hana"):
        found = counterparts(place.members[login])
        said = {pair: (row["said"], row["may_receive"], row["until"]) for pair, row in found.items()}
        assert said == {
            ("Ministry", "Bureau"): ("both", "yes", "2026-12-31"),
            ("Ministry", "Office"): ("both", "no", "2027-06-30"),
            ("Ministry", "Old Bureau"): ("nobody", "unknown", None),
            ("Ministry", None): ("sender", "unknown", "2027-06-30"),
            ("Red Crescent", "Bureau"): ("receiver", "unknown", "2027-06-30"),
        }
        assert {row["host"] for row in (found["Ministry", "Bureau"][side] for side in ("sender", "receiver"))} == {
            HOME,
            AWAY,
        }


def test_what_has_ended_is_shown_as_ended_on_the_day_that_is_asked_for(place, border):
    amina = place.members["amina"]
    later = counterparts(amina, corridor="DJ-ET", day="2027-01-01")
    assert later["Ministry", "Bureau"]["may_receive"] == "unknown"
    assert [row["expired"] for row in later["Ministry", "Bureau"]["agreements"]] == [True, False]
    earlier = counterparts(amina, corridor="DJ-ET", day="2026-01-01")
    assert earlier["Ministry", "Old Bureau"]["said"] == "sender"


def test_two_countries_are_both_ways(place, border):
    found = counterparts(place.members["amina"], countries=["ET", "DJ"])
    assert found["Office", "Ministry"]["said"] == "sender"
    assert ("Ministry", "Bureau") in found


@pytest.mark.parametrize(
    "wrong", [{"corridor": "DJ"}, {"corridor": "DJ-ET", "countries": ["DJ", "ET"]}, {"countries": ["DJ"]}, {"day": "x"}]
)
def test_a_question_about_a_border_names_one_corridor_or_two_countries(place, wrong):
    with pytest.raises(InvalidRequest):
        place.members["amina"].hub.post("/api/v1/directory/counterparts", wrong)


def test_the_command_says_which_side_says_so(says, border):
    shown = says("amina", "directory", "counterparts", "dj-et")
    for word in ("Ministry", "Bureau", "both sides", "only the receiver", "MoU 2024", "nobody any more"):
        assert word in shown
    assert len(says("amina", "directory", "counterparts", "DJ-ET", "--both-ways", "--json").splitlines()) == 6


# The end


@pytest.fixture
def parted(place, offered):
    """The hub in Djibouti, which has just let the other be no peer any more; afterwards they are peers again."""
    hub, other = place.hubs[HOME].hub, place.hubs[AWAY]
    assert remove_peer(hub, AWAY) > 0
    yield hub
    add_peer(hub, other.url, fingerprint(other.hub.signer.public_key))
    place.run()
    assert asked(place, "amina", "reception")


def test_a_hub_that_is_no_peer_any_more_is_in_no_result(place, parted):
    provider(place.members["amina"], "Own", "DJ")
    assert asked(place, "amina", "reception") == []
    with parted.database.read() as connection:
        assert {row.host for row in ServiceMap(connection).records()} == {HOME}
    with pytest.raises(NotFound):
        remove_peer(parted, AWAY)
