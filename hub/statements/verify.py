"""Signing and verifying statements (docs/protocol.md §7).

Certificates come through the `Signers` protocol, which `hub.keys` fulfils; whether a step is possible is the state
machine's. `VerifiedStatement` is made by `verify_statement` alone, so unverified bytes cannot reach a service.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from hub.errors import BadSignature, Expired, Malformed, UnknownSigner
from hub.packets.dsse import Envelope, Signer, add_signature, check_public_key, sign_envelope
from hub.statements.grammar import STATEMENT_TYPE, Grade, HubActor, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.statements.grammar import Actor

AHEAD = 600
"""Seconds that a signer's clock may run ahead of ours (§7)."""
OLDEST = 400 * 86_400
"""Seconds for which a statement signed offline may wait (§7)."""
_VERIFIED = object()


class Signers(Protocol):
    """Who may sign: certificates and hub entries that were verified before."""

    def member_key(self, agency: str, member: str, role: str, keyid: str, at: int) -> bytes:
        """Return the member's device key named `keyid`.

        Raises:
            UnknownSigner: no such certificate is known.
            BadSignature: it does not give the role, is outside its period, or is revoked.
        """
        ...

    def hub_key(self, host: str, keyid: str) -> bytes:
        """Return the key of the hub at `host`, if it is named `keyid`.

        Raises:
            UnknownSigner: no such hub or key is known.
        """
        ...


class Links(Protocol):
    """The links of a handoff, by which people without an account sign: `hub.statements.links.Chain`."""

    def link_key(self, statement: Statement, keyid: str) -> bytes:
        """Return the key that signs a statement of grade `link`.

        Raises:
            UnknownSigner: no link of this handoff leads to this key.
        """
        ...


@dataclass(frozen=True, slots=True)
class VerifiedStatement:
    """A statement whose every signature was verified; `hash` is its name in heads, receipts and logs."""

    statement: Statement
    envelope: Envelope
    hash: str
    _token: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._token is not _VERIFIED:
            msg = "only verify_statement makes a VerifiedStatement"
            raise TypeError(msg)

    @property
    def document(self) -> bytes:
        """The bytes that the log and the peers get."""
        return self.envelope.to_bytes()


def verify_statement(
    data: bytes, signers: Signers, *, now: int, first: bool = True, links: Callable[[str], Links] | None = None
) -> VerifiedStatement:
    """Return the statement that `data` is, all of its signatures verified.

    `first` is False when a statement is read again that was accepted before: then its age does not matter. `links`
    gives the links of a handoff; a statement of grade `link` is signed by one of them and by no certified device.

    Raises:
        TooLarge: over 256 KiB.
        Malformed: not of the grammar.
        UnsupportedVersion: another version or a type that this release does not act on.
        UnknownSigner: no certificate of a signer is known here.
        BadSignature: a role that the certificate does not give, a signature missing, too many or wrong.
        Expired: dated more than ten minutes ahead, or older than 400 days.
    """
    # 1. size, envelope, payload type
    envelope = Envelope.from_bytes(data, STATEMENT_TYPE)
    # 2. grammar, type, body; different members of one agency
    statement = Statement.from_value(envelope.value)
    # 3. one signature for each of `by`, in that order
    if len(envelope.signatures) != len(statement.by):
        raise BadSignature("A statement has not exactly one signature for each signer.")
    # 4. certificates: key, role, period, revocation
    keyids = [signature.keyid for signature in envelope.signatures]
    if len(set(keyids)) != len(keyids):
        raise BadSignature("Two signers are two people: one device signs once.")
    if statement.grade is Grade.LINK:
        keys = [_link_key(statement, keyids[0], links)]
    else:
        keys = [_key(actor, keyid, statement.at, signers) for actor, keyid in zip(statement.by, keyids, strict=True)]
    # 5. every signature, over the received bytes
    envelope.verified_by(keys)
    # 6. times
    if statement.at > now + AHEAD or (first and statement.at < now - OLDEST):
        raise Expired("A statement is dated in the future, or too long ago.")
    return VerifiedStatement(statement, envelope, envelope.hash, _VERIFIED)


def sign_statement(statement: Statement, signers: Sequence[Signer]) -> Envelope:
    """Return the statement signed by the first of its `by`, or by more of them in their order.

    Raises:
        Malformed: the statement is not of the grammar, or there are more signers than it names.
    """
    Statement.from_value(statement.to_value())
    if not 1 <= len(signers) <= len(statement.by):
        raise Malformed("A statement is signed by those whom it names, in their order.")
    return sign_envelope(STATEMENT_TYPE, statement.to_value(), signers)


def co_sign(envelope: Envelope, signer: Signer) -> Envelope:
    """Return the statement with the signature of the next of its `by`.

    Raises:
        Malformed: it has all of its signatures already.
    """
    statement = Statement.from_value(envelope.value)
    if len(envelope.signatures) >= len(statement.by):
        raise Malformed("This statement has all of its signatures already.")
    return add_signature(envelope, signer)


def _key(actor: Actor, keyid: str, at: int, signers: Signers) -> bytes:
    if isinstance(actor, HubActor):
        return signers.hub_key(actor.host, keyid)
    return signers.member_key(actor.agency, actor.member, actor.role, keyid, at)


def _link_key(statement: Statement, keyid: str, links: Callable[[str], Links] | None) -> bytes:
    if links is None:
        raise UnknownSigner("Nobody signs by a link here.")
    return check_public_key(links(statement.handoff).link_key(statement, keyid))
