"""A peer's part of the service map: what it tells truly is taken, and no lie changes anything."""

from __future__ import annotations

import json
import logging

import pytest
from sqlalchemy import func, insert, select

from hub.directory.feed import take as feed
from hub.directory.feed.document import PARTS, read_page
from hub.directory.feed.publish import page, publish
from hub.directory.feed.store import FeedStore, map_changed, map_feeds
from hub.directory.records.record import id_from
from hub.directory.records.visibility import PARTNERS, PUBLIC, visible
from hub.directory.servicemap.store import ServiceMap, map_aliases, map_history, map_records, map_views
from hub.directory.servicemap.write import Actor, Draft, apply
from hub.errors import NotFound, PeerMisbehaved, PeerUnreachable
from hub.federation.pull import pull_map, remove_peer
from hub.federation.store import Peers
from tests.support import maps
from tests.support.factories import NOW, Agency, signer, some_id

HERE, THERE = "here.example", "there.example"
OURS = f"urn:rcp:agency:shelter@{HERE}"
THEIRS = f"urn:rcp:agency:transit@{THERE}"
DAY = 86_400


def pull(scene, **how):
    with scene.hub.database.read() as connection:
        peer = Peers(connection).get(THERE)
    return pull_map(scene.hub, peer, **how)


def held(scene, name):
    with scene.hub.database.read() as connection:
        return ServiceMap(connection).get(name["id"])


def rows(scene, table, *which):
    with scene.hub.database.read() as connection:
        return connection.execute(select(func.count()).select_from(table).where(*which)).scalar_one()


def write(scene, *documents, steward=OURS, host=HERE):
    drafts = [Draft(maps.kind_of(document), document, steward=steward, host=host) for document in documents]
    with scene.hub.database.write() as connection:
        return apply(connection, drafts, Actor(steward, "m", "coordinator"), host=HERE, now=NOW)


def refused(scene):
    with scene.hub.database.read() as connection:
        return dict(FeedStore(connection, THERE, PARTNERS).refused())


@pytest.fixture
def map_scene(scene):
    """A peer whose agency is known here, and that tells of a clinic, a house and a service there."""
    from hub.federation.pull import pull_peer

    with scene.hub.database.read() as connection:
        pull_peer(scene.hub, Peers(connection).get(THERE))
    tell(scene, maps.provider(agency=THEIRS), maps.site(), maps.service())
    return scene


def tell(scene, *documents, steward=THEIRS):
    for document in documents:
        scene.peer.tell(maps.kind_of(document), document, steward)


# What is told truly


def test_what_a_peer_tells_stands_in_our_map_under_its_host_and_is_kept_there(map_scene):
    assert pull(map_scene) == 3
    service = held(map_scene, maps.service())
    assert (service.host, service.steward, service.document) == (THERE, THEIRS, maps.service())
    assert (service.agency, rows(map_scene, map_views)) == (THEIRS, 1)


def test_what_did_not_change_is_not_asked_for_again(map_scene):
    pull(map_scene)
    assert pull(map_scene) == 0
    assert map_scene.peer.asked[-2:] == [0, 3]


def test_a_change_is_taken_and_only_its_home_knows_what_stood_there_before(map_scene):
    pull(map_scene)
    tell(map_scene, maps.service(description="New"))
    assert pull(map_scene) == 1
    assert held(map_scene, maps.service()).document["description"] == "New"
    assert rows(map_scene, map_history, map_history.c.change != "{}") == 0


def test_what_a_peer_takes_back_is_gone_with_all_that_was_kept_of_it(map_scene):
    pull(map_scene)
    map_scene.peer.take_back(maps.service()["id"])
    assert pull(map_scene) == 1
    assert held(map_scene, maps.service()) is None
    assert rows(map_scene, map_views) == rows(map_scene, map_history, map_history.c.id == maps.service()["id"]) == 0


def test_both_ids_of_what_a_peer_merged_lead_to_the_record_that_it_kept_until_it_undoes_that(map_scene):
    twin = maps.provider("Hill Klinik")
    tell(map_scene, twin)
    pull(map_scene)
    map_scene.peer.take_back(twin["id"], kept=maps.provider()["id"])
    pull(map_scene)
    assert held(map_scene, twin).id == maps.provider()["id"]
    tell(map_scene, twin)
    pull(map_scene)
    assert held(map_scene, twin).document["name"] == "Hill Klinik"
    assert held(map_scene, maps.provider()).document["name"] == "Hill Clinic"


