"""The C2SP CCTV age vectors: 143, of which packets take the X25519 ones; the others must be refused.

58 are about armor or passphrases (scrypt) and 18 about the post-quantum recipient (hybrid); 67 remain.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zlib

import pytest

from hub.errors import BadSignature, Malformed, PacketError, UnsupportedVersion, WrongRecipient
from hub.packets.age import Header, Identity, check_policy, read_header
from tests.support import node
from tests.support.packets import decrypt
from tests.vectors.generate import FOLDER

NAMES = (FOLDER / "cctv.txt").read_text().split()
REFUSED = [n for n in NAMES if n.startswith(("armor", "scrypt"))]
HYBRID = [n for n in NAMES if n.startswith("hybrid")]
TAKEN = [n for n in NAMES if n not in {*REFUSED, *HYBRID}]
ERRORS = {
    "header failure": (Malformed, UnsupportedVersion),
    "HMAC failure": BadSignature,
    "no match": WrongRecipient,
    "payload failure": BadSignature,
}
SCRIPT = """
import * as vectors from "cctv-age";
const text = Object.entries(vectors).map(([name, data]) => [name, Buffer.from(data).toString("base64")]);
console.log(JSON.stringify(Object.fromEntries(text)));
"""


@pytest.fixture(scope="session")
def vectors():
    return {name: base64.b64decode(text) for name, text in json.loads(node.run(SCRIPT)).items()}


def _parse(vector: bytes):
    head, _, file = vector.partition(b"\n\n")
    facts: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        name, _, value = line.partition(": ")
        facts.setdefault(name, []).append(value)
    return facts, zlib.decompress(file) if "compressed" in facts else file


def test_cctv_all_vectors_of_the_package_are_accounted_for(vectors):
    assert sorted(vectors) == NAMES
    assert (len(NAMES), len(REFUSED), len(HYBRID), len(TAKEN)) == (143, 58, 18, 67)


@pytest.mark.parametrize("name", TAKEN)
def test_cctv(name, vectors):
    facts, file = _parse(vectors[name])
    sink = io.BytesIO()
    identities = [Identity.parse(text) for text in facts.get("identity", ())]
    expect = facts["expect"][0]
    if expect == "success":
        decrypt(identities, io.BytesIO(file), sink)
        assert hashlib.sha256(sink.getvalue()).hexdigest() == facts["payload"][0]
        header = read_header(io.BytesIO(file))
        assert Header.from_bytes(header).to_bytes() == header
        return
    # A vector without a whole nonce is a header failure there and a cut-off payload here.
    error = BadSignature if name in {"stream_no_nonce", "stream_short_nonce"} else ERRORS[expect]
    with pytest.raises(error):
        decrypt(identities, io.BytesIO(file), sink)
    assert not sink.getvalue(), "nothing of a batch is shown before all of it is authentic"


@pytest.mark.parametrize("name", REFUSED)
def test_cctv_armor_and_passphrases_are_refused(name, vectors):
    _, file = _parse(vectors[name])
    with pytest.raises(PacketError):
        decrypt([Identity.generate()], io.BytesIO(file), io.BytesIO())


@pytest.mark.parametrize("name", HYBRID)
def test_cctv_hybrid_is_refused_until_there_is_such_a_suite(name, vectors):
    facts, file = _parse(vectors[name])
    with pytest.raises(PacketError):
        Identity.parse(next(text for text in facts["identity"] if "-PQ-" in text))
    with pytest.raises(PacketError):
        check_policy(Header.from_bytes(read_header(io.BytesIO(file))), 1)
