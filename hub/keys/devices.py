"""The keys on a member's device, and how an agency's epoch secret gets there (docs/protocol.md §5).

Client side and pure. Does not store: a client puts `to_value()` into its vault. Epoch secrets are granted only to the
devices of those who may open cases; nothing here makes a grant for anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.utils import random

from hub.errors import BadSignature, Forbidden, Malformed
from hub.keys.certificates import CASE_ROLES, SUITE, Epoch, EpochGrant, MemberCert
from hub.packets.age import Identity, Recipient
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u, from_b64u

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEED_SIZE = 32


@dataclass(frozen=True, slots=True)
class RootKey:
    """An agency's root key: it certifies, and signs nothing else."""

    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> RootKey:
        """Return a new one."""
        return cls(random(_SEED_SIZE))

    def signer(self) -> Signer:
        """Return what signs with it."""
        return Signer(self.seed)


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """A device's signing seed and its age identity."""

    seed: bytes = field(repr=False)
    identity: Identity = field(repr=False)

    @classmethod
    def generate(cls) -> DeviceKeys:
        """Return new keys."""
        return cls(random(_SEED_SIZE), Identity.generate())

    def signer(self) -> Signer:
        """Return what signs for the member."""
        return Signer(self.seed)

    @property
    def recipient(self) -> str:
        """The age1… string to which grants and personal packets are sealed."""
        return str(self.identity.recipient)

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object that the vault keeps."""
        return {"seed": b64u(self.seed), "identity": b64u(self.identity.secret)}

    @classmethod
    def from_value(cls, value: object) -> DeviceKeys:
        """Return the keys out of a vault.

        Raises:
            Malformed: not of the grammar.
        """
        if not isinstance(value, dict) or set(value) != {"seed", "identity"}:
            raise Malformed("The device keys are not of their form.")
        return cls(from_b64u(value["seed"], _SEED_SIZE), Identity(from_b64u(value["identity"], _SEED_SIZE)))


@dataclass(frozen=True, slots=True)
class EpochSecret:
    """An agency's encryption key of one epoch."""

    epoch: int
    identity: Identity = field(repr=False)

    @classmethod
    def generate(cls, epoch: int) -> EpochSecret:
        """Return a new one: made on the device of a member who may hold it."""
        return cls(epoch, Identity.generate())

    def public(self) -> Epoch:
        """Return what the key entry publishes."""
        return Epoch(self.epoch, str(self.identity.recipient), SUITE)

    def grant(self, cert: MemberCert) -> EpochGrant:
        """Return the secret sealed to a certified device.

        Raises:
            Forbidden: the member has no role that opens cases.
        """
        if not cert.roles & CASE_ROLES:
            raise Forbidden("Only members who work on cases may hold an agency's epoch key.")
        device = Recipient.parse(cert.recipient)
        wrapped = SealedBox(PublicKey(device.public_key)).encrypt(self.identity.secret)
        return EpochGrant(self.epoch, cert.member, device.kid, bytes(wrapped))


def open_grant(grant: EpochGrant, device: DeviceKeys, published: Iterable[Epoch]) -> EpochSecret:
    """Return the epoch secret in a grant, if it is the one that the agency has published.

    Raises:
        BadSignature: sealed to another device, changed, or not the secret of the published epoch.
    """
    try:
        secret = SealedBox(PrivateKey(device.identity.secret)).decrypt(grant.wrapped)
    except (CryptoError, ValueError, TypeError) as error:
        raise BadSignature("This grant is not sealed to this device.") from error
    opened = EpochSecret(grant.epoch, Identity(bytes(secret)))
    if opened.public() not in set(published):
        raise BadSignature("This grant does not hold the epoch that the agency has published.")
    return opened
