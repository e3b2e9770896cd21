"""Key documents: chains, certifiers, kinds, and the lies that must not pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import BadSignature, Malformed, UnsupportedVersion
from hub.keys import certificates as certs
from hub.packets.dsse import add_signature, sign_envelope
from hub.packets.encoding import b64u
from tests.support.factories import (
    CERTIFIER_KEYS,
    CERTIFIERS,
    NOW,
    Agency,
    hub_entry,
    hub_signer,
    seed,
    signer,
    some_id,
)

ADDIS = Agency("addis")
MINISTRY = Agency("ministry", kind="migration_authority")


def judged(envelope, previous=None, certifiers=CERTIFIER_KEYS, **given):
    return certs.verify_key_entry(envelope, previous, certifiers, **given)


def resigned(envelope, agency=ADDIS, /, **changes):
    return sign_envelope(envelope.payload_type, {**envelope.value, **changes}, [agency.root])


def test_a_first_key_entry_certified_twice_is_accepted():
    entry = judged(ADDIS.envelope())
    assert (entry.agency, entry.kind, entry.country, entry.seq) == (ADDIS.agency, "ngo", "ET", 0)
    assert entry.newest_epoch() == ADDIS.epoch().public()
    assert entry == ADDIS.entry()


def test_unknown_members_are_kept_and_signed_again():
    value = ADDIS.entry().to_value()
    value |= {
        "later": {"a": 1},
        "enc": [{**value["enc"][0], "pq": "x"}],
        "certs": [{**c, "n": 1} for c in value["certs"]],
    }
    envelope = sign_envelope(certs.KEY_ENTRY_TYPE, value, [ADDIS.root])
    assert judged(envelope).to_envelope(ADDIS.root).payload == envelope.payload
    cert = ADDIS.member("hana").envelope
    more = resigned(cert, later=1)
    assert certs.MemberCert.from_envelope(more).to_envelope(ADDIS.root).payload == more.payload
    entry = sign_envelope(certs.HUB_ENTRY_TYPE, {**hub_entry().value, "later": []}, [hub_signer()])
    assert certs.HubEntry.from_envelope(entry).to_envelope(hub_signer()).payload == entry.payload


@pytest.mark.parametrize(
    "certifiers",
    [(), CERTIFIERS[:1], (CERTIFIERS[0], signer("nobody")), (CERTIFIERS[0], ADDIS.root)],
    ids=["none", "one", "one and a stranger", "one and itself"],
)
def test_two_trusted_certifiers_are_needed(certifiers):
    with pytest.raises(BadSignature):
        judged(Agency("addis", certifiers=certifiers).envelope(), certifiers=CERTIFIER_KEYS | {ADDIS.root.public_key})


def test_one_certifier_twice_is_not_two():
    with pytest.raises(Malformed):
        judged(Agency("addis", certifiers=(CERTIFIERS[0], CERTIFIERS[0])).envelope())


def test_the_operator_of_the_home_hub_does_not_count_as_certifier():
    agency = Agency("addis", certifiers=(CERTIFIERS[0], hub_signer()))
    trusted = CERTIFIER_KEYS | {hub_signer().public_key}
    assert judged(agency.envelope(), certifiers=trusted)
    with pytest.raises(BadSignature):
        judged(agency.envelope(), certifiers=trusted, barred=[hub_signer().public_key])


def test_a_forged_certification_spoils_the_entry():
    forged = replace(ADDIS.entry().certs[1], sig=bytes(64))
    with pytest.raises(BadSignature):
        judged(ADDIS.envelope(certs=(ADDIS.entry().certs[0], forged)))


def test_an_entry_that_the_root_did_not_sign_is_refused():
    with pytest.raises(BadSignature):
        judged(ADDIS.entry().to_envelope(signer("hub operator")))


def test_a_new_epoch_needs_no_new_certification():
    first = ADDIS.published()
    second = judged(ADDIS.next(enc=(ADDIS.epoch(1).public(), ADDIS.epoch(2).public())), first)
    assert (second.seq, second.prev, second.newest_epoch().epoch) == (1, first.hash, 2)


@pytest.mark.parametrize(
    "change",
    [{"kind": "authority"}, {"country": "DJ"}, {"parent": "A ministry"}, {"operator": "Somebody else"}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_identity_needs_both_certifiers_again(change):
    identity = replace(ADDIS.identity, **change)
    old = ADDIS.next(identity=identity)
    with pytest.raises(BadSignature):
        judged(old, ADDIS.published())
    once = tuple(certs.certify(identity, c, NOW) for c in CERTIFIERS[:1])
    with pytest.raises(BadSignature):
        judged(ADDIS.next(identity=identity, certs=once), ADDIS.published())
    twice = tuple(certs.certify(identity, c, NOW) for c in CERTIFIERS)
    assert judged(ADDIS.next(identity=identity, certs=twice), ADDIS.published()).identity == identity


def test_a_ministry_cannot_turn_itself_into_a_child_desk():
    disguised = replace(MINISTRY.identity, kind="child_home")
    envelope = MINISTRY.next(identity=disguised, enc=(MINISTRY.epoch().public(),), inboxes=(some_id(),))
    with pytest.raises(BadSignature):
        judged(envelope, MINISTRY.published())


@pytest.mark.parametrize("kind", sorted(certs.NEVER_RECEIVE))
def test_a_body_that_never_receives_publishes_no_epoch_and_no_inbox(kind):
    agency = Agency("police", kind=kind)
    assert judged(agency.envelope(enc=(), inboxes=()))
    for open_door in ({"enc": (agency.epoch().public(),), "inboxes": ()}, {"enc": (), "inboxes": (some_id(),)}):
        with pytest.raises(Malformed):
            judged(agency.envelope(**open_door))


def test_a_community_structure_has_no_epoch():
    coalition = Agency("coalition", kind="community_structure")
    with pytest.raises(Malformed):
        judged(coalition.envelope(enc=(coalition.epoch().public(),)))
    entry = judged(coalition.envelope(enc=()))
    with pytest.raises(Malformed):
        entry.newest_epoch()


def test_a_suite_that_we_do_not_know_is_not_sealed_to():
    later = certs.Epoch(2, ADDIS.epoch(2).public().recipient, "age1pq+ed25519")
    entry = judged(ADDIS.envelope(enc=(ADDIS.epoch().public(), later)))
    with pytest.raises(UnsupportedVersion):
        entry.newest_epoch()


def test_an_entry_out_of_its_chain_is_refused():
    first = ADDIS.published()
    second = certs.KeyEntry.from_envelope(ADDIS.next(duty=("1",)))
    third = certs.next_entry(second).to_envelope(ADDIS.root)
    for envelope, previous in ((ADDIS.envelope(), first), (third, first), (third, None), (ADDIS.next(), second)):
        with pytest.raises(BadSignature):
            judged(envelope, previous)
    assert judged(third, second).seq == 2
    other = Agency("clinic").published()
    with pytest.raises(BadSignature):
        judged(ADDIS.next(), other)


SMALL_ORDER = bytes(32)


@pytest.mark.parametrize("key", [SMALL_ORDER, b"\x01" + bytes(31), bytes([0xEC]) + b"\xff" * 30 + b"\x7f"])
def test_keys_of_small_order_are_not_registered(key):
    entry = resigned(ADDIS.envelope(), root=b64u(key))
    cert = resigned(ADDIS.member("hana").envelope, sign=b64u(key))
    with pytest.raises(Malformed):
        certs.KeyEntry.from_envelope(entry)
    with pytest.raises(Malformed):
        certs.MemberCert.from_envelope(cert)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "embassy"},
        {"kind": None},
        {"country": "Ethiopia"},
        {"agency": "addis"},
        {"hub": "elsewhere.example"},
        {"seq": -1},
        {"seq": True},
        {"prev": "x"},
        {"enc": [{"epoch": 1}]},
        {"enc": [{"epoch": 1, "suite": "age1+ed25519", "recipient": "age1qqqq"}]},
        {"inboxes": ["x"]},
        {"duty": ["line\nbreak"]},
        {"operator": ""},
        {"certs": None},
        {"root": "AA"},
    ],
)
def test_a_key_entry_that_is_not_of_the_grammar_is_malformed(change):
    with pytest.raises(Malformed):
        judged(resigned(ADDIS.envelope(), **change))


def test_epochs_rise():
    with pytest.raises(Malformed):
        judged(ADDIS.envelope(enc=(ADDIS.epoch(2).public(), ADDIS.epoch(1).public())))


def test_another_version_of_a_key_document_is_unsupported():
    with pytest.raises(UnsupportedVersion):
        judged(resigned(ADDIS.envelope(), v=2))


def test_a_document_of_one_type_is_never_read_as_another():
    cert = ADDIS.member("hana").envelope
    with pytest.raises(Malformed):
        judged(cert)
    with pytest.raises(Malformed):
        certs.verify_by_root(certs.MemberCert, ADDIS.revocation(ADDIS.member("hana")), ADDIS.published())
    relabelled = replace(cert, payload_type=certs.KEY_ENTRY_TYPE)
    with pytest.raises(Malformed):
        judged(relabelled)
    with pytest.raises(Malformed):
        certs.read_envelope(b"[]")
    with pytest.raises(Malformed):
        certs.read_envelope(b'{"payloadType":"application/vnd.rcp.statement+json;v=1"}')


def test_the_root_of_the_agency_certifies_its_members():
    hana = ADDIS.member("hana", "caseworker", "supervisor")
    cert = certs.verify_by_root(certs.MemberCert, hana.envelope, ADDIS.published())
    assert (cert.member, cert.roles, cert.keyid) == (hana.member, {"caseworker", "supervisor"}, hana.signer.kid)


def test_a_hub_cannot_inject_a_device():
    injected = ADDIS.member("nobody", root=hub_signer())
    with pytest.raises(BadSignature):
        certs.verify_by_root(certs.MemberCert, injected.envelope, ADDIS.published())
    with pytest.raises(BadSignature):
        certs.verify_by_root(certs.MemberCert, Agency("clinic").member("x").envelope, ADDIS.published())
    with pytest.raises(BadSignature):
        certs.verify_by_root(
            certs.MemberCert, add_signature(ADDIS.member("hana").envelope, hub_signer()), ADDIS.published()
        )


@pytest.mark.parametrize(
    "change",
    [{"roles": []}, {"roles": ["boss"]}, {"roles": ["caseworker"] * 2}, {"from": NOW, "until": NOW}, {"member": "x"}],
)
def test_a_certificate_that_is_not_of_the_grammar_is_malformed(change):
    with pytest.raises(Malformed):
        certs.verify_by_root(certs.MemberCert, resigned(ADDIS.member("hana").envelope, **change), ADDIS.published())


def test_only_the_root_revokes():
    hana = ADDIS.member("hana")
    assert certs.verify_by_root(certs.Revocation, ADDIS.revocation(hana), ADDIS.published()).sign == hana.cert.sign
    forged = certs.Revocation(ADDIS.agency, hana.member, hana.cert.sign, NOW).to_envelope(hub_signer())
    with pytest.raises(BadSignature):
        certs.verify_by_root(certs.Revocation, forged, ADDIS.published())


def test_a_new_hub_key_is_signed_for_by_the_old_one():
    first = certs.verify_hub_entry(hub_entry(), None)
    new = signer("new hub key")
    moved = replace(first, sign=new.public_key, seq=1, prev=first.hash)
    assert certs.verify_hub_entry(moved.to_envelope(new, hub_signer()), first).sign == new.public_key
    for signers in ([new], [new, signer("thief")], [hub_signer()]):
        with pytest.raises(BadSignature):
            certs.verify_hub_entry(moved.to_envelope(*signers), first)
    with pytest.raises(BadSignature):
        certs.verify_hub_entry(hub_entry(), first)


def test_a_fingerprint_is_sixty_digits_that_depend_on_every_key():
    one = certs.fingerprint(seed("one"))
    assert len(one.split()) == 12
    assert all(len(group) == 5 and group.isdigit() for group in one.split())
    assert one == certs.fingerprint(seed("one")) != certs.fingerprint(seed("two"))


def test_a_grant_is_of_its_grammar():
    grant = ADDIS.grant(ADDIS.member("hana"))
    assert certs.EpochGrant.from_value(grant.to_value()) == grant
    for change in ({"epoch": 0}, {"wrapped": "AA"}, {"kid": "x"}, {"more": 1}):
        with pytest.raises(Malformed):
            certs.EpochGrant.from_value(grant.to_value() | change)
