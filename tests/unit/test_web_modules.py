"""The web pages' modules and the Python ones mean the same: the vectors of packets, and what each signs and seals."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add

from hub.errors import HubError
from hub.handofflog import merkle
from hub.handofflog.note import sign_checkpoint
from hub.keys.certificates import fingerprint
from hub.packets.age import Identity
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Envelope, Signer, check_public_key, kid, verify_signature
from hub.packets.encoding import b64u, canonical, hkdf, parse_canonical, parse_json
from hub.packets.manifest import SenderKey
from hub.packets.tar import padded
from hub.packets.verify import verify
from hub.statements.grammar import STATEMENT_TYPE, Statement
from tests.support import node
from tests.support.packets import MemoryPacket
from tests.support.web_modules import WebModules, text
from tests.vectors.generate import FOLDER, NOW, fixed

VECTORS = sorted((FOLDER / "packets").glob("*.json"))
GOOD = json.loads((FOLDER / "packets" / "00-good.json").read_text())
AGE = [name for name in (FOLDER / "cctv.txt").read_text().split() if not name.startswith(("armor", "scrypt", "hybrid"))]
CCTV = """
import * as vectors from "cctv-age";
const text = Object.entries(vectors).map(([name, data]) => [name, Buffer.from(data).toString("base64")]);
console.log(JSON.stringify(Object.fromEntries(text)));
"""
SHELTER = "urn:rcp:agency:shelter@dj.example"
CLINIC = "urn:rcp:agency:clinic@et.example"
ID = b64u(fixed("link", 16))
SECRET = fixed("secret")
LOW_ORDER = (bytes(32), bytes([1]) + bytes(31), bytes([0xEC, *[0xFF] * 30, 0x7F]))
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def web():
    with WebModules() as running:
        yield running


@pytest.fixture(scope="module")
def cctv():
    return {name: base64.b64decode(data) for name, data in json.loads(node.run(CCTV)).items()}


def refused(call, *given):
    """Return whether Python refuses, or what it says."""
    try:
        return call(*given)
    except HubError:
        return None


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_each_vector_of_packets_ends_as_it_says(web, path):
    case = json.loads(path.read_text())
    case["files"] = {n: GOOD["files"][n] if data == "00-good" else data for n, data in case["files"].items()}
    expect = case.pop("expect")
    found = web.ask("verify", **case)
    assert found.get("refused", "ok") == expect
    if expect == "ok" and path.stem == "00-good":
        assert found["ok"]["sections"] == {"identity": {"name": "Amina Example"}}
        assert base64.b64decode(found["ok"]["attachments"]["note.txt"]) == b"She asked for her aunt.\n"


@pytest.mark.parametrize("name", AGE)
def test_each_age_file_opens_or_not_as_cctv_says(web, cctv, name):
    head, _, file = cctv[name].partition(b"\n\n")
    facts = [line.split(": ", 1) for line in head.decode().splitlines()]
    said = dict(facts)
    identities = [value for name, value in facts if name == "identity"]
    found = web.ask("age", file=text(zlib.decompress(file) if "compressed" in said else file), identities=identities)
    if said["expect"] == "success":
        assert base64.b64decode(found["ok"]).hex() == said["payload"]
    else:
        assert found["refused"] in {"malformed", "unsupported_version", "bad_signature", "wrong_recipient"}


@pytest.mark.parametrize("length", [1024, 10_240, 10_241, 65_536, 100_000, 1_048_577, 2**30 - 1])
def test_archives_are_padded_to_the_same_length(web, length):
    assert web.ask("padded", length=length) == {"ok": padded(length)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON, escaped=st.booleans())
def test_json_is_read_and_written_alike(web, value, escaped):
    data = json.dumps(value, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    expected = refused(lambda: canonical(parse_json(data)))
    assert web.ask("json", data=text(data)) == ({"ok": text(expected)} if expected else {"refused": "malformed"})


ODD = (
    b'{"a":1,"a":2}',
    b'{"a":01}',
    b'{"a":-0}',
    b'{"a":1e3}',
    b'{"a":1.0}',
    b'{"a":9007199254740992}',
    b'{"a":NaN}',
    b"[1,]",
    b'{"a":"\\ud800"}',
    b'{"a":"\\ud83d\\ude00"}',
    b'{"a":"\x01"}',
    b'{"a":"\\u0041"}',
    b" {}",
    b"{} x",
    b"",
    b"nul",
    b'"\\x"',
    b"\xef\xbb\xbf{}",
    b'{"__proto__":{"a":1}}',
    b'{"b":1,"a":2}',
    '{"\U0001f600":1,"\ufb33":2}'.encode(),
    '{"\ufb33":2,"\U0001f600":1}'.encode(),
)


@pytest.mark.parametrize("data", ODD)
def test_odd_json_is_refused_alike(web, data):
    for ask, call in (("json", parse_json), ("canonical", parse_canonical)):
        expected = refused(lambda call=call: canonical(call(data)))
        assert web.ask(ask, data=text(data)) == ({"ok": text(expected)} if expected else {"refused": "malformed"})


def test_keys_have_the_same_names(web):
    key = Signer(fixed("names")).public_key
    assert web.ask("names", key=text(key))["ok"][:2] == [kid(key), fingerprint(key)]
    identity = Identity(fixed("names"))
    assert web.ask("names", key=text(identity.recipient.public_key))["ok"][2] == str(identity.recipient)


def _attacks():
    signer = Signer(fixed("attack"))
    good, message = signer.sign(b"message"), b"message"
    late = int.from_bytes(good[32:], "little") + ORDER
    mixed = crypto_core_ed25519_add(signer.public_key, LOW_ORDER[2])
    yield "good", signer.public_key, message, good
    yield "other message", signer.public_key, b"massage", good
    yield "S not reduced", signer.public_key, message, good[:32] + late.to_bytes(32, "little")
    yield "mixed order", mixed, message, good
    yield "key not canonical", bytes([0xF0, *[0xFF] * 30, 0x7F]), message, good
    yield "zeros", bytes(32), message, bytes(64)
    for low in LOW_ORDER:
        yield "small order", low, message, low + bytes(32)
        yield "small R", signer.public_key, message, low + good[32:]


@pytest.mark.parametrize(("what", "key", "message", "signature"), list(_attacks()))
def test_signatures_count_by_the_rules_of_libsodium(web, what, key, message, signature):
    expected = refused(lambda: verify_signature(key, message, signature) or True)
    found = web.ask("signature", key=text(key), message=text(message), signature=text(signature))
    assert found == ({"ok": True} if expected else {"refused": "bad_signature"})
    assert ("ok" in web.ask("key", key=text(key))) == (refused(check_public_key, key) is not None)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_proofs_of_the_log_hold_alike(web, size):
    documents = [f"document {i}".encode() for i in range(size)]
    leaves = [merkle.leaf_of(fixed("salt"), document) for document in documents]
    hashes = {}
    frontier = []
    for i, leaf in enumerate(leaves):
        hashes[0, i] = leaf
        for level, index, digest in merkle.grow(frontier, i, leaf):
            hashes[level, index] = digest
    root = merkle.root(size, lambda level, index: hashes[level, index])
    for index, document in enumerate(documents):
        path = [text(node) for node in merkle.inclusion(index, size, lambda level, i: hashes[level, i])]
        asked = {"salt": text(fixed("salt")), "index": index, "proof": path, "size": size, "root": text(root)}
        assert web.ask("included", document=text(document), **asked) == {"ok": True}
        assert web.ask("included", document=text(b"other"), **asked) == {"refused": "bad_signature"}
        assert web.ask("included", document=text(document), **{**asked, "proof": [*path, text(root)]}) == {
            "refused": "bad_signature"
        }


def test_a_checkpoint_counts_only_under_its_hub_s_key(web):
    signer, head = Signer(fixed("hub")), Checkpoint("et.example", 7, fixed("root"))
    note = sign_checkpoint(head, signer)
    asked = {"note": note, "origin": "et.example", "key": text(signer.public_key)}
    assert web.ask("note", **asked) == {"ok": head.value}
    for change in ({"note": note.replace("\n7\n", "\n8\n")}, {"key": text(fixed("other"))}, {"origin": "dj.example"}):
        assert web.ask("note", **{**asked, **change}) == {"refused": "bad_signature"}


def _plan(recipient):
    return {
        "from": CLINIC,
        "to": SHELTER,
        "inbox": b64u(fixed("inbox", 16)),
        "author": ID,
        "created": NOW,
        "expires": NOW + 86_400,
        "log": {"origin": "et.example", "size": 3, "root": b64u(fixed("root"))},
        "country": "DJ",
        "until": "2027-02",
        "excerpt": {
            "v": 1,
            "basis": "reply",
            "to": SHELTER,
            "in_reply_to": b64u(fixed("manifest")),
            "categories": ["reply"],
        },
        "recipients": [str(recipient)],
        "epoch": 3,
        "member": None,
        "sections": {"reply": {"v": 1, "text": "نعم، نساعد"}},
    }


def test_a_reply_that_the_page_seals_verifies_here(web):
    device, epoch = Signer(fixed("device")), Identity(fixed("epoch"))
    sealed = web.ask("seal", plan=_plan(epoch.recipient), seed=text(fixed("device")))["ok"]

    class Device:
        def sender_key(self, agency, keyid):
            assert (agency, keyid) == (CLINIC, device.kid)
            return SenderKey(ID, device.public_key)

    packet = MemoryPacket(base64.b64decode(sealed["manifest"]), {"body": base64.b64decode(sealed["body"])})
    opened = verify(packet, identities=[epoch], me=SHELTER, senders=Device(), replay=lambda _: None, now=NOW)
    assert opened.sections == {"reply": {"v": 1, "text": "نعم، نساعد"}}
    assert opened.signed.member == ID


def test_a_statement_that_the_page_signs_is_of_the_grammar(web):
    device = Signer(fixed("device"))
    said = {
        "type": "referral.accept",
        "handoff": b64u(fixed("handoff", 16)),
        "heads": [b64u(fixed("b")), b64u(fixed("a"))],
        "by": [{"agency": CLINIC, "member": ID, "role": "provider"}],
        "at": NOW,
        "grade": "link",
        "body": {"first_contact": "2026-11-25"},
        "parts": [],
    }
    data = base64.b64decode(web.ask("statement", said=said, seed=text(fixed("device")))["ok"])
    envelope = Envelope.from_bytes(data, STATEMENT_TYPE)
    envelope.verified_by([device.public_key])
    assert Statement.from_value(envelope.value).body == {"first_contact": "2026-11-25"}
    assert envelope.to_bytes() == data


def test_an_address_gives_the_keys_of_its_secret(web):
    found = web.ask("address", path=f"/l/{ID}", fragment=f"#{b64u(SECRET)}")["ok"]
    keys = {name: hkdf(SECRET, b"rcp/1/link/" + name.encode()) for name in ("sign", "enc", "code")}
    proof = hashlib.blake2b(b"123456", digest_size=32, key=keys["code"], person=b"rcp/1/link").digest()
    recipient = str(Identity(keys["enc"]).recipient)
    assert found == [ID, text(Signer(keys["sign"]).public_key), recipient, b64u(proof)]


@pytest.mark.parametrize(
    "fragment", ["", "#", "#" + b64u(SECRET)[:-1], "#" + b64u(SECRET) + "A", "#" + "%41" * 43, "#" + "B" * 43]
)
def test_a_damaged_address_gives_nothing(web, fragment):
    assert web.ask("address", path=f"/l/{ID}", fragment=fragment) == {"ok": None}
    assert web.ask("address", path=f"/l/{ID}%23x", fragment=f"#{b64u(SECRET)}") == {"ok": None}


def test_punctuation_behind_an_address_does_no_harm(web):
    assert web.ask("address", path=f"/l/{ID}", fragment=f"#{b64u(SECRET)}).")["ok"][0] == ID


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("123456", "123456"),
        ("123 456", "123456"),
        ("١٢٣٤٥٦", "123456"),
        ("۱۲۳-۴۵۶", "123456"),
        ("12345", None),
        ("12345a", None),
    ],
)
def test_six_digits_are_read_as_people_type_them(web, typed, digits):
    assert web.ask("digits", typed=typed) == {"ok": digits}
