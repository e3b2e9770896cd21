"""Vaults: what a member's client keeps sealed at the hub, under a passphrase and a device secret (docs/protocol.md §5).

Client side and pure, but for `login_verifier`, which is all that the server does. Both secrets are needed: a stolen
database is no target for guessing passphrases, a stolen device needs the passphrase too. Secrets hide themselves when
printed.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.hashlib import blake2b
from nacl.secret import Aead
from nacl.utils import random

from hub.errors import BadSignature, Malformed, UnsupportedVersion
from hub.packets.encoding import b64u, canonical, from_b64u, hkdf, parse_json, sha256

ALGORITHM = "argon2id13"
MEMORY_FLOOR = 64 * 1024 * 1024
OPS_FLOOR = 3
MEMORY_CEILING = 1024 * 1024 * 1024
OPS_CEILING = 16
"""Above these a server could freeze a client."""
_SALT_SIZE = 16
_DEVICE_SECRET_SIZE = 16
_CODE_SIZE = 20
_CHECK_SIZE = 5


@dataclass(frozen=True, slots=True)
class KdfParameters:
    """How a passphrase is stretched. They stand in the vault's associated data, so a server cannot change them."""

    salt: bytes
    mem: int = MEMORY_FLOOR
    ops: int = OPS_FLOOR

    @classmethod
    def of(cls, device: DeviceSecret) -> KdfParameters:
        """Return the parameters of whoever holds a device secret: no server is asked, so none tells who has a login."""
        return cls(hkdf(device.value, b"rcp/1/salt", size=_SALT_SIZE))

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"alg": ALGORITHM, "mem": self.mem, "ops": self.ops, "salt": b64u(self.salt)}

    @classmethod
    def from_value(cls, value: object) -> KdfParameters:
        """Return the parameters in a JSON object, if a client may use them.

        Raises:
            Malformed: not of the grammar.
            UnsupportedVersion: another algorithm, or less work than the floor (or absurdly much).
        """
        if not isinstance(value, dict) or set(value) != {"alg", "mem", "ops", "salt"}:
            raise Malformed("The key derivation parameters are not of their form.")
        mem, ops = value["mem"], value["ops"]
        if type(mem) is not int or type(ops) is not int:
            raise Malformed("The key derivation parameters are not of their form.")
        if value["alg"] != ALGORITHM or not MEMORY_FLOOR <= mem <= MEMORY_CEILING:
            raise UnsupportedVersion("The hub asks for a weaker key derivation than this client accepts.")
        if not OPS_FLOOR <= ops <= OPS_CEILING:
            raise UnsupportedVersion("The hub asks for a weaker key derivation than this client accepts.")
        return cls(from_b64u(value["salt"], _SALT_SIZE), mem, ops)


@dataclass(frozen=True, slots=True)
class DeviceSecret:
    """128 random bits that never leave the member's devices and printed sheet."""

    value: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> DeviceSecret:
        """Return a new one."""
        return cls(random(_DEVICE_SECRET_SIZE))


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """What two secrets give: `auth` goes to the server to sign in, `kek` stays."""

    auth: bytes = field(repr=False)
    kek: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedVault:
    """A vault as the server keeps it."""

    version: int
    kdf: KdfParameters
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenedVault:
    """A vault's content, and its version: the client remembers the highest that it has seen."""

    version: int
    content: dict[str, Any] = field(repr=False)


def derive(passphrase: str, device: DeviceSecret, kdf: KdfParameters) -> VaultKeys:
    """Return the keys of a passphrase and a device secret.

    Raises:
        UnsupportedVersion: parameters under the floor, whoever asks for them.
    """
    KdfParameters.from_value(kdf.to_value())
    stretched = pwhash.argon2id.kdf(
        32,
        unicodedata.normalize("NFC", passphrase).encode(errors="surrogatepass"),
        kdf.salt,
        opslimit=kdf.ops,
        memlimit=kdf.mem,
    )
    root = hkdf(stretched + device.value, b"rcp/1/2skd")
    return VaultKeys(hkdf(root, b"rcp/1/auth"), hkdf(root, b"rcp/1/kek"))


def login_verifier(auth: bytes) -> bytes:
    """Return what the server keeps of a login secret."""
    return blake2b(auth, digest_size=32, person=b"rcp/1/login").digest()


