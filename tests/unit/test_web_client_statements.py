"""The web client reads, signs and verifies statements as Python's does, and seals packets; forgeries are refused."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from hub.errors import HubError
from hub.handofflog import merkle
from hub.keys.certificates import fingerprint
from hub.keys.pins import Pins, TrustedKeys, accept_agency
from hub.packets import seal
from hub.packets.age import Identity
from hub.packets.dsse import sign_envelope
from hub.packets.encoding import b64u, canonical, parse_json
from hub.packets.manifest import SenderKey
from hub.packets.verify import verify
from hub.statements.bodies import KINDS
from hub.statements.grammar import STATEMENT_TYPE, Grade, HubActor, Statement
from hub.statements.receipts import Receipt, read_receipt, receipt_value
from hub.statements.verify import co_sign, sign_statement, verify_statement
from tests.support.factories import (
    CERTIFIER_KEYS,
    HOST,
    NOW,
    YEAR,
    Agency,
    hub_signer,
    link,
    seed,
    signer,
    some_hash,
    some_id,
    statement,
    submission,
)
from tests.support.packets import MemoryPacket
from tests.support.served import Served
from tests.support.web_modules import CLIENT, WebModules, text
from tests.unit.test_statements_grammar import example

KEY = hub_signer().public_key
PINS = Pins(certifiers=CERTIFIER_KEYS).trust_hub(HOST, KEY, fingerprint(KEY))
ADDIS = Agency("addis")
HANA, SAMUEL = ADDIS.member("hana", "caseworker"), ADDIS.member("samuel", "supervisor", "caseworker")
SERVED = Served(ADDIS.envelope(), HANA.envelope, SAMUEL.envelope)
HUB = HubActor(HOST)
TOKEN = "0123-4567-89AB-CDEF-GHJK-M"
CLINIC = "urn:rcp:agency:clinic@et.example"


@pytest.fixture(scope="module")
def web():
    with WebModules(CLIENT) as running:
        yield running


def asked():
    answer = SERVED.answer()
    given = {"given": PINS.to_value(), "note": answer["checkpoint"], "host": HOST, "proof": []}
    return given | {"agency": ADDIS.agency, "served": answer, "digits": ""}


def trusted():
    head, pins = PINS.see_checkpoint(SERVED.note(), HOST)
    found, pins = accept_agency(pins, ADDIS.agency, SERVED.proven(), head)
    return TrustedKeys({ADDIS.agency: found}, pins.hubs)


def verdict(call):
    """Return the code with which Python refuses, or `ok`."""
    try:
        call()
    except HubError as error:
        return error.code
    return "ok"


def outcome(answer):
    return answer.get("refused", "ok")


ODD = (None, True, 0, -1, 1.5, 2**53, "", "x", "2026-02-30", [], ["x", "x"], {}, {"kind": "referral"})


def _changed(value):
    """A statement with one member after the other spoilt."""
    for name in value:
        yield {one: item for one, item in value.items() if one != name}
        yield from ({**value, name: odd} for odd in ODD if (name, odd) != ("v", True))  # which Python takes for 1
    yield {**value, "more": 1}
    yield {**value, "grade": "reported"}
    yield {**value, "grade": "hub"}
    yield {**value, "heads": ["b" * 43, "a" * 43]}
    yield {**value, "by": [*value["by"], *value["by"]]}
    for grade, more in (("reported", {"ask": True}), ("code_verified", {"code": some_id()})):
        proxy = {"via": "sms", "evidence": some_hash(), **more}
        yield {**value, "grade": grade, "parts": [], "body": {**value["body"], **proxy}}
    for name, member in value["body"].items():
        yield {**value, "body": {one: item for one, item in value["body"].items() if one != name}}
        yield from ({**value, "body": {**value["body"], name: odd}} for odd in ODD)
        if isinstance(member, dict):
            for inner in member:
                yield from ({**value, "body": {**value["body"], name: {**member, inner: odd}}} for odd in ODD)
    yield {**value, "body": {**value["body"], "more": 1}}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_type_of_statement_is_read_alike_however_it_is_spoilt(web, kind):
    value = example(kind).to_value()
    assert web.ask("read", value=value) == {"ok": kind}
    for changed in _changed(value):
        expect = verdict(lambda changed=changed: Statement.from_value(changed))
        assert (outcome(web.ask("read", value=changed)), changed) == (expect, changed)


@pytest.mark.parametrize("kind", ["toString", "constructor", "referral", "", None, 1, ["record.put"]])
def test_a_type_off_the_list_is_none(web, kind):
    value = {**example("record.put").to_value(), "type": kind}
    assert web.ask("read", value=value) == {"refused": "malformed"}


def test_each_statement_that_the_browser_signs_verifies_in_python(web):
    for kind, rules in KINDS.items():
        made = example(kind, by=(HANA.actor(),))
        if rules.by_hub or made.grade is not Grade.SIGNED or kind == "transfer.assume":
            continue
        said = {name: item for name, item in made.to_value().items() if name != "v"}
        value = web.ask("sign", said=said, seed=text(HANA.keys.seed))["ok"]
        assert verify_statement(canonical(value), trusted(), now=NOW).statement == made


def test_what_is_not_of_the_grammar_is_never_signed(web):
    said = {name: item for name, item in example("referral.accept").to_value().items() if name != "v"}
    for wrong in ({"body": {}}, {"heads": []}, {"parts": [some_hash(), some_hash("b")]}, {"type": "referral.win"}):
        assert web.ask("sign", said={**said, **wrong}, seed=text(HANA.keys.seed)) == {"refused": "malformed"}


def test_two_sign_in_turn_in_either_client(web):
    made = statement("referral.submit", HANA.actor(), SAMUEL.actor(), body=submission())
    first = sign_statement(made, [HANA.signer])
    value = web.ask("co_sign", value=parse_json(first.to_bytes()), seed=text(SAMUEL.keys.seed))["ok"]
    assert canonical(value) == co_sign(first, SAMUEL.signer).to_bytes()
    assert verify_statement(canonical(value), trusted(), now=NOW)
    assert web.ask("co_sign", value=value, seed=text(SAMUEL.keys.seed)) == {"refused": "malformed"}


def _said():
    close = statement("referral.close", HANA.actor())
    submit = statement("referral.submit", HANA.actor(), SAMUEL.actor(), body=submission())
    expire = statement("referral.expire", HUB, body={"clock": "c"})
    yield "good", sign_statement(close, [HANA.signer]), {}
    yield "two", sign_statement(submit, [HANA.signer, SAMUEL.signer]), {}
    yield "hub", sign_statement(expire, [hub_signer()]), {}
    yield "one signature short", sign_statement(submit, [HANA.signer]), {}
    yield "other order", sign_envelope(STATEMENT_TYPE, submit.to_value(), [SAMUEL.signer, HANA.signer]), {}
    yield "one device twice", sign_envelope(STATEMENT_TYPE, submit.to_value(), [HANA.signer, HANA.signer]), {}
    yield "one too many", sign_envelope(STATEMENT_TYPE, close.to_value(), [HANA.signer, SAMUEL.signer]), {}
    yield "role not given", sign_statement(statement("referral.close", HANA.actor("supervisor")), [HANA.signer]), {}
    yield "another's name", sign_statement(statement("referral.close", SAMUEL.actor()), [HANA.signer]), {}
    yield "stranger", sign_statement(close, [signer("stranger")]), {}
    yield "hub for a member", sign_statement(close, [hub_signer()]), {}
    yield "member for a hub", sign_statement(expire, [HANA.signer]), {}
    yield "other hub", sign_statement(replace(expire, by=(HubActor("other.example"),)), [hub_signer()]), {}
    other = replace(close, by=(replace(HANA.actor(), agency="urn:rcp:agency:b@hub.example"),))
    yield "other agency", sign_statement(other, [HANA.signer]), {}
    yield "future", sign_statement(replace(close, at=NOW + 601), [HANA.signer]), {}
    yield "clock ahead", sign_statement(replace(close, at=NOW + 600), [HANA.signer]), {}
    yield "old", sign_statement(replace(close, at=NOW - 401 * 86_400), [HANA.signer]), {}
    yield "old and taken before", sign_statement(replace(close, at=NOW - YEAR), [HANA.signer]), {"first": False}
    yield "before the certificate", sign_statement(replace(close, at=NOW - YEAR - 1), [HANA.signer]), {}
    yield "other type", sign_envelope("application/vnd.rcp.packet+json;v=1", close.to_value(), [HANA.signer]), {}
    grade = replace(close, grade=Grade.LINK, by=(HANA.actor("provider"),))
    yield "link by a device", sign_statement(grade, [HANA.signer]), {}


@pytest.mark.parametrize(("what", "envelope", "how"), [pytest.param(*row, id=row[0]) for row in _said()])
def test_signatures_of_statements_have_one_verdict(web, what, envelope, how):
    first = how.get("first", True)
    expect = verdict(lambda: verify_statement(envelope.to_bytes(), trusted(), now=NOW, first=first))
    value = parse_json(envelope.to_bytes())
    found = web.ask("verify_statement", value=value, now=NOW, first=first, link=None, **asked())
    assert outcome(found) == expect
    assert (expect == "ok") == (what in {"good", "two", "hub", "clock ahead", "old and taken before"})


def test_a_link_s_bind_counts_only_by_the_link_s_key(web):
    named, device = link(), signer("device link")
    actor = replace(HANA.actor("provider"), member=named["id"])
    bind = statement("referral.bind", actor, body={"sign": b64u(device.public_key)}, grade=Grade.LINK)
    keys = [signer("x"), HANA.signer]
    for key in keys:
        value = parse_json(sign_statement(bind, [key]).to_bytes())
        found = web.ask("verify_statement", value=value, now=NOW, first=True, link=named, **asked())
        assert found == {"refused": "unknown_signer"}


def _receipt(about, **changes):
    documents = [b"another", about.to_bytes()]
    leaves = [merkle.leaf_of(seed(f"salt {n}"), document) for n, document in enumerate(documents)]
    receipt = Receipt(
        statement=about.hash,
        log=SERVED.head().__class__(HOST, 2, merkle.node_hash(*leaves)),
        index=1,
        salt=seed("salt 1"),
        proof=(leaves[0],),
        position=4,
        state="accepted",
    )
    return receipt_value(replace(receipt, **changes))


def _answers():
    close = sign_statement(statement("referral.close", HANA.actor()), [HANA.signer])
    good = _receipt(close)
    lies = {
        "good": {},
        "other statement": {"statement": some_hash()},
        "other place": {"index": 0},
        "salt": {"salt": b64u(bytes(32))},
        "no proof": {"proof": []},
        "other log": {"log": {**good["log"], "origin": "other.example"}},
        "other root": {"log": {**good["log"], "root": some_hash()}},
        "beyond the log": {"index": 2},
    }
    for what, change in lies.items():
        yield what, close, "hub.receipt", {**good, **change}, hub_signer()
    yield "forged", close, "hub.receipt", good, signer("thief")
    refusal = {"statement": close.hash, "state": "expired", "position": 3}
    yield "refusal", close, "hub.refused", refusal, hub_signer()
    yield "refusal of another", close, "hub.refused", {**refusal, "statement": some_hash()}, hub_signer()
    yield "no answer", close, "referral.expire", {"clock": "c"}, hub_signer()


@pytest.mark.parametrize(
    ("what", "about", "kind", "body", "key"), [pytest.param(*row, id=row[0]) for row in _answers()]
)
def test_a_hub_s_word_counts_only_if_it_is_proven(web, what, about, kind, body, key):
    said = {**statement(kind, HUB, body={}).to_value(), "body": body}
    answer = sign_envelope(STATEMENT_TYPE, said, [key])
    value = parse_json(about.to_bytes())
    found = web.ask("word", value=value, answer=parse_json(answer.to_bytes()), now=NOW, **asked())

    def python():
        verified = verify_statement(answer.to_bytes(), trusted(), now=NOW)
        if kind != "hub.refused":
            read_receipt(verified, verify_statement(about.to_bytes(), trusted(), now=NOW), merkle.includes)

    if what == "good":
        assert found["ok"] == {"host": HOST, "refused": None, "receipt": [1, 4, "accepted"]}
    elif what == "refusal":
        assert found["ok"]["refused"] == {"state": "expired", "position": 3}
    elif what == "refusal of another":
        assert found == {"refused": "bad_signature"}
    else:
        assert outcome(found) == verdict(python) != "ok"


def _plan(recipient, **changes):
    return {
        "packet": some_id("packet"),
        "from": ADDIS.agency,
        "to": CLINIC,
        "inbox": some_id("inbox"),
        "author": HANA.member,
        "created": NOW,
        "expires": NOW + 86_400,
        "log": {"origin": HOST, "size": 3, "root": some_hash("root")},
        "recipients": [str(recipient)],
        "epoch": 1,
        "member": None,
        "sections": {"identity": {"name": "SYN أمينة"}, "health": {"v": 1}},
    } | changes


class Hana:
    """Knows her key."""

    def sender_key(self, agency, keyid):
        assert (agency, keyid) == (ADDIS.agency, HANA.signer.kid)
        return SenderKey(HANA.member, HANA.cert.sign)


def opened(sealed, identity, me):
    files = {name.replace("att-", "att/"): base64.b64decode(data) for name, data in sealed["parts"].items()}
    packet = MemoryPacket(files.pop("manifest"), files)
    return verify(packet, identities=[identity], me=me, senders=Hana(), replay=lambda _: None, now=NOW)


def test_a_packet_that_the_browser_seals_opens_in_python(web):
    identity, scan = Identity(seed("epoch")), bytes(range(256)) * 4200
    key, excerpt = seal.basis_key(seed("secret"), some_id("packet"), CLINIC), {"v": 1, "basis": "consent"}
    asked_key = web.ask("basis_key", secret=text(seed("secret")), packet=some_id("packet"), to=CLINIC)
    assert asked_key == {"ok": text(key)}
    basis = {"key": text(key), "excerpt": excerpt, "country": "ET", "until": "2027-02"}
    plan, small = _plan(identity.recipient), b"She asked for her aunt.\n"
    files = {"note.txt": text(small), "scan.bin": text(scan)}
    sealed = web.ask("seal", plan=plan, basis=basis, attachments=files, seed=text(HANA.keys.seed))["ok"]
    found = opened(sealed, identity, CLINIC)
    assert found.sections == plan["sections"]
    assert (found.excerpt, found.basis_key) == (excerpt, key)
    assert found.attachments == {"note.txt": len(small), "scan.bin": len(scan)}
    assert [entry.n for entry in found.manifest.files] == ["body", "att/1"]
    assert found.signed.hash == sealed["hash"]


def test_an_own_record_that_the_browser_seals_opens_in_python(web):
    identity, plan = Identity(seed("epoch")), {"to": ADDIS.agency, "sections": {"record": {"v": 1}}}
    given = {"basis": None, "attachments": {}, "seed": text(HANA.keys.seed)}
    sealed = web.ask("seal", plan=_plan(identity.recipient, **plan), **given)["ok"]
    assert opened(sealed, identity, ADDIS.agency).sections == {"record": {"v": 1}}
    for wrong in ({"sections": {}}, {"to": CLINIC}, {"expires": NOW}, {"sections": {"../x": 1}}, {"epoch": None}):
        refused = web.ask("seal", plan=_plan(identity.recipient, **{**plan, **wrong}), **given)
        assert refused == {"refused": "malformed"}


def test_commitments_and_handles_are_the_same(web):
    finding, packet = {"found": "clear", "gate": "R21"}, some_id("packet")
    expect = seal.gate_commitment(finding, seed("key"), "R21")
    assert web.ask("gate", finding=finding, key=text(seed("key")), gate="R21") == {"ok": expect}
    expect = seal.freeze_handle(seal.freeze_key(TOKEN), packet)
    assert web.ask("freeze", token=TOKEN, packet=packet) == {"ok": expect}
