"""What a peer serves to browsers is held against its log: each lie is found, kept, told once; a broken line is none."""

from __future__ import annotations

import json

import pytest

from hub.errors import PeerUnreachable
from hub.federation.pull import pull_peer
from hub.federation.releases import check_release, check_releases
from hub.federation.store import Peers, ReleaseFindings
from hub.handofflog import merkle
from hub.handofflog.note import sign_checkpoint
from hub.keys.certificates import MemberCert, Release
from hub.keys.keyring import Keyring
from hub.keys.store import KeyStore
from hub.notify.store import notices
from hub.packets.encoding import b64u, canonical, parse_json, sha256
from tests.federation.conftest import HERE, THERE
from tests.support.factories import CERTIFIER_KEYS, NOW, Agency, some_hash
from tests.support.peer_simulator import SimulatedLog

FILES = {"app/index.html": b"<!doctype html>", "app/assets/app-1.js": b"let it = 1", "l/link.html": b"<p>"}


class Pages:
    """What the simulated peer serves to browsers, and logs."""

    seen = 0

    def __init__(self, peer):
        self.peer = peer
        for path, data in FILES.items():
            peer.files[f"/{path}"] = data
        self.files = dict(FILES)

    def list(self):
        rows = [
            {"path": path, "size": len(data), "sha256": b64u(sha256(data)), "shell": False}
            for path, data in sorted(self.files.items())
        ]
        data = canonical({"v": 1, "policy": "default-src 'none'", "files": rows})
        self.peer.files["/app/release.json"] = data
        return b64u(sha256(data))

    def log(self, name=None):
        said = Release(host=THERE, release=name or self.list(), seq=len(self.peer.published), at=NOW).to_envelope(
            self.peer.key
        )
        self.peer.publish(said)
        return len(self.peer.log.leaves) - 1

    def answer(self, index, log=None):
        log = log or self.peer.log
        size = len(log.leaves)
        salt, document = log.entries[index]
        with_proof = {"document": parse_json(document), "index": index, "salt": b64u(salt), "proof": log.proof(index)}
        seen = self.seen
        grown = merkle.consistency(seen, size, log.at) if 0 < seen <= size else ()
        value = {
            "hub": parse_json(self.peer.log.entries[0][1]),
            "checkpoint": sign_checkpoint(log.head(), self.peer.key),
            "release": with_proof,
            "grown": [b64u(node) for node in grown],
        }
        self.peer.files["/api/v1/release"] = json.dumps(value).encode()


@pytest.fixture
def pages(scene):
    found = Pages(scene.peer)
    found.answer(found.log())
    return found


@pytest.fixture
def auditor(scene):
    """A member at home here who has the auditor's role."""
    member = Agency("shelter", HERE).member("audrey", "auditor")
    with scene.hub.database.write() as connection:
        Keyring(connection, HERE, CERTIFIER_KEYS).publish(MemberCert, member.envelope.to_bytes(), now=NOW)
    return member.member


def peer_row(scene):
    with scene.hub.database.read() as connection:
        return Peers(connection).get(THERE)


def look(scene):
    return check_release(scene.hub, peer_row(scene))


def found(scene):
    with scene.hub.database.read() as connection:
        return [(row["finding"], row["path"]) for row in ReleaseFindings(connection).all()]


def advance(scene, pages):
    """From now on the peer proves that its log goes on from what we have seen of it."""
    pages.seen = peer_row(scene).seen_size


def test_a_peer_that_serves_what_it_logged_is_found_to(scene, pages, caplog):
    assert (look(scene), look(scene)) == (1, 0)
    assert found(scene) == [("same", "")]
    assert "ALARM" not in caplog.text
    advance(scene, pages)
    pages.files["app/assets/app-2.js"] = scene.peer.files["/app/assets/app-2.js"] = b"let it = 2"
    pages.answer(pages.log())
    assert look(scene) == 1
    assert found(scene) == [("same", ""), ("same", "")]


def test_pulling_keys_takes_the_release_along(scene, pages):
    pull_peer(scene.hub, peer_row(scene))
    with scene.hub.database.read() as connection:
        assert KeyStore(connection).release(THERE).release == pages.list()


@pytest.mark.parametrize("path", ["app/index.html", "l/link.html"])
def test_an_altered_file_is_found_and_told_to_auditors_once(scene, pages, auditor, caplog, path):
    scene.peer.files[f"/{path}"] += b"<script src=//evil>"
    assert (look(scene), look(scene)) == (1, 0)
    assert found(scene) == [("changed", path)]
    assert f"ALARM peer {THERE}: release changed {path}" in caplog.text
    told = [row for row in scene.rows(notices) if row.template == "release"]
    assert [(row.to_member, json.loads(row.facts)) for row in told] == [(auditor, {"host": THERE})]


def test_a_missing_file_and_a_list_that_was_not_logged_are_found(scene, pages):
    scene.peer.files["/app/assets/app-1.js"] = b""
    look(scene)
    assert found(scene) == [("changed", "app/assets/app-1.js")]
    pages.files["app/index.html"] = scene.peer.files["/app/index.html"] = b"another page"
    pages.list()
    look(scene)
    assert ("other_release", "release.json") in found(scene)
    scene.peer.files["/app/release.json"] = b"no list"
    assert look(scene) == 0


def test_a_forked_log_and_a_forged_word_are_found(scene, pages, caplog):
    look(scene)
    fork = SimulatedLog(THERE)
    for _, document in scene.peer.log.entries[:-1]:
        fork.append(document + b" ")
    fork.append(Release(host=THERE, release=some_hash("evil"), seq=1, at=NOW).to_envelope(scene.peer.key).to_bytes())
    fork.append(b"more")
    advance(scene, pages)
    pages.answer(len(fork.leaves) - 2, fork)
    assert look(scene) == 1
    assert ("unproven", "") in found(scene)
    assert "release unproven" in caplog.text


def test_an_older_release_that_was_not_logged_anew_is_found(scene, pages):
    first = len(scene.peer.log.leaves) - 1
    pages.files["app/index.html"] = scene.peer.files["/app/index.html"] = b"second"
    pages.answer(pages.log())
    look(scene)
    advance(scene, pages)
    pages.answer(first)
    assert look(scene) == 1
    assert ("unproven", "") in found(scene)


def test_a_line_that_breaks_is_no_finding(scene, pages):
    row = peer_row(scene)
    with scene.hub.database.write() as connection:
        Peers(connection).add(type(row)(row.host, "http://127.0.0.1:9", row.sign, row.keyid, row.operator))
    with pytest.raises(PeerUnreachable):
        look(scene)
    assert check_releases(scene.hub) == 0
    assert found(scene) == []
