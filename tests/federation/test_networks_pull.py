"""What a peer tells of networks counts only as its own agencies signed it, and never goes back."""

from __future__ import annotations

import pytest

from hub.directory.networks.document import Confirmation, Entry, Network, sign_document
from hub.directory.networks.store import Networks
from hub.errors import PeerUnreachable
from hub.federation.pull import pull_peer
from hub.federation.store import Peers
from tests.support.factories import NOW, Agency, register, signer

HERE, THERE = "here.example", "there.example"


@pytest.fixture
def secretariat(scene):
    """An agency of the peer with a coordinator, whose documents stand in its log."""
    found = Agency("secretariat", THERE)
    found.member("desk", "coordinator")
    found.member("worker", "caseworker")
    scene.peer.publish(found.envelope(), *(member.envelope for member in found.members.values()))
    return found


def pull(scene):
    with scene.hub.database.read() as connection:
        peer = Peers(connection).get(THERE)
    return pull_peer(scene.hub, peer)


def kept(scene):
    with scene.hub.database.read() as connection:
        return Networks(connection).documents()


def network(by, name="wan", at=NOW, title="WAN"):
    return Network(name, by.agency, title, (Entry("GW", by.agency, None),), "2027-01-01", at)


def sign(agency, said, who="desk"):
    return sign_document(said, agency.members[who].signer)


def test_what_an_agency_of_the_peer_signed_is_taken_and_an_older_one_never_comes_back(scene, secretariat):
    new, old = sign(secretariat, network(secretariat)), sign(secretariat, network(secretariat, at=NOW - 9, title="Old"))
    scene.peer.networks = [new]
    pull(scene)
    assert kept(scene) == [new]
    for told in ([old], [old, new], []):
        scene.peer.networks = told
        pull(scene)
        assert kept(scene) == [new]


def test_what_it_did_not_sign_is_left_out_and_spoils_nothing(scene, secretariat):
    ours = Agency("ours", HERE)
    ours.member("desk", "coordinator")
    with scene.hub.database.write() as connection:
        register(connection, ours, origin=HERE)
    good = sign(secretariat, network(secretariat, "good"))
    named = Confirmation("good", secretariat.agency, "GW", ours.agency, True, "2027-01-01", NOW)
    scene.peer.networks = [
        {},
        {"payloadType": "x"},
        sign(secretariat, network(secretariat, "by-a-worker"), "worker"),
        sign_document(network(secretariat, "by-a-stranger"), signer("stranger")),
        sign(secretariat, network(secretariat, "tomorrow", at=NOW + 86_400)),
        sign(ours, network(ours, "ours")),
        sign(secretariat, named),
        good,
    ]
    pull(scene)
    assert kept(scene) == [good]


def test_an_answer_without_its_networks_is_no_answer(scene):
    scene.peer.edit_keys = lambda value: value.pop("networks")
    with pytest.raises(PeerUnreachable):
        pull(scene)
