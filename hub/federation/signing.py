"""HTTP Message Signatures (RFC 9421) between hubs, as docs/protocol.md §9 narrows them.

Knows no peer and no replay: callers look keys up and store nonces. The library builds the signature base; the Ed25519
step is libsodium's, as everywhere else, and the time is the caller's, so that one rule and one clock decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)

from hub.errors import HubError, Unauthenticated
from hub.ids import RANDOM_PATTERN, random_id
from hub.packets.dsse import verify_signature
from hub.packets.encoding import b64, b64u, from_b64

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.packets.dsse import Signer

TAG = "rcp-fed-1"
LABEL = "rcp"
LIFETIME = 300
"""Seconds from `created` to `expires`, at most (§9)."""
SKEW = 60
"""Seconds by which the machines' clocks of two hubs may differ."""
SLOWEST = 16 * 1024
"""Bytes a second of the slowest line: a server may see a request only when all of it has come, so that a large one is
given this much more time. Its nonce is kept as long, so nothing can be replayed in it."""
COVERED = ("@method", "@target-uri", "content-digest", "content-type", "idempotency-key")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed of a request. `url` is the address at which the receiver is known to its peers."""

    method: str
    url: str
    headers: Any


@dataclass(frozen=True, slots=True)
class Signed:
    """What a good signature tells: by which key, the body's digest, the message's id; and the nonce to use up."""

    keyid: str
    digest: str
    message: str
    nonce: str = field(repr=False)
    until: int
    """When the signature can no longer be accepted, and its nonce may be forgotten."""


class _Ed25519(HTTPSignatureAlgorithm):
    """Ed25519 by libsodium's rules. Only verifies: what is sent is signed by a `Signer`."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: bytes | None) -> None:
        self._public = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if the signature is good, else raise."""
        if self._public is None:
            raise Unauthenticated("No such key is known here.")
        verify_signature(self._public, message, signature)


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, key_of: Callable[[str], bytes | None]) -> None:
        self._key_of = key_of

    def resolve_public_key(self, key_id: str) -> bytes | None:
        return self._key_of(key_id)


class _Verifier(HTTPMessageVerifier):
    """The library's verifier without its own look at the machine's clock."""

    def validate_created_and_expires(self, sig_input: Any, max_age: object = None) -> None:
        """Leave the times to `_until`, which knows the caller's clock."""


def content_digest(digest: bytes) -> str:
    """Return the Content-Digest field (RFC 9530) for a SHA-256."""
    return f"sha-256=:{b64(digest)}:"


def sign_request(request: Request, signer: Signer, now: int, *, tag: str = TAG) -> None:
    """Add `Signature-Input` and `Signature` to the request's headers, which must have all that is covered."""
    engine = HTTPMessageSigner(signature_algorithm=_Ed25519)
    prepared = engine.prepare(
        request,
        key_id=signer.kid,
        created=datetime.fromtimestamp(now, UTC),
        expires=datetime.fromtimestamp(now + LIFETIME, UTC),
        nonce=random_id(),
        tag=tag,
        label=LABEL,
        covered_component_ids=COVERED,
        use_existing_digest=True,
    )
    engine.apply(request, prepared, signer.sign(prepared.signature_base))


def verify_request(
    request: Request, key_of: Callable[[str], bytes | None], *, now: int, size: int, tag: str = TAG
) -> Signed:
    """Return who signed the request and over what; the body is checked later against `digest`.

    `size` is the request's Content-Length, `tag` what the signature must be for.

    Raises:
        Unauthenticated: no signature with our tag, a key that is not known, something not covered, another address,
            too old, from the future, or simply wrong.
    """
    engine = _Verifier(signature_algorithm=_Ed25519, key_resolver=_Keys(key_of))
    try:
        results = engine.verify(request, max_age=None, expect_tag=tag, require_components=COVERED)
        (result,) = results
        parameters, covered = result.parameters, result.covered_components
        return Signed(
            keyid=str(parameters["keyid"]),
            digest=_digest(covered['"content-digest"']),
            message=_id(covered['"idempotency-key"']),
            nonce=_id(parameters["nonce"]),
            until=_until(parameters, now, size),
        )
    except HubError:
        raise
    except Exception as error:
        raise Unauthenticated("The request's signature is missing, incomplete or wrong.") from error


def _until(parameters: Mapping[str, Any], now: int, size: int) -> int:
    created, expires = parameters["created"], parameters["expires"]
    if not 0 < expires - created <= LIFETIME:
        raise Unauthenticated("The request's signature is valid for too long.")
    until = int(expires) + SKEW + size // SLOWEST
    if not created - SKEW <= now <= until:
        raise Unauthenticated("The request's signature is too old, or from the future.")
    return until


def _digest(text: str) -> str:
    match = _DIGEST.fullmatch(text)
    if match is None:
        raise Unauthenticated("The Content-Digest is not one SHA-256.")
    return b64u(from_b64(match[1]))


def _id(text: object) -> str:
    if not isinstance(text, str) or not RANDOM_PATTERN.fullmatch(text):
        raise Unauthenticated("The message id or the nonce is not 16 random bytes.")
    return text
