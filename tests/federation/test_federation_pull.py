"""Peers are added by fingerprint, and what they publish counts only with its proof."""

from __future__ import annotations

import socket

import pytest

from hub.directory.store import Directory, Profile
from hub.errors import BadSignature, Forbidden, InvalidRequest, PeerMisbehaved, PeerUnreachable
from hub.federation.line import Line, check_url, may_call
from hub.federation.pull import add_peer, public_documents, pull_all, pull_peer
from hub.federation.store import Peers, peers
from hub.handofflog.store import HandoffLog
from hub.keys.certificates import fingerprint
from hub.keys.store import KeyStore
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import b64u, parse_json, sha256
from tests.support.factories import NOW, Agency, hub_entry, register, signer
from tests.support.peer_simulator import PeerSimulator, serving

HERE, THERE = "here.example", "there.example"
_DAYS = {"closed": ["2026-12-24"], "worked": [], "remote": True}


def the_peer(scene):
    with scene.hub.database.read() as connection:
        return Peers(connection).get(THERE)


def pull(scene):
    return pull_peer(scene.hub, the_peer(scene))


def known(scene, agency):
    with scene.hub.database.read() as connection:
        return KeyStore(connection).find_agency(agency) is not None


def digits(simulated):
    return fingerprint(simulated.key.public_key)


def test_a_peer_is_added_once_and_stands_in_our_log(scene):
    size = scene.log_size()
    add_peer(scene.hub, scene.peer.url + "/", digits(scene.peer).replace(" ", ""))
    assert scene.log_size() == size
    assert [row.host for row in scene.rows(peers)] == [THERE]
    with scene.hub.database.read() as connection:
        entries = [entry.document for entry in HandoffLog(connection, HERE).entries()]
    assert hub_entry(THERE).to_bytes() in entries


@pytest.mark.parametrize("typed", ["", "12345", "x" * 60, "1" * 59, "1" * 61])
def test_a_fingerprint_is_sixty_digits(hub, typed):
    with pytest.raises(InvalidRequest):
        add_peer(hub, "http://127.0.0.1:1", typed)


def test_a_hub_with_another_key_than_the_one_compared_is_refused(hub, peer):
    with pytest.raises(BadSignature):
        add_peer(hub, peer.url, fingerprint(signer("another").public_key))


@pytest.mark.parametrize(
    "kind", ["migration_authority", "immigration_enforcement", "border_police", "detention", "police"]
)
def test_no_hub_of_a_body_that_never_receives_may_be_a_peer(hub, kind):
    simulated = PeerSimulator("barred.example")
    simulated.log.entries[0] = (b"", hub_entry("barred.example", kind).to_bytes())
    with serving(simulated) as url, pytest.raises(Forbidden) as refusal:
        add_peer(hub, url, digits(simulated))
    assert refusal.value.facts["rule"] == "R07"


def test_a_hub_is_not_its_own_peer(hub):
    simulated = PeerSimulator(HERE)
    with serving(simulated) as url, pytest.raises(Forbidden):
        add_peer(hub, url, digits(simulated))


def test_a_host_that_comes_back_with_another_key_is_refused(scene, monkeypatch):
    other = PeerSimulator("other.example")
    from hub.keys.certificates import HubEntry

    entry = HubEntry(THERE, "somebody", "ngo", "DJ", other.key.public_key).to_envelope(other.key)
    other.log.entries[0] = (b"", entry.to_bytes())
    with serving(other) as url, pytest.raises(PeerMisbehaved):
        add_peer(scene.hub, url, digits(other))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://hub.example",
        "https://",
        "https://user:secret@hub.example",
        "https://hub.example/path",
        "https://hub.example?x=1",
        "https://hub.example#x",
        "https://hub.example:0",
        "https://hub.example:99999",
        "https://höb.example",
        "file:///etc/passwd",
        "http://hub.example",
    ],
)
def test_an_address_is_https_and_a_host(url):
    with pytest.raises(InvalidRequest):
        check_url(url, private=False)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
        ),
        *(
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
        ),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1", "192.0.2.1"),
    ],
)
def test_private_addresses_may_not_be_called_in_any_disguise(address):
    assert not may_call(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_may_be_called(address):
    assert may_call(address)


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"], ["::1"], []])
def test_a_name_that_resolves_to_a_private_address_is_not_called(hub, monkeypatch, answers):
    called = []
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in answers]
    monkeypatch.setattr("hub.federation.line.socket.getaddrinfo", lambda *_a, **_k: rows)
    monkeypatch.setattr("hub.federation.line.create_connection", lambda *a, **_k: called.append(a))
    with Line("https://peer.example", hub.signer, hub.wire, private=False) as line, pytest.raises(PeerUnreachable):
        line.get("/federation/v1/hub", 1000)
    assert called == []


