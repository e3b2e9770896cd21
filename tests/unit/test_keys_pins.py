"""What a client believes of what a hub serves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import BadSignature, Malformed, UnknownSigner
from hub.keys.certificates import certify, fingerprint
from hub.keys.pins import How, Pins, ProvenDocument, TrustedKeys, accept_agency
from hub.packets.encoding import b64u, canonical, parse_json
from hub.statements.grammar import HubActor
from hub.statements.verify import sign_statement, verify_statement
from tests.support.factories import (
    CERTIFIER_KEYS,
    CERTIFIERS,
    HOST,
    NOW,
    Agency,
    hub_signer,
    seed,
    signer,
    statement,
)
from tests.support.served import Served

KEY = hub_signer().public_key
PINS = Pins(certifiers=CERTIFIER_KEYS).trust_hub(HOST, KEY, fingerprint(KEY))


def accepted(served, agency, pins=PINS, documents=None, proof=(), **given):
    head, pins = pins.see_checkpoint(served.note(), HOST, proof)
    return accept_agency(pins, agency.agency, documents or served.proven(), head, **given)


def addis():
    agency = Agency("addis")
    agency.member("hana", "caseworker")
    return agency


def test_a_certified_agency_is_accepted_and_pinned():
    agency = addis()
    hana = agency.members["hana"]
    served = Served(agency.envelope(), hana.envelope)
    found, pins = accepted(served, agency)
    assert (found.how, found.accepted) == (How.CERTIFIED, True)
    assert found.members(NOW) == (hana.cert,)
    assert found.members(hana.cert.until + 1) == ()
    again, after = accepted(served, agency, pins)
    assert again.how is How.PINNED
    assert after.agencies[agency.agency].how is How.CERTIFIED
    assert Pins.from_value(parse_json(canonical(pins.to_value()))) == pins


def test_an_agency_that_nobody_vouches_for_is_shown_and_not_accepted():
    agency = Agency("addis", certifiers=CERTIFIERS[:1])
    served = Served(agency.envelope())
    found, pins = accepted(served, agency)
    assert (found.how, found.accepted, pins.agencies) == (How.FIRST_SEEN, False, {})
    found, pins = accepted(served, agency, fingerprint=fingerprint(agency.root.public_key))
    assert (found.how, found.accepted) == (How.FINGERPRINT, True)
    wrong, _ = accepted(served, agency, fingerprint=fingerprint(seed("other")))
    assert not wrong.accepted


def test_the_hubs_own_key_does_not_certify():
    agency = Agency("addis", certifiers=(CERTIFIERS[0], hub_signer()))
    pins = replace(PINS, certifiers=PINS.certifiers | {KEY})
    assert not accepted(Served(agency.envelope()), agency, pins)[0].accepted


def test_an_older_key_entry_than_was_accepted_is_refused():
    agency = addis()
    second = agency.next(enc=(agency.epoch(1).public(), agency.epoch(2).public()))
    served = Served(agency.envelope(), second)
    _, pins = accepted(served, agency)
    with pytest.raises(BadSignature):
        accepted(served, agency, pins, documents=served.proven()[:1])


def test_a_chain_with_a_hole_is_refused():
    agency = addis()
    second = agency.next(duty=("1",))
    served = Served(agency.envelope(), second)
    with pytest.raises(BadSignature):
        accepted(served, agency, documents=served.proven()[1:])
    with pytest.raises(BadSignature):
        accepted(Served(), agency, documents=[])


def test_a_changed_identity_needs_both_certifiers_again():
    agency = addis()
    _, pins = accepted(Served(agency.envelope()), agency)
    desk = replace(agency.identity, kind="authority")
    served = Served(agency.envelope(), agency.next(identity=desk))
    with pytest.raises(BadSignature):
        accepted(served, agency, pins, proof=served.consistency(2))
    again = tuple(certify(desk, c, NOW) for c in CERTIFIERS)
    served = Served(agency.envelope(), agency.next(identity=desk, certs=again))
    found, _ = accepted(served, agency, pins, proof=served.consistency(2))
    assert (found.how, found.entry.kind) == (How.CERTIFIED, "authority")


def test_a_document_that_the_log_does_not_hold_is_refused():
    agency = addis()
    served = Served(agency.envelope(), agency.members["hana"].envelope)
    first, second = served.proven()
    injected = agency.member("ghost").envelope.to_bytes()
    for lie in (replace(second, document=injected), replace(second, index=1), replace(second, salt=bytes(32))):
        with pytest.raises(BadSignature):
            accepted(served, agency, documents=[first, lie])


def test_a_hub_cannot_inject_a_device_even_into_its_log():
    agency = addis()
    served = Served(agency.envelope(), agency.member("ghost", root=hub_signer()).envelope)
    with pytest.raises(BadSignature):
        accepted(served, agency)


def test_a_certificate_before_the_key_entry_or_of_another_agency_is_refused():
    agency, clinic = addis(), Agency("clinic")
    hana = agency.members["hana"].envelope
    with pytest.raises(BadSignature):
        accepted(Served(hana, agency.envelope()), agency)
    with pytest.raises(BadSignature):
        accepted(Served(clinic.envelope()), agency)


def test_a_log_that_was_rolled_back_or_forked_is_noticed():
    agency = addis()
    served = Served(agency.envelope(), agency.members["hana"].envelope)
    _, pins = PINS.see_checkpoint(served.note(), HOST)
    assert pins.see_checkpoint(served.note(), HOST)[0] == served.head()
    forked = Served(agency.envelope(), agency.member("ghost").envelope)
    shorter = Served(agency.envelope())
    longer = Served(agency.envelope(), agency.members["ghost"].envelope, agency.members["hana"].envelope)
    for other in (forked, shorter):
        with pytest.raises(BadSignature):
            pins.see_checkpoint(other.note(), HOST)
    with pytest.raises(BadSignature):
        pins.see_checkpoint(longer.note(), HOST, longer.consistency(3))


def test_only_a_pinned_hub_signs_checkpoints():
    served = Served()
    with pytest.raises(UnknownSigner):
        PINS.see_checkpoint(served.note(), "other.example")
    with pytest.raises(BadSignature):
        PINS.see_checkpoint(served.note(signer("thief")), HOST)
    with pytest.raises(BadSignature):
        PINS.trust_hub(HOST, seed("another key"), fingerprint(seed("another key")))
    with pytest.raises(BadSignature):
        PINS.trust_hub("other.example", KEY, fingerprint(seed("x")))
    with pytest.raises(BadSignature):
        accept_agency(PINS, addis().agency, [], served.head())


def test_trusted_keys_verify_statements_and_packets():
    agency = addis()
    hana = agency.members["hana"]
    served = Served(agency.envelope(), hana.envelope, agency.revocation(hana))
    found, pins = accepted(served, agency)
    keys = TrustedKeys({agency.agency: found}, pins.hubs)
    said = sign_statement(statement("referral.close", hana.actor()), [hana.signer]).to_bytes()
    with pytest.raises(BadSignature):
        verify_statement(said, keys, now=NOW)
    found, _ = accepted(Served(agency.envelope(), hana.envelope), agency)
    keys = TrustedKeys({agency.agency: found}, pins.hubs)
    assert verify_statement(said, keys, now=NOW)
    assert keys.sender_key(agency.agency, hana.signer.kid).public_key == hana.cert.sign
    hub = sign_statement(statement("referral.expire", HubActor(HOST), body={"clock": "c"}), [hub_signer()])
    assert verify_statement(hub.to_bytes(), keys, now=NOW)
    with pytest.raises(BadSignature):
        keys.member_key(agency.agency, hana.member, "supervisor", hana.signer.kid, NOW)
    for unknown in (agency.agency, "urn:rcp:agency:other@hub.example"):
        with pytest.raises(UnknownSigner):
            keys.sender_key(unknown, signer("x").kid)
    with pytest.raises(UnknownSigner):
        keys.hub_key("other.example", hub_signer().kid)


def test_what_was_signed_before_the_revocation_stays_good():
    agency = addis()
    hana = agency.members["hana"]
    filler = agency.next(duty=("1",))
    found, _ = accepted(Served(agency.envelope(), hana.envelope, filler, agency.revocation(hana)), agency)
    keys = TrustedKeys({agency.agency: found}, {})
    assert keys.standing_at(HOST, 3).sender_key(agency.agency, hana.signer.kid)
    for standing in (keys, keys.standing_at(HOST, 5), keys.standing_at("other.example", 3), keys.standing_at(HOST, 1)):
        with pytest.raises(BadSignature):
            standing.sender_key(agency.agency, hana.signer.kid)
    assert found.members(NOW) == ()


def test_a_revoked_key_is_not_certified_again():
    agency = addis()
    hana = agency.members["hana"]
    longer = agency.member("hana", "caseworker", until=NOW + 10).envelope
    with pytest.raises(BadSignature):
        accepted(Served(agency.envelope(), hana.envelope, agency.revocation(hana), longer), agency)


def test_documents_and_pins_are_of_their_form():
    agency = addis()
    proven = Served(agency.envelope()).proven()[0]
    row = {
        "document": parse_json(proven.document),
        "index": proven.index,
        "salt": b64u(proven.salt),
        "proof": [b64u(node) for node in proven.proof],
    }
    assert ProvenDocument.from_value(row) == proven
    for wrong in ({"index": "1"}, {"salt": "AA"}, {"proof": None}, {"document": 1}, {"more": 1}):
        with pytest.raises(Malformed):
            ProvenDocument.from_value(row | wrong)
    for wrong in ({}, [], {"certifiers": 1, "hubs": {}, "agencies": {}, "checkpoints": {}}):
        with pytest.raises(Malformed):
            Pins.from_value(wrong)
