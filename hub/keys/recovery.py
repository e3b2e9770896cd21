"""An agency's recovery out of two of three paper shares (docs/protocol.md §5). Client side and pure.

The shares are words of SLIP-39 for one secret. From it come a signing key, with which every use is logged before
anything is given out, and an encryption key, to which the root and the newest two epochs are sealed again whenever they
change: so new shares are needed only when old ones were used. Does not store; who holds the shares people choose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.utils import random
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics

from hub.errors import BadSignature, Malformed
from hub.keys.certificates import RecoveryKey
from hub.keys.devices import EpochSecret, RootKey
from hub.packets import shapes as a
from hub.packets.age import Identity, Recipient
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u, canonical, from_b64u, hkdf, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.keys.certificates import KeyEntry

SHARES, NEEDED, EPOCHS = 3, 2, 2
_SEED_SIZE = 32
_ROOT = a.object_of({"v": a.integer(1, 1), "agency": a.agency, "root": a.hash_})
_KEPT = a.object_of({"epoch": a.integer(1), "secret": a.hash_})
_EPOCHS = a.object_of({"v": a.integer(1, 1), "agency": a.agency, "epochs": a.list_of(_KEPT, EPOCHS)})


@dataclass(frozen=True, slots=True)
class RecoverySecret:
    """What two shares give back."""

    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> RecoverySecret:
        """Return a new one."""
        return cls(random(_SEED_SIZE))

    @classmethod
    def from_shares(cls, shares: Iterable[str]) -> RecoverySecret:
        """Return the secret of which these are shares, each a line of words; spaces and case do not matter.

        Raises:
            Malformed: fewer than two, a mistyped word, or shares that do not belong together.
        """
        lines = sorted({" ".join(share.lower().split()) for share in shares})
        try:
            seed = bytes(combine_mnemonics(lines[:NEEDED]))
        except (MnemonicError, ValueError, IndexError):
            seed = b""
        if len(seed) != _SEED_SIZE:
            raise Malformed(
                "These are not two shares of one recovery.", todo="Check each word; take two papers of the same day."
            )
        return cls(seed)

    def shares(self) -> tuple[str, ...]:
        """Return three new shares, any two of which give the secret; each ends with words that check the others."""
        (shares,) = generate_mnemonics(1, [(NEEDED, SHARES)], self.seed)
        return tuple(shares)

    def signer(self) -> Signer:
        """Return what signs a use."""
        return Signer(hkdf(self.seed, b"rcp/1/agency-recovery/sign"))

    def identity(self) -> Identity:
        """Return what opens the sealed keys."""
        return Identity(hkdf(self.seed, b"rcp/1/agency-recovery/enc"))

    def public(self, agency: str, held: Sequence[str], at: int) -> RecoveryKey:
        """Return the document that the root signs: whose papers count from now on, and which bodies hold them."""
        return RecoveryKey(agency, self.signer().public_key, str(self.identity().recipient), tuple(held), at)


def seal_root(key: RecoveryKey, root: RootKey) -> bytes:
    """Return an agency's root, sealed to its recovery key."""
    return _seal(key, {"v": 1, "agency": key.agency, "root": b64u(root.seed)})


def seal_epochs(key: RecoveryKey, secrets: Iterable[EpochSecret]) -> bytes:
    """Return the newest two of these epoch secrets, sealed to the agency's recovery key."""
    newest = sorted(secrets, key=lambda secret: secret.epoch)[-EPOCHS:]
    rows = [{"epoch": secret.epoch, "secret": b64u(secret.identity.secret)} for secret in newest]
    return _seal(key, {"v": 1, "agency": key.agency, "epochs": rows})


def open_root(secret: RecoverySecret, sealed: bytes, entry: KeyEntry) -> RootKey:
    """Return the root in what `seal_root` sealed.

    Raises:
        BadSignature: sealed to another key, or not the root that the agency's log shows.
    """
    root = RootKey(from_b64u(_open(secret, sealed, _ROOT, entry.agency)["root"], _SEED_SIZE))
    if root.signer().public_key != entry.root:
        raise BadSignature("What was recovered is not this agency's root.")
    return root


def open_epochs(secret: RecoverySecret, sealed: bytes, entry: KeyEntry) -> list[EpochSecret]:
    """Return those epoch secrets in what `seal_epochs` sealed that the agency has published.

    Raises:
        BadSignature: sealed to another key.
    """
    rows = _open(secret, sealed, _EPOCHS, entry.agency)["epochs"]
    found = [EpochSecret(row["epoch"], Identity(from_b64u(row["secret"], _SEED_SIZE))) for row in rows]
    return [one for one in found if one.public() in entry.enc]


def _seal(key: RecoveryKey, value: dict[str, Any]) -> bytes:
    return bytes(SealedBox(PublicKey(Recipient.parse(key.recipient).public_key)).encrypt(canonical(value)))


def _open(secret: RecoverySecret, sealed: bytes, shape: a.Check, agency: str) -> dict[str, Any]:
    try:
        value: Any = parse_json(SealedBox(PrivateKey(secret.identity().secret)).decrypt(sealed))
        shape(value)
    except (CryptoError, ValueError, TypeError, Malformed) as error:
        raise BadSignature("What the hub keeps does not open with these shares.") from error
    if value["agency"] != agency:
        raise BadSignature("What the hub keeps is another agency's.")
    return dict(value)
