"""The web client believes of keys what Python's believes, and refuses the same lies of a hub."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.client.enrol import device_fingerprint
from hub.directory.attestation import Attestation, read_attestation, sign_attestation
from hub.errors import BadSignature, HubError, PacketError
from hub.handofflog import merkle
from hub.keys import certificates as certs
from hub.keys.certificates import fingerprint
from hub.keys.devices import open_grant
from hub.keys.pins import Pins, TrustedKeys, accept_agency
from hub.packets.encoding import b64u, parse_json
from tests.support.factories import (
    CERTIFIER_KEYS,
    CERTIFIERS,
    HOST,
    NOW,
    Agency,
    hub_entry,
    hub_signer,
    seed,
    signer,
)
from tests.support.served import Served
from tests.support.web_modules import CLIENT, WebModules, text

KEY = hub_signer().public_key
PINS = Pins(certifiers=CERTIFIER_KEYS).trust_hub(HOST, KEY, fingerprint(KEY))


@pytest.fixture(scope="module")
def web():
    with WebModules(CLIENT) as running:
        yield running


def addis(**facts):
    agency = Agency("addis", **facts)
    agency.member("hana", "caseworker")
    return agency


def asked(served, agency, *, pins=PINS, documents=None, proof=(), digits="", note=None):
    served_rows = served.answer(documents)
    given = {"given": pins.to_value(), "note": note or served_rows["checkpoint"], "host": HOST}
    return given | {
        "proof": [text(node) for node in proof],
        "agency": agency.agency,
        "served": served_rows,
        "digits": digits,
    }


def python(served, agency, *, pins=PINS, documents=None, proof=(), digits="", note=None):
    head, pins = pins.see_checkpoint(note or served.note(), HOST, proof)
    return accept_agency(pins, agency.agency, documents or served.proven(), head, fingerprint=digits)


def both(web, served, agency, **how):
    """Return what both clients found, which is the same: the agency and the pins, or the code of what was refused."""
    found = web.ask("accept", now=NOW, **asked(served, agency, **how))
    try:
        trusted, pins = python(served, agency, **how)
    except HubError as error:
        code = error.code
    else:
        code = None
    if code is not None:
        assert found == {"refused": code}
        return code, None
    assert found["ok"] == {
        "how": trusted.how.value,
        "seq": trusted.entry.seq,
        "members": [cert.member for cert in trusted.members(NOW)],
        "old": [cert.member for cert in trusted.old_key],
        "pins": pins.to_value(),
    }
    return trusted.how.value, pins


def test_an_agency_is_certified_and_then_pinned(web):
    agency = addis()
    served = Served(agency.envelope(), agency.members["hana"].envelope)
    how, pins = both(web, served, agency)
    assert how == "certified"
    assert both(web, served, agency, pins=pins)[0] == "pinned"


def test_a_key_that_was_certified_counts_as_compared_once_somebody_compared_it(web):
    agency = addis()
    served = Served(agency.envelope())
    digits = fingerprint(agency.root.public_key)
    assert both(web, served, agency, digits=digits)[0] == "fingerprint"
    _, pins = both(web, served, agency)
    how, pins = both(web, served, agency, pins=pins, digits=digits)
    assert (how, pins.agencies[agency.agency].how) == ("fingerprint", "fingerprint")
    how, pins = both(web, served, agency, pins=pins)
    assert (how, pins.agencies[agency.agency].how) == ("pinned", "fingerprint")
    assert both(web, served, agency, pins=pins, digits=fingerprint(seed("other")))[0] == "pinned"


def test_an_agency_that_nobody_vouches_for_needs_its_fingerprint(web):
    agency = addis(certifiers=CERTIFIERS[:1])
    served = Served(agency.envelope())
    assert both(web, served, agency)[0] == "first_seen"
    assert both(web, served, agency, digits=fingerprint(agency.root.public_key))[0] == "fingerprint"
    assert both(web, served, agency, digits=fingerprint(seed("other")))[0] == "first_seen"


def test_a_hub_s_own_key_and_the_root_do_not_certify(web):
    agency = addis(certifiers=(CERTIFIERS[0], hub_signer()))
    pins = replace(PINS, certifiers=PINS.certifiers | {KEY, agency.root.public_key})
    assert both(web, Served(agency.envelope()), agency, pins=pins)[0] == "first_seen"
    own = addis()
    own.certifiers = (CERTIFIERS[0], own.root)
    assert both(web, Served(own.envelope()), own, pins=pins)[0] == "first_seen"


def _as_if_newer(pins):
    """The pins of who was shown another set of documents up to a later place."""
    return {name: replace(pin, newest=pin.newest + 1) for name, pin in pins.agencies.items()}


def _lies():
    agency = addis()
    hana = agency.members["hana"].envelope
    second = agency.next(enc=(agency.epoch(1).public(), agency.epoch(2).public()))
    served = Served(agency.envelope(), second)
    _, pins = python(served, agency)
    yield "older entry", served, agency, {"pins": pins, "documents": served.proven()[:1]}
    yield "hole", served, agency, {"documents": served.proven()[1:]}
    _, first = python(Served(agency.envelope()), agency)
    desk = replace(agency.identity, kind="authority")
    changed = Served(agency.envelope(), agency.next(identity=desk))
    yield "changed identity", changed, agency, {"pins": first, "proof": changed.consistency(2)}
    proven = Served(agency.envelope(), hana)
    one, two = proven.proven()
    ghost = Agency("addis").member("ghost").envelope.to_bytes()
    for lie in (replace(two, document=ghost), replace(two, index=1), replace(two, salt=bytes(32))):
        yield "not in the log", proven, agency, {"documents": [one, lie]}
    yield "injected", Served(agency.envelope(), Agency("addis").member("g", root=hub_signer()).envelope), agency, {}
    yield "certificate first", Served(hana, agency.envelope()), agency, {}
    yield "another agency", Served(Agency("clinic").envelope()), agency, {}
    yield "nothing", Served(Agency("clinic").envelope()), Agency("other"), {}
    forked = Served(agency.envelope(), Agency("addis").member("ghost").envelope)
    seen = PINS.see_checkpoint(proven.note(), HOST)[1]
    yield "fork", forked, agency, {"pins": seen}
    yield "rollback", Served(agency.envelope()), agency, {"pins": seen}
    longer = Served(agency.envelope(), Agency("addis").member("ghost").envelope, hana)
    yield "fork grown", longer, agency, {"pins": seen, "proof": longer.consistency(3)}
    yield "no proof", Served(agency.envelope(), hana, second), agency, {"pins": seen}
    yield "thief's note", proven, agency, {"note": proven.note(signer("thief"))}
    yield "no hub", proven, agency, {"pins": replace(PINS, hubs={})}
    revoked = agency.revocation(agency.members["hana"])
    again = Agency("addis").member("hana", "caseworker", until=NOW + 10).envelope
    yield "revoked again", Served(agency.envelope(), hana, revoked, again), agency, {}
    gone = Served(agency.envelope(), hana, revoked)
    _, seen = python(gone, agency)
    yield "revocation left out again", gone, agency, {"pins": seen, "documents": gone.proven()[:2]}
    grown = Served(agency.envelope(), hana, revoked, second)
    kept = [one for one in grown.proven() if one.index != gone.proven()[-1].index]
    yield "left out later", grown, agency, {"pins": seen, "proof": grown.consistency(4), "documents": kept}
    _, seen = python(gone, agency, documents=gone.proven()[:2])
    yield "left out, and shown later", gone, agency, {"pins": replace(seen, agencies=_as_if_newer(seen))}


@pytest.mark.parametrize(("what", "served", "agency", "how"), [pytest.param(*row, id=row[0]) for row in _lies()])
def test_a_hub_s_lies_about_keys_are_refused_alike(web, what, served, agency, how):
    assert both(web, served, agency, **how)[0] in {"bad_signature", "unknown_signer"}


def test_a_chain_that_goes_on_is_accepted(web):
    agency = addis()
    second = agency.next(duty=("1",))
    served = Served(agency.envelope(), second)
    assert both(web, served, agency)[0] == "certified"


def test_two_devices_of_a_member_know_together_what_each_has_seen(web):
    agency = addis()
    hana = agency.members["hana"]
    said = [agency.envelope(), hana.envelope, agency.revocation(hana)]
    _, before = both(web, Served(*said[:2]), agency)
    _, after = both(web, Served(*said), agency)
    _, compared = both(web, Served(*said[:2]), agency, digits=fingerprint(agency.root.public_key))
    for one, other in ((before, after), (after, before), (after, compared), (compared, after), (PINS, after)):
        found = web.ask("merge", one=one.to_value(), other=other.to_value())
        assert found == {"ok": one.joined(other).to_value()}
        pin = one.joined(other).agencies[agency.agency]
        assert pin.documents == after.agencies[agency.agency].documents
        assert (pin.how == "fingerprint") is (compared in (one, other))


def test_who_lost_a_case_role_keeps_the_old_key_alive_until_the_next_epoch(web):
    agency = addis()
    hana = agency.members["hana"]
    said = [agency.envelope(), hana.envelope, agency.revocation(hana)]
    both(web, Served(*said), agency)
    clerk = Agency("addis").member("hana", "auditor").envelope
    both(web, Served(*said[:2], clerk), agency)
    second = agency.next(enc=(agency.epoch(1).public(), agency.epoch(2).public()))
    both(web, Served(*said, second), agency)


@pytest.mark.parametrize("standing", [None, [HOST, 3], [HOST, 5], [HOST, 1], ["other.example", 3]], ids=str)
def test_what_was_signed_before_a_revocation_stays_good(web, standing):
    agency = addis()
    hana = agency.members["hana"]
    served = Served(agency.envelope(), hana.envelope, agency.next(duty=("1",)), agency.revocation(hana))
    given = asked(served, agency) | {"whose": agency.agency, "keyid": hana.signer.kid, "standing": standing}
    found = web.ask("sender", **given)
    trusted, pins = python(served, agency)
    keys = TrustedKeys({agency.agency: trusted}, pins.hubs)
    keys = keys.standing_at(*standing) if standing else keys
    try:
        expect = {"ok": text(keys.sender_key(agency.agency, hana.signer.kid).public_key)}
    except HubError as error:
        expect = {"refused": error.code}
    assert found == expect
    for other in ({"keyid": signer("x").kid}, {"whose": "urn:rcp:agency:other@hub.example"}):
        assert web.ask("sender", **{**given, **other}) == {"refused": "unknown_signer"}


def test_nothing_is_believed_of_an_agency_that_was_only_seen(web):
    agency = addis(certifiers=())
    hana = agency.members["hana"]
    given = asked(Served(agency.envelope(), hana.envelope), agency)
    found = web.ask("sender", **given, whose=agency.agency, keyid=hana.signer.kid, standing=None)
    assert found == {"refused": "unknown_signer"}


def test_a_hub_is_trusted_by_its_fingerprint_and_keeps_its_key(web):
    given = {"given": PINS.to_value(), "host": "et.example", "key": text(KEY), "digits": fingerprint(KEY)}
    assert web.ask("trust_hub", **given) == {"ok": PINS.trust_hub("et.example", KEY, fingerprint(KEY)).to_value()}
    assert web.ask("trust_hub", **{**given, "digits": fingerprint(seed("x"))}) == {"refused": "bad_signature"}
    other = {**given, "host": HOST, "key": text(seed("x")), "digits": fingerprint(seed("x"))}
    assert web.ask("trust_hub", **other) == {"refused": "bad_signature"}


@pytest.mark.parametrize("host", ["constructor", "tostring", "__proto__"])
def test_no_hub_has_the_name_of_what_every_object_has(web, host):
    note = Served().note().replace(HOST, host)
    found = web.ask("see", given=PINS.to_value(), note=note, host=host, proof=[])
    assert found == {"refused": "unknown_signer"}


def _documents():
    agency = addis()
    entry, cert = agency.entry().to_value(), agency.members["hana"].cert.to_value()
    yield "entry", agency, certs.KEY_ENTRY_TYPE, entry
    for name, change in {
        "kind": {"kind": "spies"},
        "country": {"country": "Et"},
        "hub": {"hub": "other.example"},
        "operator": {"operator": "a\tb"},
        "long": {"operator": "x" * 201},
        "accents": {"operator": "Rédd Bárna 儿童"},
        "epochs": {"enc": [*entry["enc"], *entry["enc"]]},
        "police": {"kind": "police"},
        "community": {"kind": "community_structure"},
        "root": {"root": b64u(bytes(32))},
        "twice": {"certs": [*entry["certs"], *entry["certs"]]},
        "version": {"v": 2},
        "more": {"more": {"kept": 1}},
        "recipient": {"enc": [{**entry["enc"][0], "recipient": "age1" + "q" * 58}]},
    }.items():
        yield f"entry {name}", agency, certs.KEY_ENTRY_TYPE, {**entry, **change}
    yield "certificate", agency, certs.MEMBER_CERT_TYPE, cert
    for name, change in {
        "role": {"roles": ["king"]},
        "no role": {"roles": []},
        "role twice": {"roles": ["auditor", "auditor"]},
        "period": {"until": cert["from"]},
        "key": {"sign": b64u(bytes(32))},
    }.items():
        yield f"certificate {name}", agency, certs.MEMBER_CERT_TYPE, {**cert, **change}
    held = {"v": 1, "agency": agency.agency, "sign": cert["sign"], "recipient": cert["recipient"], "at": NOW}
    yield "shares", agency, certs.RECOVERY_KEY_TYPE, {**held, "held": ["A", "B", "A"]}
    yield "one body", agency, certs.RECOVERY_KEY_TYPE, {**held, "held": ["A  b", "a B", "A b"]}
    yield "statement", agency, "application/vnd.rcp.statement+json;v=1", cert
    yield "prototype", agency, "application/vnd.rcp.constructor+json;v=1", cert


@pytest.mark.parametrize(("what", "agency", "kind", "value"), [pytest.param(*row, id=row[0]) for row in _documents()])
def test_key_documents_are_of_one_grammar(web, what, agency, kind, value):
    data = certs.sign_envelope(kind, value, [agency.root]).to_bytes()
    try:
        envelope = certs.read_envelope(data)
        certs.read_document(envelope)
        expect = {"ok": envelope.hash}
    except PacketError as error:
        expect = {"refused": error.code}
    assert web.ask("document", value=parse_json(data)) == expect


def test_a_hub_entry_changes_its_key_only_with_the_old_one(web):
    first = hub_entry()
    said = certs.HubEntry.from_envelope(first)
    new = signer("new hub key")
    following = replace(said, sign=new.public_key, seq=1, prev=first.hash, hash="")
    for signers in ((new, hub_signer()), (new,), (hub_signer(),), (hub_signer(), new)):
        envelope = following.to_envelope(*signers)
        try:
            expect = {"ok": certs.verify_hub_entry(envelope, said).hash}
        except BadSignature as error:
            expect = {"refused": error.code}
        found = web.ask("hub_entry", entry=parse_json(envelope.to_bytes()), previous=parse_json(first.to_bytes()))
        assert found == expect
    assert "ok" in web.ask("hub_entry", entry=parse_json(first.to_bytes()), previous=None)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), new=st.integers(1, 40))
def test_a_log_that_grew_is_known_from_one_that_did_not(web, data, new):
    leaves = [seed(f"leaf {n}") for n in range(new)]
    frontier = []
    hashes = {(0, n): leaf for n, leaf in enumerate(leaves)}
    for n, leaf in enumerate(leaves):
        hashes |= {(level, index): digest for level, index, digest in merkle.grow(frontier, n, leaf)}
    old = data.draw(st.integers(0, new))
    proof = merkle.consistency(old, new, lambda level, index: hashes[level, index])
    roots = {n: merkle.root(n, lambda level, index: hashes[level, index]) for n in (old, new)}
    change = data.draw(st.sampled_from(["none", "root", "proof", "cut", "more", "size"]))
    old_root = seed("x") if change == "root" else roots[old]
    said = {"proof": (seed("x"), *proof[1:]), "cut": proof[:-1], "more": (*proof, seed("x"))}.get(change, proof)
    size = old + 1 if change == "size" else old
    holds = merkle.extends(size, old_root, new, roots[new], said)
    heads = [{"origin": HOST, "size": n, "root": b64u(r)} for n, r in ((size, old_root), (new, roots[new]))]
    found = web.ask("grown", old=heads[0], now=heads[1], proof=[text(node) for node in said])
    assert found == ({"ok": True} if holds else {"refused": "bad_signature"})


def test_an_epoch_granted_by_either_opens_at_the_other(web):
    agency = addis()
    hana, epoch = agency.members["hana"], agency.epoch()
    device, published = hana.keys.to_value(), [epoch.public().to_value()]
    mine = epoch.grant(hana.cert).to_value()
    assert web.ask("open_grant", grant=mine, device=device, published=published) == {"ok": text(epoch.identity.secret)}
    cert = parse_json(hana.envelope.to_bytes())
    theirs = web.ask("grant", cert=cert, epoch=1, secret=text(epoch.identity.secret))["ok"]
    opened = open_grant(certs.EpochGrant.from_value(theirs), hana.keys, [epoch.public()])
    assert opened.identity.secret == epoch.identity.secret
    other = agency.member("omar", "auditor")
    lies = (
        {"published": [agency.epoch(2).public().to_value()]},
        {"published": [{**published[0], "suite": "age0"}]},
        {"device": other.keys.to_value()},
        {"grant": {**mine, "wrapped": b64u(bytes(80))}},
        {"grant": {**mine, "epoch": 2}},
    )
    for lie in lies:
        given = {"grant": mine, "device": device, "published": published} | lie
        assert web.ask("open_grant", **given) == {"refused": "bad_signature"}
    refused = web.ask("grant", cert=parse_json(other.envelope.to_bytes()), epoch=1, secret=text(bytes(32)))
    assert refused == {"refused": "wrong_recipient"}


def test_two_people_compare_the_same_digits_of_a_device(web):
    hana = addis().members["hana"]
    found = web.ask("device_digits", cert=parse_json(hana.envelope.to_bytes()))
    assert found == {"ok": device_fingerprint(hana.cert.sign, hana.cert.recipient)}


def test_a_declaration_counts_only_if_an_admin_signed_it(web):
    agency = addis()
    boss, hana = agency.member("boss", "agency_admin"), agency.members["hana"]
    served = Served(agency.envelope(), boss.envelope, hana.envelope)
    said = Attestation(agency.agency, "2028-11-01", "2027-11-01", NOW)
    theirs = web.ask("attest", said=asdict(said), seed=text(boss.keys.seed))["ok"]
    data = certs.Envelope.from_bytes(certs.canonical(theirs), theirs["payloadType"]).to_bytes()
    assert read_attestation(data, agency.agency, [boss.cert.sign], now=NOW) == said
    rows = (
        (sign_attestation(said, boss.signer), NOW, {"ok": {"v": 1, **asdict(said)}}),
        (sign_attestation(said, hana.signer), NOW, {"refused": "bad_signature"}),
        (sign_attestation(replace(said, agency="urn:rcp:agency:b@hub.example"), boss.signer), NOW, None),
        (sign_attestation(said, boss.signer), NOW - 601, {"refused": "expired"}),
    )
    for envelope, now, expect in rows:
        found = web.ask("attestation", value=parse_json(envelope.to_bytes()), now=now, **asked(served, agency))
        assert found == (expect or {"refused": "bad_signature"})
    long = {**asdict(said), "firewall_until": "2029-01-01"}
    assert web.ask("attest", said=long, seed=text(boss.keys.seed)) == {"refused": "malformed"}
