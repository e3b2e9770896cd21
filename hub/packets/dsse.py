"""DSSE envelopes: Ed25519 signatures over received bytes (docs/protocol.md §3).

Knows no payload type's meaning and no key's owner. An envelope is identified by the SHA-256 of its PAE, so the order of
signatures and the spacing of its JSON do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.hashlib import blake2b as _blake2b
from nacl.signing import SigningKey, VerifyKey

from hub.errors import BadSignature, Malformed, TooLarge
from hub.packets import shapes as a
from hub.packets.encoding import b64, b64u, canonical, from_b64, parse_canonical, parse_json, sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_ENVELOPE = 256 * 1024
MAX_SIGNATURES = 8
_KEY_SIZE = 32
_SIGNATURE_SIZE = 64
_SIGNATURE = a.object_of({"keyid": a.identifier, "sig": a.string})
_SIGNATURES = a.list_of(_SIGNATURE, MAX_SIGNATURES, 1)
_ENVELOPE = a.object_of({"payload": a.string, "payloadType": a.string, "signatures": _SIGNATURES})


def kid(public_key: bytes) -> str:
    """Return the name of a public key: BLAKE2b-128, person `rcp/1/kid`."""
    digest = _blake2b(public_key, digest_size=16, person=b"rcp/1/kid").digest()
    return b64u(digest)


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding, the bytes that are signed and hashed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def check_public_key(public_key: bytes) -> bytes:
    """Return an Ed25519 public key that may be registered.

    Raises:
        Malformed: not 32 bytes, or not a point of the prime-order group (small order and mixed order included).
    """
    if len(public_key) != _KEY_SIZE or not crypto_core_ed25519_is_valid_point(public_key):
        raise Malformed("This is not a usable Ed25519 public key.")
    return public_key


class Signer:
    """An Ed25519 key that signs; it never shows its seed."""

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self.public_key = bytes(self._key.verify_key)
        self.kid = kid(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of signature over `message`."""
        return bytes(self._key.sign(message).signature)

    def __repr__(self) -> str:
        return f"Signer({self.kid})"


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Return if the signature is good by libsodium's rules.

    Raises:
        BadSignature: it is not.
    """
    try:
        VerifyKey(public_key).verify(message, signature)
    except (BadSignatureError, ValueError, TypeError) as error:
        raise BadSignature("A signature does not fit its key and bytes.") from error


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope: the name of the key, and 64 bytes."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope. Nothing is verified until `verified_by` says so."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    @classmethod
    def from_bytes(cls, data: bytes, payload_type: str) -> Envelope:
        """Parse an envelope that must be of `payload_type`; its payload must be a JCS object.

        Raises:
            TooLarge: over 256 KiB.
            Malformed: another type, unknown members, no or too many signatures, or not strict.
        """
        if len(data) > MAX_ENVELOPE:
            raise TooLarge("A signed document is larger than 256 KiB.")
        value = parse_json(data)
        _ENVELOPE(value)
        if value["payloadType"] != payload_type:
            raise Malformed("A signed document is of another type than was expected here.")
        envelope = cls(payload_type, from_b64(value["payload"]), tuple(_signature(row) for row in value["signatures"]))
        parse_canonical(envelope.payload)
        return envelope

    @property
    def value(self) -> dict[str, Any]:
        """The payload as a JSON object."""
        return parse_canonical(self.payload)

    @property
    def hash(self) -> str:
        """SHA-256 of the PAE, as unpadded base64url: the document's name."""
        return b64u(sha256(pae(self.payload_type, self.payload)))

    def to_bytes(self) -> bytes:
        """Return the envelope in canonical form: what is stored, logged and sent.

        The payload is base64, which needs no escape, so it goes in last.
        """
        signatures = [{"keyid": s.keyid, "sig": b64(s.sig)} for s in self.signatures]
        frame = canonical({"payload": "", "payloadType": self.payload_type, "signatures": signatures})
        return frame.replace(b'""', b'"%s"' % b64(self.payload).encode(), 1)

    def verified_by(self, public_keys: Sequence[bytes]) -> None:
        """Return if signature i is good under key i, for all of them, and no key stands twice.

        Raises:
            BadSignature: another number of keys, a key twice, a wrong key name, or a bad signature.
        """
        if len(public_keys) != len(self.signatures) or len(set(public_keys)) != len(public_keys):
            raise BadSignature("A signed document has not exactly the signatures that it needs.")
        message = pae(self.payload_type, self.payload)
        for key, signature in zip(public_keys, self.signatures, strict=True):
            if signature.keyid != kid(key):
                raise BadSignature("A signature names another key than its signer's.")
            verify_signature(key, message, signature.sig)


def sign_envelope(payload_type: str, value: dict[str, Any], signers: Sequence[Signer]) -> Envelope:
    """Return an envelope over the JCS form of `value`, signed in the order of `signers`."""
    return sign_canonical(payload_type, canonical(value), signers)


def sign_canonical(payload_type: str, payload: bytes, signers: Sequence[Signer]) -> Envelope:
    """Return an envelope over bytes that are an object's JCS form already; whoever reads it checks that they are."""
    message = pae(payload_type, payload)
    return Envelope(payload_type, payload, tuple(Signature(s.kid, s.sign(message)) for s in signers))


def add_signature(envelope: Envelope, signer: Signer) -> Envelope:
    """Return the envelope with one more signature at the end."""
    mine = Signature(signer.kid, signer.sign(pae(envelope.payload_type, envelope.payload)))
    return Envelope(envelope.payload_type, envelope.payload, (*envelope.signatures, mine))


def _signature(row: dict[str, str]) -> Signature:
    sig = from_b64(row["sig"])
    if len(sig) != _SIGNATURE_SIZE:
        raise Malformed("A signature is not 64 bytes long.")
    return Signature(row["keyid"], sig)
