"""Key documents over HTTP: an invited agency registers, certifies, revokes, grants; a client verifies what it reads."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from flask import Flask, g, request

import hub.web.key_routes
from hub.auth.permissions import Caller, register_verifier
from hub.context import EXTENSION, Hub
from hub.handofflog.merkle import inclusion, leaf_of, node_hash, root
from hub.handofflog.note import sign_checkpoint
from hub.keys.certificates import fingerprint, next_entry
from hub.keys.pins import How, Pins, ProvenDocument, accept_agency
from hub.keys.store import KeyStore
from hub.keys.vault import login_verifier
from hub.packets.checkpoint import Checkpoint
from hub.packets.encoding import b64u, canonical, parse_json
from hub.settings import Settings
from hub.web.frame import frame
from tests.support.factories import CERTIFIER_KEYS, HOST, NOW, Agency, hub_entry, hub_signer, register

PEER = "peer.example"


def as_json(envelope):
    return parse_json(envelope.to_bytes())


@pytest.fixture
def addis():
    agency = Agency("addis")
    agency.member("hana", "caseworker", "agency_admin")
    return agency


@pytest.fixture
def hub_(database, clock, tmp_path):
    settings = Settings(data=tmp_path, url=f"https://{HOST}")
    return Hub(settings, database, clock, hub_signer(), HOST, CERTIFIER_KEYS)


@pytest.fixture
def client(hub_, addis):
    """A client whose header says who asks; how that is proven is tested with the accounts."""
    app = Flask("test", static_folder=None)
    app.extensions[EXTENSION] = hub_
    api = frame(app, hub_.settings)

    def somebody():
        g.account = SimpleNamespace(verifier=login_verifier(bytes(32)))
        member = request.headers.get("X-Member", "")
        agency = request.headers.get("X-Agency", addis.agency)
        return Caller(agency, member, frozenset(request.headers.get("X-Roles", "").split()), pending=not member)

    register_verifier(app, "member", somebody)
    register_verifier(app, "invitation", lambda: Caller(addis.agency))
    api.register_blueprint(hub.web.key_routes.blueprint)
    return app.test_client()


def headers(member, roles="caseworker agency_admin"):
    return {"X-Member": member.member, "X-Roles": roles}


def found(client, addis):
    """Register the agency and its first member."""
    entry = client.post("/api/v1/agencies", json={"entry": as_json(addis.envelope())})
    assert entry.status_code == 201, entry.json
    certificate = {"certificate": as_json(addis.members["hana"].envelope)}
    assert client.post("/api/v1/members", json=certificate).status_code == 201
    return headers(addis.members["hana"])


def read(client, agency, pins, who, **given):
    answer = client.get(f"/api/v1/agencies/{agency}", headers=who).json
    host = agency.partition("@")[2]
    head, pins = pins.see_checkpoint(answer["checkpoint"], host)
    return accept_agency(pins, agency, [ProvenDocument.from_value(row) for row in answer["entries"]], head, **given)[0]


def pinned(host=HOST):
    key = hub_signer(host).public_key
    return Pins(CERTIFIER_KEYS).trust_hub(host, key, fingerprint(key))


def test_an_invited_agency_registers_and_a_client_verifies_it(client, addis):
    who = found(client, addis)
    assert [row["agency"] for row in client.get("/api/v1/agencies", headers=who).json] == [addis.agency]
    trusted = read(client, addis.agency, pinned(), who)
    assert (trusted.how, trusted.entry) == (How.CERTIFIED, addis.entry())
    assert [cert.member for cert in trusted.members(NOW)] == [addis.members["hana"].member]
    assert client.get("/api/v1/members", headers=who).json[0]["roles"] == ["agency_admin", "caseworker"]


def test_an_invitation_is_for_one_agency(client):
    answer = client.post("/api/v1/agencies", json={"entry": as_json(Agency("clinic").envelope())})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_an_agency_that_nobody_certified_is_not_registered(client, database, addis):
    lonely = Agency("addis", certifiers=())
    answer = client.post("/api/v1/agencies", json={"entry": as_json(lonely.envelope())})
    assert answer.json["code"] == "bad_signature"
    with database.read() as connection:
        assert KeyStore(connection).agencies() == ()


def test_the_next_key_entry_is_published_by_an_admin_of_the_agency(client, addis):
    who = found(client, addis)
    body = {"entry": as_json(addis.next(duty=("+251 911",)))}
    path = f"/api/v1/agencies/{addis.agency}/entries"
    assert client.post(path, json=body, headers=headers(addis.members["hana"], "caseworker")).status_code == 403
    assert client.post(path.replace("addis", "clinic"), json=body, headers=who).status_code == 404
    assert client.post(path, json=body, headers=who).json["seq"] == 1
    skipped = next_entry(replace(addis.published(), seq=5)).to_envelope(addis.root)
    assert client.post(path, json={"entry": as_json(skipped)}, headers=who).status_code == 409


def test_a_revocation_goes_before_the_new_certificate(client, addis):
    who = found(client, addis)
    old, new = addis.members["hana"], addis.member("new phone", "caseworker")
    body = {"revocation": as_json(addis.revocation(old)), "certificate": as_json(new.envelope)}
    devices = client.post("/api/v1/members", json=body, headers=who).json
    assert [row["revoked_at"] for row in devices] == [None, NOW]
    assert [cert.member for cert in read(client, addis.agency, pinned(), who).members(NOW)] == [new.member]


def test_a_hub_or_thief_certifies_nobody(client, addis):
    who = found(client, addis)
    ghost = addis.member("ghost", root=hub_signer())
    answer = client.post("/api/v1/members", json={"certificate": as_json(ghost.envelope)}, headers=who)
    assert answer.json["code"] == "bad_signature"
    for wrong in ({}, {"certificate": {}}, {"certificate": "x"}, {"other": 1}):
        assert client.post("/api/v1/members", json=wrong, headers=who).json["code"] == "invalid_request"


def test_an_epoch_is_granted_and_fetched(client, addis):
    who = found(client, addis)
    hana = addis.members["hana"]
    grants = {"grants": [addis.grant(hana).to_value()], "current": b64u(bytes(32))}
    assert client.put("/api/v1/grants", json=grants, headers=headers(hana, "coordinator")).status_code == 403
    assert client.put("/api/v1/grants", json=grants, headers=who).status_code == 204
    assert client.get("/api/v1/grants", headers=who).json == grants["grants"]
    spoilt = [replace(addis.grant(hana), wrapped=bytes(80)).to_value()]
    for stolen, status in (({}, 422), ({"current": b64u(b"x" * 32)}, 403)):
        assert client.put("/api/v1/grants", json={"grants": spoilt, **stolen}, headers=who).status_code == status
    assert client.get("/api/v1/grants", headers=who).json == grants["grants"], "a stolen session spoils no grant"


def test_no_epoch_is_granted_to_a_coordinator(client, addis):
    who = found(client, addis)
    clerk = addis.member("clerk", "coordinator")
    client.post("/api/v1/members", json={"certificate": as_json(clerk.envelope)}, headers=who)
    forced = replace(addis.grant(addis.members["hana"]), member=clerk.member, kid=clerk.keys.identity.recipient.kid)
    answer = client.put("/api/v1/grants", json={"grants": [forced.to_value()], "current": b64u(bytes(32))}, headers=who)
    assert answer.status_code == 403
    assert client.get("/api/v1/grants", headers=headers(clerk, "coordinator")).json == []


def test_an_agency_of_a_peer_comes_with_the_peers_own_proofs(client, hub_, database, addis):
    who = found(client, addis)
    theirs = Agency("theirs", PEER)
    with database.write() as connection:
        register(connection, theirs)
    assert client.get(f"/api/v1/agencies/{theirs.agency}", headers=who).status_code == 404
    with database.write() as connection:
        documents = [hub_entry(PEER).to_bytes(), theirs.envelope().to_bytes()]
        leaves = [leaf_of(bytes(32), document) for document in documents]

        def hash_at(level, index):
            return leaves[index] if level == 0 else node_hash(*leaves)

        entries = [
            {
                "document": parse_json(document),
                "index": index,
                "salt": b64u(bytes(32)),
                "proof": [b64u(node) for node in inclusion(index, 2, hash_at)],
            }
            for index, document in enumerate(documents)
        ]
        note = sign_checkpoint(Checkpoint(PEER, 2, root(2, hash_at)), hub_signer(PEER))
        KeyStore(connection).put_answer(PEER, canonical({"checkpoint": note, "entries": entries}))
    assert read(client, theirs.agency, pinned(PEER), who).accepted


def test_an_unknown_agency_is_not_found(client, addis):
    who = found(client, addis)
    assert client.get("/api/v1/agencies/urn:rcp:agency:nobody@hub.example", headers=who).status_code == 404