def seal_vault(
    content: dict[str, Any], keys: VaultKeys, *, login: str, version: int, kdf: KdfParameters
) -> SealedVault:
    """Return the vault of `content`; `version` must rise with every change."""
    aad = _aad(login, version, kdf)
    return SealedVault(version, kdf, bytes(Aead(keys.kek).encrypt(canonical(content), aad)))


def open_vault(vault: SealedVault, keys: VaultKeys, *, login: str, seen: int) -> OpenedVault:
    """Return the content of a vault; `seen` is the highest version that this client has seen.

    Raises:
        BadSignature: other secrets, another login, changed parameters or bytes, or an older version than was seen.
    """
    if vault.version < seen:
        raise BadSignature("The hub has served an older vault than this client has seen.")
    try:
        content = parse_json(Aead(keys.kek).decrypt(vault.data, _aad(login, vault.version, vault.kdf)))
    except (CryptoError, ValueError, TypeError) as error:
        raise BadSignature("The vault does not open: wrong secrets, or it was changed.") from error
    if not isinstance(content, dict):
        raise Malformed("The vault's content is not an object.")
    return OpenedVault(vault.version, content)


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """160 bits on paper: they open a second wrap of the vault without passphrase and device."""

    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> RecoveryCode:
        """Return a new one."""
        return cls(random(_CODE_SIZE))

    def text(self) -> str:
        """Return what is printed: ten groups of four; the last bytes are a checksum."""
        check = sha256(b"rcp/1/recovery-check", self.secret)[:_CHECK_SIZE]
        letters = base64.b32encode(self.secret + check).decode()
        return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))

    @classmethod
    def parse(cls, text: str) -> RecoveryCode:
        """Return the code that somebody typed: case, spaces and hyphens do not matter, 0, 1 and 8 are read as O, I, B.

        Raises:
            Malformed: a letter is wrong or missing.
        """
        letters = "".join(c for c in text.upper() if not c.isspace() and c != "-").translate(
            str.maketrans("018", "OIB")
        )
        try:
            data = base64.b32decode(letters)
        except (binascii.Error, ValueError) as error:
            raise Malformed("The recovery code is mistyped.") from error
        code = cls(data[:_CODE_SIZE])
        if len(data) != _CODE_SIZE + _CHECK_SIZE or code.text().replace("-", "") != letters:
            raise Malformed("The recovery code is mistyped.")
        return code


def wrap_for_recovery(content_key: bytes, code: RecoveryCode, *, login: str) -> bytes:
    """Return the vault's key, `VaultKeys.kek`, sealed to a recovery code (§5)."""
    return bytes(Aead(_recovery_key(code)).encrypt(content_key, canonical({"user": login})))


def recover(wrapped: bytes, code: RecoveryCode, *, login: str) -> VaultKeys:
    """Return the keys that open the vault, from a recovery code; they do not sign in: `auth` is empty.

    Raises:
        BadSignature: another code or login, or changed bytes.
    """
    try:
        kek = Aead(_recovery_key(code)).decrypt(wrapped, canonical({"user": login}))
    except (CryptoError, ValueError, TypeError) as error:
        raise BadSignature("The recovery code does not open this vault.") from error
    return VaultKeys(b"", bytes(kek))


def seal_local(data: bytes, keys: VaultKeys, *, login: str, name: str) -> bytes:
    """Return what a client keeps on its own machine, sealed with the vault's key; `name` says what it is."""
    return bytes(Aead(_local_key(keys)).encrypt(data, canonical({"name": name, "user": login})))


def open_local(sealed: bytes, keys: VaultKeys, *, login: str, name: str) -> bytes:
    """Return what `seal_local` sealed.

    Raises:
        BadSignature: other secrets (a passphrase was changed), another name or login, or changed bytes.
    """
    try:
        return bytes(Aead(_local_key(keys)).decrypt(sealed, canonical({"name": name, "user": login})))
    except (CryptoError, ValueError, TypeError) as error:
        raise BadSignature("What is kept on this machine does not open with this vault.") from error


def _local_key(keys: VaultKeys) -> bytes:
    return hkdf(keys.kek, b"rcp/1/local")


def _recovery_key(code: RecoveryCode) -> bytes:
    return hkdf(code.secret, b"rcp/1/recovery")


def _aad(login: str, version: int, kdf: KdfParameters) -> bytes:
    return canonical({"kdf": kdf.to_value(), "user": login, "version": version})
