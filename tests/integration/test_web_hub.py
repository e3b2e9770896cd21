"""A whole hub: made, opened, asked about itself and its log; and one that must not open."""

from __future__ import annotations

import json
import stat

import pytest

from hub.app import create_hub, open_hub
from hub.errors import Conflict, InvalidRequest, Unavailable
from hub.handofflog.guard import ForkGuard
from hub.handofflog.merkle import extends, includes, leaf_of
from hub.handofflog.note import parse_checkpoint, verify_checkpoint
from hub.handofflog.store import HandoffLog
from hub.jobs.registry import publish, purge
from hub.keys.store import KeyStore
from hub.packets.dsse import Signer, sign_envelope
from hub.packets.encoding import b64u, from_b64, from_b64u
from hub.settings import Settings
from hub.web import identity
from tests.support.apps import ABOUT, running_hub


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path, clock):
    if request.param == "sqlite":
        with running_hub(tmp_path / "h", clock) as made:
            yield made
        return
    with request.getfixturevalue("postgres_server").database() as url, running_hub(tmp_path / "h", clock, url) as made:
        yield made


def append(hub, number):
    with hub.database.write() as connection:
        for i in range(number):
            document = sign_envelope("t", {"i": i, "from": number}, [hub.signer])
            HandoffLog(connection, hub.origin).append(document.to_bytes(), now=hub.clock.now())


def test_a_new_hubs_own_entry_is_the_first_of_its_log(world):
    hub, _app = world
    with hub.database.read() as connection:
        entry = KeyStore(connection).hub_entry("hub.example")
        assert (entry.sign, entry.operator) == (hub.signer.public_key, ABOUT.operator)
        assert HandoffLog(connection, hub.origin).head().size == 1


def test_the_key_is_readable_by_its_owner_alone_and_never_shown(world):
    hub, _app = world
    path = hub.settings.data / identity.KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in repr(hub) + (hub.settings.data / identity.IDENTITY_FILE).read_text()


def test_nobody_makes_a_second_hub_in_the_same_folder(world):
    hub, _app = world
    before = (hub.settings.data / identity.KEY_FILE).read_text()
    with pytest.raises(Conflict):
        create_hub(hub.settings, ABOUT)
    assert (hub.settings.data / identity.KEY_FILE).read_text() == before


def test_an_empty_folder_is_no_hub(tmp_path):
    with pytest.raises(Unavailable):
        open_hub(Settings(data=tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"host": 1}', '{"certifiers": 1}', "\x00"])
def test_an_identity_that_cannot_be_read_is_no_hub(tmp_path, clock, text):
    with running_hub(tmp_path, clock):
        (tmp_path / identity.IDENTITY_FILE).write_text(text)
        with pytest.raises(Unavailable):
            identity.load(tmp_path)


def test_certifiers_are_added_once_and_must_be_keys(tmp_path, clock):
    key = b64u(Signer(b"c" * 32).public_key)
    with running_hub(tmp_path, clock):
        identity.trust_certifier(tmp_path, key)
        assert identity.trust_certifier(tmp_path, key).certifiers == (key,)
        for wrong in ("", "x", b64u(bytes(32)), key + "="):
            with pytest.raises(InvalidRequest):
                identity.trust_certifier(tmp_path, wrong)


def test_a_hub_knows_its_address_from_its_creation_unless_told_otherwise(world):
    hub, _app = world
    assert hub.settings.url == "https://hub.example"


def test_a_hub_whose_database_was_rolled_back_does_not_open(tmp_path, clock):
    with running_hub(tmp_path, clock) as (hub, _app):
        (tmp_path / "before").write_bytes(b"")
        append(hub, 3)
        publish(hub)
        note = ForkGuard(hub.database, hub.origin, tmp_path).last_note()
        (tmp_path / "checkpoint").write_text(note.replace("\n4\n", "\n9\n"))
        with pytest.raises(Unavailable):
            open_hub(hub.settings, clock=clock)


def test_the_log_can_be_checked_by_anybody(world):
    hub, app = world
    client = app.test_client()
    first = parse_checkpoint(client.get("/log/checkpoint").text)
    append(hub, 5)
    assert publish(hub) == 1
    assert publish(hub) == 0
    note = client.get("/log/checkpoint").text
    head = verify_checkpoint(note, "hub.example", hub.signer.public_key)
    proof = client.get(f"/log/consistency?old={first.size}&new={head.size}").json["proof"]
    assert extends(first.size, first.root, head.size, head.root, [from_b64u(part) for part in proof])
    leaves = client.get("/log/entries?start=2&count=2").json
    assert leaves["start"] == 2
    for place, leaf in enumerate(leaves["leaves"], 2):
        answer = client.get(f"/log/proof?index={place}")
        assert answer.mimetype == "text/plain"
        first, index, *path = answer.text.partition("\n\n")[0].split("\n")
        assert (first, index) == ("c2sp.org/tlog-proof@v1", f"index {place}")
        assert includes(from_b64u(leaf), place, head.size, [from_b64(part) for part in path], head.root)
        assert answer.text.endswith(f"\n\n{note}")
    with hub.database.read() as connection:
        entry = HandoffLog(connection, hub.origin).entry(2)
    assert b64u(leaf_of(entry.salt, entry.document)) == leaves["leaves"][0]


def test_an_entry_after_the_published_checkpoint_has_no_proof_yet(world):
    hub, app = world
    append(hub, 1)
    assert app.test_client().get("/log/proof?index=1").status_code == 404


@pytest.mark.parametrize("query", ["index=-1", "index=x", "index=9007199254740992", ""])
def test_a_proof_is_asked_for_by_an_index(world, query):
    assert world[1].test_client().get(f"/log/proof?{query}").status_code == 422


def test_nobody_gets_documents_out_of_the_log(world):
    hub, app = world
    append(hub, 2)
    text = app.test_client().get("/log/entries").text
    assert set(json.loads(text)) == {"start", "leaves"}
    assert "payload" not in text


def test_health_says_how_the_hub_is(world):
    hub, app = world
    health = app.test_client().get("/healthz").json
    assert health == {
        "now": hub.clock.now(),
        "log_size": 1,
        "expiry_suspended_since": None,
        "last_sweep": None,
        "notices_waiting": 0,
        "notices_failed": 0,
        "jobs": [],
    }
    assert purge(hub) == 0


def test_every_answer_forbids_scripts_frames_and_caches(world):
    for path in ("/errors", "/nowhere", "/api/v1/me"):
        headers = world[1].test_client().get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"] == "no-store"