def test_the_address_that_was_checked_is_the_one_that_is_called(hub, monkeypatch):
    called, asked = [], []

    def resolve(host, *_a, **_k):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))]

    def connect(address, *_a, **_k):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("hub.federation.line.socket.getaddrinfo", resolve)
    monkeypatch.setattr("hub.federation.line.create_connection", connect)
    with Line("https://peer.example", hub.signer, hub.wire, private=False) as line, pytest.raises(PeerUnreachable):
        line.get("/federation/v1/hub", 1000)
    assert (asked, called) == (["peer.example"], [("8.8.8.8", 443)])


def test_loopback_is_not_called_where_private_peers_are_not_allowed(hub, peer):
    with Line(peer.url, hub.signer, hub.wire, private=False) as line, pytest.raises(PeerUnreachable):
        line.get("/federation/v1/hub", 1000)


def test_the_peers_agencies_and_members_are_taken_over(scene):
    agency = scene.their_agency
    profile = {
        "agency": agency.agency,
        "name": "Transit centre",
        "zone": "Africa/Addis_Ababa",
        "weekend": [5, 6],
        **_DAYS,
    }
    scene.peer.directory = [profile]
    assert pull(scene) == 3
    assert pull(scene) == 0
    with scene.hub.database.read() as connection:
        assert KeyStore(connection).member(agency.agency, scene.theirs.member) is not None
        assert Directory(connection).agencies(THERE) == [profile]
        assert Directory(connection).profile(agency.agency).weekend == {5, 6}


def test_an_agency_that_our_certifiers_do_not_know_is_left_out_and_spoils_nothing(scene):
    lone = Agency("lone", THERE, certifiers=(signer("first certifier"), signer("stranger")))
    member = lone.member("lonely")
    scene.peer.publish(lone.envelope(), member.envelope)
    scene.peer.directory = [{"agency": lone.agency, "name": "Lone", "zone": "UTC", "weekend": [], **_DAYS}]
    assert pull(scene) == 3
    assert not known(scene, lone.agency)
    with scene.hub.database.read() as connection:
        assert Directory(connection).agencies() == []


def test_a_peer_cannot_speak_of_another_hubs_agencies(scene):
    foreign = Agency("foreign", "third.example")
    ours = Agency("shelter", HERE)
    scene.peer.publish(foreign.envelope(), ours.next())
    pull(scene)
    assert not known(scene, foreign.agency)
    with scene.hub.database.read() as connection:
        assert KeyStore(connection).agency(ours.agency).seq == 0


def _swap_document(value):
    value["entries"][1]["document"] = value["entries"][2]["document"]


def _swap_salt(value):
    value["entries"][1]["salt"] = b64u(sha256(b"salt"))


def _foreign_checkpoint(value):
    value["checkpoint"] = value["checkpoint"].replace(THERE, "third.example")


def _unsigned_checkpoint(value):
    value["checkpoint"] = value["checkpoint"].partition("\n\n")[0] + "\n\n\u2014 there.example AAAA\n"


def _no_hub_entry(value):
    value["entries"] = value["entries"][1:]


