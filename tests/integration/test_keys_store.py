"""Key documents in both databases: taken in, logged, and asked who may sign."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from hub.errors import BadSignature, Conflict, Forbidden, HubError, NotFound, UnknownSigner
from hub.handofflog.note import sign_checkpoint
from hub.handofflog.store import HandoffLog
from hub.keys import store as rows
from hub.keys.certificates import HubEntry, KeyEntry, MemberCert, Revocation, fingerprint, next_entry
from hub.keys.keyring import Keyring, proven_documents, pulled_documents
from hub.keys.pins import Pins, ProvenDocument, accept_agency
from hub.keys.store import KeyStore
from hub.packets.encoding import canonical
from hub.statements.verify import sign_statement, verify_statement
from tests.support.factories import (
    CERTIFIER_KEYS,
    CERTIFIERS,
    HOST,
    NOW,
    YEAR,
    Agency,
    hub_entry,
    hub_signer,
    register,
    signer,
    statement,
)

PEER = "peer.example"


def addis(host=HOST):
    agency = Agency("addis", host)
    agency.member("hana", "caseworker", "supervisor")
    agency.member("admin", "agency_admin")
    return agency


def ring(connection, certifiers=CERTIFIER_KEYS):
    return Keyring(connection, HOST, certifiers)


def key_of(store, member, role="caseworker", at=NOW):
    return store.member_key(member.agency, member.member, role, member.signer.kid, at)


def count(database):
    with database.read() as connection:
        tables = (rows.key_documents, rows.epoch_grants)
        sizes = [connection.execute(select(func.count()).select_from(table)).scalar() for table in tables]
        return [*sizes, HandoffLog(connection, HOST).head().size]


def refuses(database, error, act):
    before = count(database)
    with pytest.raises(error), database.write() as connection:
        act(ring(connection))
    assert count(database) == before


def test_a_registered_agency_and_its_members_can_sign(database):
    agency = addis()
    hana = agency.members["hana"]
    with database.write() as connection:
        register(connection, agency)
    with database.read() as connection:
        store = KeyStore(connection)
        assert store.agency(agency.agency) == agency.entry()
        assert [a.agency for a in store.agencies()] == [agency.agency]
        said = sign_statement(statement("referral.close", hana.actor()), [hana.signer])
        assert verify_statement(said.to_bytes(), store, now=NOW)
        assert store.sender_key(agency.agency, hana.signer.kid).member == hana.member
        assert store.hub_key(HOST, hub_signer().kid) == hub_signer().public_key
        assert [d["log_index"] for d in store.documents(HOST)] == [0, 1, 2, 3]
        assert len(store.documents(HOST, agency.agency)) == 3
        assert [m.member for m in store.members_with_roles(agency.agency, {"supervisor"}, NOW)] == [hana.member]
        assert store.members_with_roles(agency.agency, {"supervisor"}, NOW + 2 * YEAR) == ()


def test_who_is_not_known_cannot_sign(database):
    agency = addis()
    hana = agency.members["hana"]
    with database.write() as connection:
        register(connection, agency)
    with database.read() as connection:
        store = KeyStore(connection)
        for act in (
            lambda: store.member_key(agency.agency, hana.member, "caseworker", signer("ghost").kid, NOW),
            lambda: store.member_key("urn:rcp:agency:b@hub.example", hana.member, "caseworker", hana.signer.kid, NOW),
            lambda: store.sender_key(agency.agency, signer("ghost").kid),
            lambda: store.hub_key(HOST, signer("ghost").kid),
            lambda: store.hub_key("nowhere.example", hub_signer().kid),
        ):
            with pytest.raises(UnknownSigner):
                act()
        for changed in ({"role": "coordinator"}, {"at": NOW + 2 * YEAR}, {"at": NOW - 2 * YEAR}):
            with pytest.raises(BadSignature):
                key_of(store, hana, **changed)
        with pytest.raises(BadSignature):
            store.member_key(agency.agency, agency.members["admin"].member, "caseworker", hana.signer.kid, NOW)
        with pytest.raises(NotFound):
            store.agency("urn:rcp:agency:b@hub.example")
        assert store.member(agency.agency, "nobody") is None


def test_the_same_document_again_changes_nothing(database):
    agency = addis()
    with database.write() as connection:
        register(connection, agency)
    before = count(database)
    with database.write() as connection:
        keyring = ring(connection)
        keyring.publish(KeyEntry, agency.envelope().to_bytes(), now=NOW + 5)
        keyring.publish(MemberCert, agency.members["hana"].envelope.to_bytes(), now=NOW + 5, agency=agency.agency)
        keyring.publish(HubEntry, hub_entry().to_bytes(), now=NOW)
    assert count(database) == before


def test_the_next_key_entry_follows_the_one_before(database):
    agency = addis()
    second = agency.next(enc=(agency.epoch(1).public(), agency.epoch(2).public()))
    with database.write() as connection:
        register(connection, agency)
    with database.write() as connection:
        entry = ring(connection).publish(KeyEntry, second.to_bytes(), now=NOW, agency=agency.agency)
    with database.read() as connection:
        assert KeyStore(connection).agency(agency.agency) == entry
    other = agency.next(duty=("other",)).to_bytes()
    refuses(database, Conflict, lambda keys: keys.publish(KeyEntry, other, now=NOW))
    third = replace(next_entry(entry), prev=agency.published().hash).to_envelope(agency.root).to_bytes()
    refuses(database, BadSignature, lambda keys: keys.publish(KeyEntry, third, now=NOW))
    fork = replace(next_entry(entry), identity=replace(agency.identity, kind="authority"))
    refuses(
        database, BadSignature, lambda keys: keys.publish(KeyEntry, fork.to_envelope(agency.root).to_bytes(), now=NOW)
    )


def test_what_does_not_verify_leaves_everything_as_it_was(database):
    agency = addis()
    with database.write() as connection:
        register(connection, agency)
    ghost = agency.member("ghost", root=hub_signer()).envelope.to_bytes()
    uncertified = Agency("b", certifiers=CERTIFIERS[:1]).envelope().to_bytes()
    away = Agency("c", PEER).envelope().to_bytes()
    forged = replace(agency.revocation(agency.members["hana"]), signatures=agency.envelope().signatures).to_bytes()
    attempts = (
        lambda keys: keys.publish(MemberCert, ghost, now=NOW, agency=agency.agency),
        lambda keys: keys.publish(MemberCert, ghost, now=NOW, agency="urn:rcp:agency:b@hub.example"),
        lambda keys: keys.publish(KeyEntry, uncertified, now=NOW),
        lambda keys: keys.publish(KeyEntry, away, now=NOW),
        lambda keys: keys.publish(
            KeyEntry, agency.envelope().to_bytes(), now=NOW, agency="urn:rcp:agency:b@hub.example"
        ),
        lambda keys: keys.publish(Revocation, forged, now=NOW, agency=agency.agency),
        lambda keys: keys.publish(Revocation, forged, now=NOW, agency="urn:rcp:agency:b@hub.example"),
        lambda keys: keys.take(ghost, 99, host=HOST),
        lambda keys: keys.take(b"{}", 99, host=HOST),
    )
    for attempt in attempts:
        refuses(database, HubError, attempt)


def test_a_revoked_key_signs_nothing_more_and_holds_no_grant(database):
    agency = addis()
    hana = agency.members["hana"]
    with database.write() as connection:
        keyring = register(connection, agency)
        keyring.grant(agency.agency, agency.grant(hana), now=NOW)
        assert keyring.store.grants_for(agency.agency, hana.member)
        keyring.publish(Revocation, agency.revocation(hana).to_bytes(), now=NOW, agency=agency.agency)
        keyring.publish(Revocation, agency.revocation(hana, NOW + 1).to_bytes(), now=NOW, agency=agency.agency)
    with database.read() as connection:
        store = KeyStore(connection)
        with pytest.raises(BadSignature):
            key_of(store, hana)
        with pytest.raises(BadSignature):
            store.sender_key(agency.agency, hana.signer.kid)
        assert store.member(agency.agency, hana.member).revoked_at == NOW
        assert store.grants_for(agency.agency, hana.member) == ()
        assert store.members_with_roles(agency.agency, {"caseworker"}, NOW) == ()
    again = agency.member("hana", "caseworker", until=NOW + 9).envelope.to_bytes()
    refuses(database, BadSignature, lambda keys: keys.publish(MemberCert, again, now=NOW, agency=agency.agency))


def test_a_signature_before_the_revocation_in_the_log_stays_good(database):
    agency = addis(PEER)
    hana = agency.members["hana"]
    documents = [hub_entry(PEER), agency.envelope(), hana.envelope]
    with database.write() as connection:
        for index, envelope in enumerate(documents):
            ring(connection).take(envelope.to_bytes(), index, host=PEER)
        ring(connection).take(agency.revocation(hana).to_bytes(), 9, host=PEER)
    with database.read() as connection:
        store = KeyStore(connection)
        assert key_of(store.standing_at(PEER, 5), hana)
        for late in (store, store.standing_at(PEER, 10), store.standing_at(HOST, 5)):
            with pytest.raises(BadSignature):
                key_of(late, hana)
        with pytest.raises(UnknownSigner):
            key_of(store.standing_at(PEER, 1), hana)


def test_the_newest_certificate_of_a_key_says_which_roles_it_has(database):
    agency = addis()
    hana = agency.members["hana"]
    fewer = agency.member("hana", "caseworker")
    with database.write() as connection:
        agency.members["hana"] = hana
        keyring = register(connection, agency)
        assert key_of(keyring.store, hana, "supervisor")
        keyring.publish(MemberCert, fewer.envelope.to_bytes(), now=NOW, agency=agency.agency)
        with pytest.raises(BadSignature):
            key_of(keyring.store, hana, "supervisor")
        assert key_of(keyring.store.standing_at(HOST, 4), hana, "supervisor")


def test_a_key_belongs_to_one_member(database):
    agency = addis()
    stolen = agency.member("thief", sign=agency.members["hana"].cert.sign).envelope.to_bytes()
    del agency.members["thief"]
    with database.write() as connection:
        register(connection, agency)
    refuses(database, BadSignature, lambda keys: keys.publish(MemberCert, stolen, now=NOW, agency=agency.agency))


def test_epochs_are_granted_to_active_case_workers_devices_only(database):
    agency = addis()
    hana, admin = agency.members["hana"], agency.members["admin"]
    with database.write() as connection:
        keyring = register(connection, agency)
        keyring.grant(agency.agency, agency.grant(hana), now=NOW)
        keyring.grant(agency.agency, agency.grant(hana), now=NOW)
        assert len(keyring.store.grants_for(agency.agency, hana.member)) == 1
    to_admin = replace(agency.grant(hana), member=admin.member)
    refuses(database, Forbidden, lambda keys: keys.grant(agency.agency, to_admin, now=NOW))
    to_nobody = replace(agency.grant(hana), kid=signer("x").kid)
    refuses(database, Forbidden, lambda keys: keys.grant(agency.agency, to_nobody, now=NOW))
    unpublished = replace(agency.grant(hana), epoch=2)
    refuses(database, Conflict, lambda keys: keys.grant(agency.agency, unpublished, now=NOW))
    refuses(database, Forbidden, lambda keys: keys.grant(agency.agency, agency.grant(hana), now=NOW + 2 * YEAR))


def test_a_peer_speaks_only_for_those_who_are_at_home_there(database):
    agency = addis()
    with database.write() as connection:
        register(connection, agency)
    theirs = Agency("theirs", PEER)
    for document in (
        Agency("b").envelope(),
        agency.next(duty=("1",)),
        agency.member("ghost").envelope,
        agency.revocation(agency.members["hana"]),
        hub_entry(HOST),
        hub_entry("third.example"),
        theirs.member("early").envelope,
    ):
        data = document.to_bytes()
        if document.hash != hub_entry(HOST).hash:
            refuses(database, HubError, lambda keys, data=data: keys.take(data, 7, host=PEER))


def test_no_hub_of_a_barred_kind_is_taken_in(database):
    barred = hub_entry(PEER, "border_police").to_bytes()
    refuses(database, Forbidden, lambda keys: keys.take(barred, 0, host=PEER))


def test_two_documents_cannot_stand_at_one_place_of_a_log(database):
    agency = Agency("theirs", PEER)
    with database.write() as connection:
        ring(connection).take(agency.envelope().to_bytes(), 3, host=PEER)
    fork = agency.member("x").envelope.to_bytes()
    refuses(database, Conflict, lambda keys: keys.take(fork, 3, host=PEER))


def test_a_client_verifies_by_itself_what_the_hub_serves(database):
    agency = addis()
    with database.write() as connection:
        register(connection, agency)
        note = sign_checkpoint(HandoffLog(connection, HOST).head(), hub_signer())
        later = agency.member("later")
        ring(connection).publish(MemberCert, later.envelope.to_bytes(), now=NOW, agency=agency.agency)
    with database.write() as connection:
        answer = proven_documents(connection, HOST, note, agency.agency)
        KeyStore(connection).put_answer(HOST, canonical(answer))
        assert pulled_documents(connection, HOST, agency.agency) == answer
        with pytest.raises(NotFound):
            pulled_documents(connection, PEER, agency.agency)
    key = hub_signer().public_key
    head, pins = Pins(CERTIFIER_KEYS).trust_hub(HOST, key, fingerprint(key)).see_checkpoint(answer["checkpoint"], HOST)
    proven = [ProvenDocument.from_value(row) for row in answer["entries"]]
    found, _ = accept_agency(pins, agency.agency, proven, head)
    assert found.accepted
    assert {cert.member for cert in found.members(NOW)} == {
        agency.members["hana"].member,
        agency.members["admin"].member,
    }