def test_pages_are_read_to_the_end_in_one_pull(map_scene):
    map_scene.peer.page_size = 1
    assert pull(map_scene) == 3
    assert map_scene.peer.asked == [0, 0, 1, 2]


def test_what_only_partners_may_see_is_not_public_here_either(map_scene):
    tell(map_scene, maps.service(phones=[{"number": "1"}], visibility={"phones": "partners"}))
    pull(map_scene)
    document = held(map_scene, maps.service()).document
    assert "phones" in visible("service", document, PARTNERS)
    assert "phones" not in visible("service", document, PUBLIC)


def test_a_record_with_another_keeper_begins_anew(map_scene):
    other = Agency("mission", THERE)
    map_scene.peer.publish(other.envelope())
    pull(map_scene)
    from hub.federation.pull import pull_peer

    with map_scene.hub.database.read() as connection:
        peer = Peers(connection).get(THERE)
    tell(map_scene, maps.provider(agency=THEIRS), steward=other.agency)
    pull_peer(map_scene.hub, peer)
    assert held(map_scene, maps.provider()).steward == other.agency


# What a record may not be


def _their_service(**members):
    return {**maps.service("Lie"), **members}


def _ours_by_id():
    return {**maps.provider("Ours"), "agency": THEIRS}


LIES = {
    "steward of ours": (maps.provider("Lie"), OURS, "agency"),
    "steward of nobody": (maps.provider("Lie"), f"urn:rcp:agency:nobody@{THERE}", "agency"),
    "our agency": (maps.provider("Lie", agency=OURS), THEIRS, "agency"),
    "our focal point": (_their_service(focal_point={"agency": OURS}), THEIRS, "agency"),
    "our deputy": (_their_service(focal_point={"agency": THEIRS, "deputy": {"agency": OURS}}), THEIRS, "agency"),
    "our id": (_ours_by_id(), THEIRS, "not_theirs"),
    "another peer's id": (maps.provider("Third"), THEIRS, "not_theirs"),
    "an id that we merged": (maps.provider("Merged"), THEIRS, "not_theirs"),
    "our provider": (_their_service(organization_id=maps.provider("Ours")["id"]), THEIRS, "not_known"),
    "a provider of the future": (_their_service(organization_id=maps.some_id("nobody")), THEIRS, "not_known"),
    "our site": (maps.service("Lie", at=(maps.site("Our house"),)), THEIRS, "not_known"),
    "a site of ours": (maps.site("Lie", organization_id=maps.provider("Ours")["id"]), THEIRS, "not_known"),
    "checked tomorrow": (_their_service(verified=maps.checked("offer", on="2027-01-01")), THEIRS, "future"),
    "places of tomorrow": (
        _their_service(capacity={"state": "capacity", "as_of": "2027-01-01"}),
        THEIRS,
        "future",
    ),
    "numbers of tomorrow": (
        _their_service(capacities=[{"available": 3, "updated": "2027-01-01T00:00:00Z"}]),
        THEIRS,
        "future",
    ),
    "a level that no feed tells": (_their_service(visibility={"phones": "focal"}), THEIRS, "level"),
    "a foreign inbox": (_their_service(inbox=some_id("not theirs")), THEIRS, "inbox"),
    "no record": (_their_service(status="wonderful"), THEIRS, "invalid"),
    "a character that no database keeps": (_their_service(description="a\0b"), THEIRS, "invalid"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_record_that_may_not_stand_here_is_refused_and_said_and_spoils_nothing(map_scene, lie, caplog):
    write(map_scene, maps.provider("Ours"), maps.site("Our house"))
    write(map_scene, maps.provider("Third"), maps.provider("Merged"), host="third.example", steward="")
    with map_scene.hub.database.write() as connection:
        ids = {"id": maps.provider("Merged")["id"], "kept": maps.provider("Ours")["id"]}
        connection.execute(insert(map_aliases).values(ids))
    before = held(map_scene, maps.provider("Ours"))
    document, steward, why = LIES[lie]
    tell(map_scene, document, steward=steward)
    tell(map_scene, maps.provider("Last"))
    with caplog.at_level(logging.WARNING):
        assert pull(map_scene) == 4
    assert refused(map_scene) == {why: 1}
    assert f"'{why}': 1" in caplog.text
    assert held(map_scene, maps.provider("Ours")) == before
    assert rows(map_scene, map_records) == 4 + 4
    assert pull(map_scene) == 0


def test_a_record_that_is_refused_now_does_not_stand_as_it_was_told_before(map_scene):
    pull(map_scene)
    tell(map_scene, {**maps.service(visibility={"phones": "area"}), "status": "a word of a later release"})
    assert pull(map_scene) == 1
    assert held(map_scene, maps.service()) is None
    tell(map_scene, maps.service())
    pull(map_scene)
    assert held(map_scene, maps.service()).host == THERE


def test_ids_that_were_merged_one_after_the_other_lead_to_the_last(map_scene):
    first, second = maps.provider("First"), maps.provider("Second")
    tell(map_scene, first, second)
    pull(map_scene)
    map_scene.peer.take_back(first["id"], kept=second["id"])
    pull(map_scene)
    map_scene.peer.take_back(second["id"], kept=maps.provider()["id"])
    map_scene.peer.take_back(first["id"], kept=maps.provider()["id"])
    pull(map_scene)
    assert held(map_scene, first).id == held(map_scene, second).id == maps.provider()["id"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"id":1,"id":2}', '{"id":NaN}', '{"x":"\\ud800"}', "[" * 100_000, "1" * 5000, '{"x":"\\u0000"}'],
)
def test_text_that_is_no_record_is_refused(map_scene, text):
    tell(map_scene, maps.provider("Last"))
    map_scene.peer.told[-1]["document"] = text
    assert pull(map_scene) == 3
    assert refused(map_scene) == {"invalid": 1}


def test_what_was_refused_is_asked_for_again_a_day_later_and_when_new_keys_came(map_scene):
    tell(map_scene, maps.provider("Of nobody yet"), steward=f"urn:rcp:agency:mission@{THERE}")
    pull(map_scene)
    pull(map_scene)
    asked = len(map_scene.peer.asked)
    pull(map_scene)
    assert map_scene.peer.asked[asked:] == [4]
    map_scene.hub.clock.forward(DAY)
    pull(map_scene)
    assert map_scene.peer.asked[-1] == 0
    map_scene.peer.publish(Agency("mission", THERE).envelope())
    from hub.federation.pull import pull_peer

    with map_scene.hub.database.read() as connection:
        peer = Peers(connection).get(THERE)
    pull_peer(map_scene.hub, peer)
    assert refused(map_scene) == {}
    assert held(map_scene, maps.provider("Of nobody yet")).host == THERE


# What a page may not be


def _other_host(value):
    value["host"] = "third.example"


def _other_part(value):
    value["part"] = "public"


def _other_place(value):
    value["after"] += 1


def _future(value):
    value["at"] = NOW + 3600


def _no_end(value):
    value.update(more=True, to=value["after"], records=[])


def _behind_the_end(value):
    value["to"] = 1


def _before_the_start(value):
    value["records"][0]["seq"] = 0


def _number_twice(value):
    value["records"][0]["seq"] = value["records"][1]["seq"]


def _record_twice(value):
    value["records"][0]["id"] = value["records"][1]["id"]


def _record_and_gone(value):
    value["gone"] = [{"id": value["records"][0]["id"], "seq": 3, "kept": None}]
    value["records"][2]["seq"] = 2


def _more_members(value):
    value["extra"] = 1


def _no_uuid(value):
    value["records"][0]["id"] = "../../x"


def _wrong_digest(value):
    value["digest"] = some_id("x") + some_id("y")[:21]


@pytest.mark.parametrize(
    "lie",
    [
        *(_other_host, _other_part, _other_place, _future, _no_end, _behind_the_end, _before_the_start, _number_twice),
        *(_record_twice, _record_and_gone, _more_members, _no_uuid),
    ],
)
def test_a_page_that_lies_changes_nothing(map_scene, lie):
    map_scene.peer.edit_map = lie
    with pytest.raises(PeerMisbehaved):
        pull(map_scene)
    assert rows(map_scene, map_records) == rows(map_scene, map_feeds) == 0


def test_a_page_that_another_key_signed_changes_nothing(map_scene):
    map_scene.peer.map_key = signer("somebody else")
    with pytest.raises(PeerMisbehaved):
        pull(map_scene)
    assert rows(map_scene, map_records) == 0


def test_an_older_page_that_comes_again_is_refused(map_scene):
    pull(map_scene)
    tell(map_scene, maps.service(description="Old"))
    map_scene.peer.edit_map = lambda value: value.update(at=NOW - 1)
    with pytest.raises(PeerMisbehaved):
        pull(map_scene)
    assert "description" not in held(map_scene, maps.service()).document


def test_a_page_larger_than_any_page_waits(map_scene):
    map_scene.peer.edit_map = lambda value: value.update(extra="x" * 600_000)
    with pytest.raises(PeerUnreachable):
        pull(map_scene)


def test_a_peer_cannot_take_back_what_is_not_its_own(map_scene):
    write(map_scene, maps.provider("Ours"))
    map_scene.peer.take_back(maps.provider("Ours")["id"], kept=maps.provider()["id"])
    pull(map_scene)
    assert held(map_scene, maps.provider("Ours")).host == HERE


def test_a_peer_cannot_lead_an_id_of_its_own_to_a_record_of_ours(map_scene):
    write(map_scene, maps.provider("Ours"))
    pull(map_scene)
    map_scene.peer.take_back(maps.site()["id"], kept=maps.provider("Ours")["id"])
    pull(map_scene)
    assert held(map_scene, maps.site()) is None


def test_more_records_than_one_hub_has_are_not_taken(map_scene, monkeypatch):
    monkeypatch.setattr(feed, "MOST", 2)
    with pytest.raises(PeerMisbehaved):
        pull(map_scene)
    assert rows(map_scene, map_records) == 0


def test_an_end_that_never_comes_ends_the_pull(map_scene, monkeypatch):
    monkeypatch.setattr("hub.federation.pull.MAX_PAGES", 5)
    map_scene.peer.edit_map = lambda value: value.update(more=True, to=value["after"] + 10, digest=None)
    pull(map_scene)
    assert len(map_scene.peer.asked) == 6


# Both sides compare


def test_where_the_digests_differ_all_is_read_again_and_what_is_not_told_is_gone(map_scene):
    pull(map_scene)
    map_scene.peer.told = [row for row in map_scene.peer.told if row["kind"] != "service"]  # no word that it is gone
    assert pull(map_scene) == 1
    assert map_scene.peer.asked[-2:] == [3, 0]
    assert held(map_scene, maps.service()) is None
    assert held(map_scene, maps.provider()).host == THERE


def test_a_peer_whose_digest_never_fits_is_said_to_misbehave_and_asked_twice_at_most(map_scene):
    map_scene.peer.edit_map = _wrong_digest
    with pytest.raises(PeerMisbehaved):
        pull(map_scene)
    assert map_scene.peer.asked == [0, 0, 0]


def test_a_peer_that_was_restored_from_a_backup_is_read_again_from_the_start(map_scene):
    tell(map_scene, maps.provider("Lost in the restore"), maps.provider("And this"))
    pull(map_scene)
    map_scene.peer.told = map_scene.peer.told[:3]
    assert pull(map_scene) == 2
    assert held(map_scene, maps.provider("And this")) is None
    assert held(map_scene, maps.service()).host == THERE


def test_a_reading_from_the_start_that_was_cut_off_goes_on_where_it_was(map_scene, monkeypatch):
    pull(map_scene)
    map_scene.peer.page_size = 1
    with map_scene.hub.database.write() as connection:
        FeedStore(connection, THERE, PARTNERS).start_over(NOW)
    monkeypatch.setattr("hub.federation.pull.MAX_PAGES", 1)
    for _ in range(3):
        assert pull(map_scene) == 0
    assert rows(map_scene, map_records) == 3
    assert rows(map_scene, map_feeds, map_feeds.c.seq == 0) == 0


# The end of a peer


def test_the_records_of_a_hub_that_is_no_peer_any_more_leave_the_map(map_scene):
    write(map_scene, maps.provider("Ours"))
    pull(map_scene)
    assert remove_peer(map_scene.hub, THERE) == 3
    assert rows(map_scene, map_records) == 1
    assert rows(map_scene, map_views) == rows(map_scene, map_feeds) == 0
    with pytest.raises(NotFound):
        remove_peer(map_scene.hub, THERE)


def test_a_peers_records_are_not_passed_on(map_scene):
    write(map_scene, maps.provider("Ours"))
    pull(map_scene)
    with map_scene.hub.database.write() as connection:
        publish(connection, HERE)
    signed = page(map_scene.hub, PARTNERS, 0)
    told = read_page(signed, HERE, map_scene.hub.signer.public_key, part=PARTS[PARTNERS], after=0, now=NOW)
    assert [json.loads(row["document"])["name"] for row in told["records"]] == ["Ours"]
    assert rows(map_scene, map_changed) == 0


def test_ids_of_the_same_source_are_the_same_at_both_hubs_and_the_own_record_stays(map_scene):
    both = {**maps.provider("Of a source"), "id": id_from("a source", "1")}
    write(map_scene, both)
    tell(map_scene, {**both, "name": "Theirs"})
    pull(map_scene)
    assert held(map_scene, both).document["name"] == "Of a source"
    assert refused(map_scene) == {"not_theirs": 1}