def _directory_by_another(value):
    envelope = Envelope.from_bytes(_bytes(value["directory"]), "application/vnd.rcp.directory+json;v=1")
    forged = sign_envelope(envelope.payload_type, envelope.value, [signer("another")])
    value["directory"] = parse_json(forged.to_bytes())


def _directory_of_ours(value):
    directory = {"v": 1, "host": HERE, "at": NOW, "agencies": [], "attestations": []}
    value["directory"] = _signed_directory(directory)


def _directory_with_a_stranger(value):
    row = {"agency": f"urn:rcp:agency:shelter@{HERE}", "name": "n", "zone": "UTC", "weekend": [], **_DAYS}
    value["directory"] = _signed_directory({"v": 1, "host": THERE, "at": NOW, "agencies": [row], "attestations": []})


def _directory_with_more(value):
    value["directory"] = _signed_directory({"v": 1, "host": THERE, "at": NOW, "agencies": [], "more": 1})


def _signed_directory(value):
    key = signer(f"hub {THERE}")
    return parse_json(sign_envelope("application/vnd.rcp.directory+json;v=1", value, [key]).to_bytes())


def _bytes(value):
    from hub.packets.encoding import canonical

    return canonical(value)


@pytest.mark.parametrize(
    "lie",
    [
        _swap_document,
        _swap_salt,
        _foreign_checkpoint,
        _unsigned_checkpoint,
        _no_hub_entry,
        _directory_by_another,
        _directory_of_ours,
        _directory_with_a_stranger,
        _directory_with_more,
    ],
)
def test_a_pull_that_lies_changes_nothing_and_alarms(scene, lie, caplog):
    scene.peer.edit_keys = lie
    with pytest.raises(PeerMisbehaved):
        pull(scene)
    assert pull_all(scene.hub) == 0
    assert "ALARM" in caplog.text
    assert not known(scene, scene.their_agency.agency)


@pytest.mark.parametrize("change", [{"extra": 1}, {"entries": 1}, {"checkpoint": ""}, {"directory": []}])
def test_a_pull_that_is_not_of_the_grammar_waits(scene, change):
    scene.peer.edit_keys = lambda value: value.update(change)
    with pytest.raises(PeerUnreachable):
        pull(scene)


def test_a_log_that_grows_is_proven_to_be_the_same_log(scene):
    pull(scene)
    for n in range(5):
        scene.peer.log.append(b"more %d" % n)
        pull(scene)
    assert the_peer(scene).seen_size == len(scene.peer.log.leaves)


def test_a_log_that_was_rolled_back_is_noticed(scene):
    scene.peer.log.append(b"more")
    pull(scene)
    scene.peer.log.leaves.pop()
    with pytest.raises(PeerMisbehaved):
        pull(scene)


def test_a_log_that_was_rewritten_is_noticed_even_when_it_has_grown(scene):
    scene.peer.log.append(b"more")
    pull(scene)
    scene.peer.log.leaves[-1] = sha256(b"rewritten")
    scene.peer.log.append(b"still more")
    with pytest.raises(PeerMisbehaved):
        pull(scene)


def test_a_peer_that_fails_spoils_nothing_for_the_others(scene):
    dead = PeerSimulator("dead.example")
    with serving(dead) as url:
        add_peer(scene.hub, url, digits(dead))
    assert pull_all(scene.hub) == 3


def test_two_hubs_with_the_same_code_understand_one_another(scene, tmp_path):
    """What we publish is what we would take over ourselves."""
    with scene.hub.database.write() as connection:
        home = Agency("shelter", HERE)
        Directory(connection).put_profile(home.agency, Profile("Shelter", "Africa/Djibouti", frozenset({4, 5})))
    value = parse_json(public_documents(scene.hub))
    assert len(value["entries"]) == 3
    mirror = PeerSimulator(HERE)
    with serving(mirror) as url, scene.hub.database.write() as connection:
        mirror.url = url
        register(connection, origin=HERE)
    directory = Envelope.from_bytes(_bytes(value["directory"]), "application/vnd.rcp.directory+json;v=1").value
    assert [row["name"] for row in directory["agencies"]] == ["Shelter"]
