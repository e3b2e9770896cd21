"""The secret of a link and what comes of it: the same bytes as in a browser, by other hands than ours."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.client.links import LinkKeys, proof_of
from hub.packets.encoding import b64u
from hub.statements.links import code_of

SECRET = bytes(range(32))


def derived(info):
    return HKDF(hashes.SHA256(), 32, None, info).derive(SECRET)


def raw(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_the_keys_of_a_secret_are_those_that_others_derive():
    keys = LinkKeys.of(SECRET)
    assert keys.signer.public_key == raw(Ed25519PrivateKey.from_private_bytes(derived(b"rcp/1/link/sign")))
    secret = X25519PrivateKey.from_private_bytes(derived(b"rcp/1/link/enc"))
    assert keys.identity.recipient.public_key == raw(secret)


def test_a_proof_tells_neither_code_nor_secret_and_is_the_same_elsewhere():
    proof = proof_of(SECRET, "012345")
    blake = hashlib.blake2b(b"012345", digest_size=32, key=derived(b"rcp/1/link/code"), person=b"rcp/1/link")
    assert proof == blake.digest()
    assert code_of(proof) == b64u(hashlib.blake2b(proof, digest_size=32, person=b"rcp/1/linkcode").digest())
    assert proof != proof_of(bytes(32), "012345")


def test_nothing_prints_a_secret():
    keys = LinkKeys.of(SECRET)
    assert keys.identity.text() not in repr(keys)
    with pytest.raises(UnicodeEncodeError):
        proof_of(SECRET, "١٢٣٤٥٦")
