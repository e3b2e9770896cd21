"""Base64, JSON, HKDF and envelopes: strict in, canonical out."""

from __future__ import annotations

import pytest

from hub.errors import BadSignature, Malformed, TooLarge
from hub.packets.dsse import Envelope, Signer, check_public_key, sign_envelope
from hub.packets.encoding import b64, canonical, from_b64, from_b64u, hkdf, parse_canonical, parse_json

KIND = "application/vnd.rcp.example+json;v=1"
ONE, TWO = Signer(bytes(32)), Signer(b"\1" * 32)


@pytest.mark.parametrize("text", [None, 1, "AA=", "A", "AB", "A+", "A/", "é", "AAA\n", " AA"])
def test_base64url_is_canonical_or_malformed(text):
    with pytest.raises(Malformed):
        from_b64u(text)


@pytest.mark.parametrize("text", [None, 1, "AA", "AB==", "A-==", "é", "AAA\n", "A", "AA==AA=="])
def test_base64_is_canonical_or_malformed(text):
    with pytest.raises(Malformed):
        from_b64(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b'{"a":1,"a":1}',
        b"NaN",
        b"Infinity",
        b"1.0",
        b"1e3",
        b"-0",
        b"9007199254740992",
        b"123456789012345678901234567890",
        b'"\\ud800"',
        b'{"\\ud800":1}',
        b"[" * 18 + b"]" * 18,
        b"[" * 100_000,
    ],
)
def test_json_is_strict_or_malformed(data):
    with pytest.raises(Malformed):
        parse_json(data)


@pytest.mark.parametrize("value", [1.5, {"a": 2**53}, {1: 2}, "\ud800", b"x", object()])
def test_a_value_without_canonical_form_is_malformed(value):
    with pytest.raises(Malformed):
        canonical(value)


@pytest.mark.parametrize("data", [b"[]", b'{"b":1,"a":2}', b'{"a": 1}'])
def test_a_payload_is_an_object_in_its_own_canonical_form(data):
    with pytest.raises(Malformed):
        parse_canonical(data)


def test_hkdf_is_that_of_rfc_5869():
    found = hkdf(b"\x0b" * 22, bytes(range(0xF0, 0xFA)), salt=bytes(range(13)), size=42)
    assert found.hex() == ("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    assert hkdf(b"\x0b" * 22, b"", size=42).hex().startswith("8da4e775a563c18f715f802a063c5a31")


def test_an_envelope_is_one_thing_whatever_the_order_of_its_signatures():
    first, second = (sign_envelope(KIND, {"a": 1}, keys) for keys in ([ONE, TWO], [TWO, ONE]))
    assert first.hash == second.hash
    assert Envelope.from_bytes(first.to_bytes(), KIND) == first
    first.verified_by([ONE.public_key, TWO.public_key])


@pytest.mark.parametrize("keys", [[], [ONE], [TWO, ONE], [ONE, ONE], [ONE, TWO, TWO]])
def test_every_signature_must_be_good_under_its_own_key(keys):
    envelope = sign_envelope(KIND, {"a": 1}, [ONE, TWO])
    with pytest.raises(BadSignature):
        envelope.verified_by([key.public_key for key in keys])


def rows(**changes):
    sig = {"keyid": ONE.kid, "sig": b64(bytes(64))}
    return canonical({"payload": b64(b"{}"), "payloadType": KIND, "signatures": [sig]} | changes)


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        rows(extra=1),
        rows(payloadType="text/plain"),
        rows(payload=b64(b"[]")),
        rows(signatures=[]),
        rows(signatures=None),
        rows(signatures=[{"keyid": ONE.kid, "sig": b64(bytes(64))}] * 9),
        rows(signatures=[{"keyid": ONE.kid}]),
        rows(signatures=[{"keyid": 1, "sig": b64(bytes(64))}]),
        rows(signatures=[{"keyid": "AA", "sig": b64(bytes(64))}]),
        rows(signatures=[{"keyid": ONE.kid, "sig": b64(bytes(63))}]),
    ],
)
def test_an_envelope_outside_the_grammar_is_malformed(data):
    with pytest.raises(Malformed):
        Envelope.from_bytes(data, KIND)


def test_an_envelope_over_256_kib_is_too_large():
    with pytest.raises(TooLarge):
        Envelope.from_bytes(b" " * (256 * 1024 + 1), KIND)


@pytest.mark.parametrize("key", [b"", bytes(32), b"\1" + bytes(31), b"\xff" * 32, ONE.public_key + b"\0"])
def test_a_key_of_small_order_or_of_another_length_is_not_registered(key):
    with pytest.raises(Malformed):
        check_public_key(key)


def test_a_signer_does_not_show_its_seed():
    assert bytes(32).hex() not in repr(ONE)
    assert ONE.kid in repr(ONE)
    assert check_public_key(ONE.public_key) == ONE.public_key


def test_decimals_are_read_only_where_they_are_asked_for():
    assert parse_json(b'{"lat": [1.5, -0.0]}', decimals=True) == {"lat": [1.5, 0]}
    for refused in (b"[1e400]", b"[NaN]", b"[-Infinity]", b'{"a": 1.5, "a": 1.5}', b"[12345678901234567890]"):
        with pytest.raises(Malformed):
            parse_json(refused, decimals=True)
    with pytest.raises(Malformed):
        parse_json(b"[1.5]")
