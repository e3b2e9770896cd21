"""Large packets go up in pieces: a line that breaks costs one piece, and nobody gains by pieces that are not theirs."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest
import requests

from hub.client import records
from hub.clock import SetClock
from hub.handoffs.jobs import purge_payloads
from hub.handoffs.uploads import Uploads
from hub.packets.encoding import b64u, sha256
from tests.conftest import NOW
from tests.support import web_modules
from tests.support.web_modules import WebModules, text
from tests.support.world import PASSPHRASE, populated, world

HOME, AWAY = "dj.example", "et.example"
SCRIPT = Path(web_modules.__file__).with_name("web_uploads.mjs")
PHOTO = secrets.token_bytes(1_300_000)
PAYLOAD = secrets.token_bytes(700_000)
NAME = b64u(sha256(PAYLOAD))


@pytest.fixture(scope="module")
def two_hubs(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        yield populated(made, HOME, AWAY)


@pytest.fixture(scope="module")
def node():
    with WebModules(SCRIPT) as running:
        yield running


@pytest.fixture
def amina(two_hubs, node):
    node.ask("faults", rows=[])
    member = two_hubs.members["amina"]
    account = member.account
    known = {"url": account.url, "login": account.login, "passphrase": PASSPHRASE, "now": NOW}
    assert "ok" in node.ask("sign_in", name="amina", device=text(member.profile.device.value), **known)
    node.ask("listen", name="amina")
    return member


def put(node):
    value = {"v": 1, "why": "a photo"}
    return node.ask("put", name="amina", kind="note", value=value, attachments={"photo.jpg": text(PHOTO)})


def pieces(node):
    return [path for method, path in node.ask("requests")["ok"] if method == "PUT"]


def test_a_large_attachment_arrives_whole_and_is_told_of(node, amina, two_hubs):
    found = put(node)
    assert "ok" in found, found
    assert len(pieces(node)) >= 3
    heard = node.ask("heard")["ok"]
    assert heard[-1][0] == heard[-1][1] > len(PHOTO)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    opened = node.ask("open", name="amina", handoff=found["ok"])["ok"]
    assert opened["attachments"] == {"photo.jpg": text(PHOTO)}
    done, total = node.ask("heard")["ok"][-1]
    assert done == total  # of what came: nothing stands on the page as if it were still on its way
    assert records.get(amina, found["ok"], "note").attachments == {"photo.jpg": len(PHOTO)}
    assert not list((two_hubs.hubs[HOME].hub.settings.data / "uploads").glob("*/*"))


def test_a_line_that_breaks_costs_one_piece(node, amina):
    put(node)
    whole = len(pieces(node))
    for fault in ({"broken": True}, {"lost": True}):
        node.ask("faults", rows=[{"path": "/api/v1/uploads", "times": 2, **fault}])
        assert "ok" in put(node)
        assert whole + 2 <= len(pieces(node)) <= whole + 5


def test_an_answer_that_is_lost_is_asked_for_again_without_sending_twice(node, amina):
    node.ask("faults", rows=[{"path": "/api/v1/handoffs", "lost": True, "times": 1}])
    found = put(node)
    assert "ok" in found, found
    assert len(pieces(node)) < 8


def test_a_large_file_comes_down_in_pieces_and_a_line_that_breaks_costs_one(node, amina):
    handoff = put(node)["ok"]
    whole = amina.hub.get(f"/api/v1/handoffs/{handoff}")["packets"][0]
    node.ask("unlock", name="amina", phone=True, url=amina.account.url, passphrase=PASSPHRASE, now=NOW)
    path = f"/api/v1/packets/{whole['manifest']}/files/att"
    node.ask("faults", rows=[{"path": path, "broken": True, "after": 2}])
    assert node.ask("open", name="amina", handoff=handoff) == {"refused": "peer_unreachable"}
    node.ask("faults", rows=[])
    assert node.ask("open", name="amina", handoff=handoff)["ok"]["attachments"] == {"photo.jpg": text(PHOTO)}
    asked = [path for _, path in node.ask("requests")["ok"] if "/files/att" in path]
    assert len(asked) == 1


def test_a_hub_that_never_has_anything_is_given_up(node, amina):
    node.ask("faults", rows=[{"path": "/api/v1/uploads", "body": '{"have": 0}'}])
    assert put(node) == {"refused": "peer_misbehaved"}
    node.ask("faults", rows=[{"path": "/api/v1/uploads", "body": '{"have": 99999999}'}])
    assert put(node) == {"refused": "peer_misbehaved"}


class Asker:
    """A member who speaks to the hub without a client."""

    def __init__(self, member):
        self.url = member.account.url
        member.hub.get("/api/v1/me")
        self.headers = {"Authorization": f"Bearer {member.hub._token}"}

    def put(self, piece, at=0, size=700_000, name=NAME):
        address = f"{self.url}/api/v1/uploads/{name}?at={at}&size={size}"
        answer = requests.put(address, data=piece, headers=self.headers, timeout=10)
        return answer.status_code, answer.json().get("have", answer.json().get("code"))


def test_pieces_are_written_once_in_their_order_and_checked(two_hubs):
    asker, other = (Asker(two_hubs.members[login]) for login in ("amina", "hana"))
    first, second = PAYLOAD[:400_000], PAYLOAD[400_000:]
    assert asker.put(first) == (200, 400_000)
    assert asker.put(first) == (200, 400_000)
    assert asker.put(second, 500_000) == (200, 400_000)
    assert asker.put(PAYLOAD[300_000:500_000], 300_000) == (200, 500_000)
    assert asker.put(second + b"more", 400_000)[0] == 413
    assert other.put(first) == (200, 400_000)
    assert asker.put(b"x" * 200_000, 500_000)[1] == "bad_signature"
    assert asker.put(b"", 0) == (200, 0)
    assert asker.put(first, name="..%2f..%2fhub.key")[0] in {400, 404}
    assert asker.put(first, name="short")[0] == 400
    assert asker.put(b"x" * 600_000, size=900_000)[0] == 413
    assert asker.put(first, size=2**39)[0] == 413


def test_what_nobody_takes_along_goes_after_a_day(two_hubs):
    hub = two_hubs.hubs[HOME].hub
    Asker(two_hubs.members["amina"]).put(PAYLOAD[:1000])
    folder = hub.settings.data / "uploads"
    assert list(folder.glob("*/*"))
    purge_payloads(hub)
    assert list(folder.glob("*/*"))
    for path in folder.glob("*/*"):
        os.utime(path, (NOW - 90_000, NOW - 90_000))
    assert Uploads(hub.settings.data, 1).sweep(NOW) >= 1
    assert not list(folder.glob("*"))
