"""age v1 files with X25519 recipients (C2SP `age`): keys, headers, file keys.

The payload is in `hub.packets.stream`. The parser here tolerates stanzas of other kinds, as age does; a packet's
policy (docs/protocol.md §4.2) is `check_policy`. Armor and scrypt are refused by both.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl.bindings import (
    crypto_aead_chacha20poly1305_ietf_decrypt,
    crypto_aead_chacha20poly1305_ietf_encrypt,
    crypto_scalarmult,
    crypto_scalarmult_base,
)
from nacl.exceptions import CryptoError
from nacl.utils import random as _system_random

from hub.errors import BadSignature, Malformed, TooLarge, UnsupportedVersion, WrongRecipient
from hub.packets import bech32
from hub.packets.dsse import kid
from hub.packets.encoding import b64, from_b64, hkdf
from hub.packets.manifest import MAX_HEADER, MAX_STANZAS

if TYPE_CHECKING:
    from typing import BinaryIO

Random = Callable[[int], bytes]
FILE_KEY = 16
_VERSION = b"age-encryption.org/v1\n"
_INTRO = b"age-encryption.org/"
_ARMOR = b"-----BEGIN AGE"
_LABEL = b"age-encryption.org/v1/X25519"
_ARGUMENTS = re.compile(rb"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_COLUMNS = 64
_KEY = 32
_BODY = FILE_KEY + 16
_ZERO_NONCE = bytes(12)
_X25519 = "X25519"


@dataclass(frozen=True, slots=True, repr=False)
class Recipient:
    """An X25519 public key, `age1…`."""

    public_key: bytes

    def __post_init__(self) -> None:
        if len(self.public_key) != _KEY:
            raise Malformed("An age recipient is 32 bytes long.")

    @property
    def kid(self) -> str:
        """The name of the key (§2)."""
        return kid(self.public_key)

    @classmethod
    def parse(cls, text: str) -> Recipient:
        """Read `age1…`.

        Raises:
            Malformed: not an X25519 recipient.
        """
        return cls(bech32.decode(text, "age")) if text == text.lower() else cls(b"")

    def __str__(self) -> str:
        return bech32.encode("age", self.public_key)

    def __repr__(self) -> str:
        return f"Recipient({self})"


class Identity:
    """An X25519 secret key, `AGE-SECRET-KEY-1…`; `repr` does not show it."""

    __slots__ = ("_secret", "recipient")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY:
            raise Malformed("An age identity is 32 bytes long.")
        self._secret = secret
        self.recipient = Recipient(crypto_scalarmult_base(secret))

    @classmethod
    def generate(cls, random: Random = _system_random) -> Identity:
        """Make a new key."""
        return cls(random(_KEY))

    @classmethod
    def parse(cls, text: str) -> Identity:
        """Read `AGE-SECRET-KEY-1…`.

        Raises:
            Malformed: not an X25519 identity.
        """
        return cls(bech32.decode(text, "age-secret-key-")) if text == text.upper() else cls(b"")

    @property
    def secret(self) -> bytes:
        """The 32 secret bytes, for vaults and grants."""
        return self._secret

    def text(self) -> str:
        """Return `AGE-SECRET-KEY-1…`, for key files."""
        return bech32.encode("age-secret-key-", self._secret).upper()

    def exchange(self, share: bytes) -> bytes | None:
        """Return the X25519 shared secret, or None if `share` is of low order."""
        try:
            return crypto_scalarmult(self._secret, share)
        except RuntimeError:
            return None

    def __repr__(self) -> str:
        return f"Identity({self.recipient})"


@dataclass(frozen=True, slots=True)
class Stanza:
    """One way to the file key: a kind, arguments and a body."""

    kind: str
    args: tuple[str, ...]
    body: bytes

    def to_bytes(self) -> bytes:
        """Return the stanza's lines."""
        text = _encode(self.body)
        rows = [text[i : i + _COLUMNS] for i in range(0, len(text) + 1, _COLUMNS)]
        return b"".join(row + b"\n" for row in (" ".join(("->", self.kind, *self.args)).encode(), *rows))


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header; its MAC is not checked until a file key is there."""

    stanzas: tuple[Stanza, ...]
    mac: bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> Header:
        """Parse a header from its first byte to the newline after the MAC.

        Raises:
            Malformed: not of the grammar.
            UnsupportedVersion: armor, or another version of age.
            TooLarge: over 16 KiB.
        """
        if len(data) > MAX_HEADER:
            raise TooLarge("A header is larger than 16 KiB.")
        _check_version(data)
        *lines, end = data[len(_VERSION) :].split(b"\n")
        if end or not lines or not lines[-1].startswith(b"--- "):
            raise Malformed("A header has no end.")
        header = cls(tuple(_stanzas(lines[:-1])), _decode(lines[-1][4:]))
        if len(header.mac) != _KEY or not header.stanzas:
            raise Malformed("A header has no stanza or no MAC.")
        return header

    def to_bytes(self) -> bytes:
        """Return the header: what `from_bytes` was given, byte for byte."""
        return _unsigned(self.stanzas) + b" " + _encode(self.mac) + b"\n"

    def check_mac(self, file_key: bytes) -> None:
        """Return if the MAC is right under this file key.

        Raises:
            BadSignature: it is not.
        """
        if not hmac.compare_digest(_mac(self.stanzas, file_key), self.mac):
            raise BadSignature("A header was changed.")


def make_header(recipients: Iterable[Recipient], file_key: bytes, random: Random = _system_random) -> Header:
    """Return a header that wraps `file_key` for each recipient, in their order.

    Raises:
        Malformed: no recipient, over 32, or one whose key is of low order.
    """
    stanzas = tuple(_wrap(recipient, file_key, random) for recipient in recipients)
    if not 1 <= len(stanzas) <= MAX_STANZAS:
        raise Malformed("A file needs between 1 and 32 recipients.")
    return Header(stanzas, _mac(stanzas, file_key))


def read_header(stream: BinaryIO) -> bytes:
    """Read a header and leave the stream at the first byte of the payload.

    Raises:
        Malformed: no age header, or cut off.
        UnsupportedVersion: armor, or another version of age.
        TooLarge: no end within 16 KiB.
    """
    data = line = stream.readline(len(_VERSION))
    _check_version(data)
    while not line.startswith(b"---"):
        line = stream.readline(MAX_HEADER + 1 - len(data))
        data += line
        if len(data) > MAX_HEADER:
            raise TooLarge("A header is larger than 16 KiB.")
        if not line.endswith(b"\n"):
            raise Malformed("A header is cut off.")
    return data


def unwrap(header: Header, identities: Sequence[Identity]) -> bytes:
    """Return the file key by the first identity that fits any stanza, with the header's MAC checked.

    Raises:
        WrongRecipient: none fits.
        BadSignature: one fits, but the header was changed.
        Malformed: an X25519 stanza is not of its form.
        UnsupportedVersion: a passphrase stanza.
    """
    if any(stanza.kind == "scrypt" for stanza in header.stanzas):
        raise UnsupportedVersion("Files under a passphrase are not taken.")
    shares = [(_share(stanza), stanza) for stanza in header.stanzas if stanza.kind == _X25519]
    for share, stanza in shares:
        for identity in identities:
            file_key = _unwrap(identity, share, stanza.body)
            if file_key is not None:
                header.check_mac(file_key)
                return file_key
    raise WrongRecipient("The file is not sealed to a key that we hold.")


def check_policy(header: Header, count: int) -> None:
    """Return if the header is one that a packet may have: `count` X25519 stanzas and nothing else (§4.2).

    Raises:
        UnsupportedVersion: a stanza of another kind.
        Malformed: another number of stanzas, or one not of its form.
    """
    if any(stanza.kind != _X25519 for stanza in header.stanzas):
        raise UnsupportedVersion("A packet is sealed to X25519 recipients only.")
    if len(header.stanzas) != count:
        raise Malformed("A header has another number of stanzas than the manifest says.")
    for stanza in header.stanzas:
        _share(stanza)


def _check_version(data: bytes) -> None:
    if not data.startswith(_VERSION):
        known = data.startswith((_INTRO, _ARMOR))
        raise (UnsupportedVersion if known else Malformed)("A file is not a binary age v1 file.")


def _stanzas(lines: Sequence[bytes]) -> Iterable[Stanza]:
    rows = iter(lines)
    for row in rows:
        if not row.startswith(b"-> ") or not _ARGUMENTS.fullmatch(row[3:]):
            raise Malformed("A stanza of a header does not begin as one.")
        body = b""
        for line in rows:
            body += line
            if len(line) != _COLUMNS:
                break
        else:
            raise Malformed("A stanza of a header has no end.")
        if len(line) > _COLUMNS:
            raise Malformed("A line of a header is too long.")
        kind, *args = row[3:].decode().split(" ")
        yield Stanza(kind, tuple(args), _decode(body))


def _unsigned(stanzas: Iterable[Stanza]) -> bytes:
    return _VERSION + b"".join(stanza.to_bytes() for stanza in stanzas) + b"---"


def _mac(stanzas: Iterable[Stanza], file_key: bytes) -> bytes:
    return hmac.digest(hkdf(file_key, b"header"), _unsigned(stanzas), "sha256")


def _wrap(recipient: Recipient, file_key: bytes, random: Random) -> Stanza:
    ephemeral = Identity(random(_KEY))
    share, shared = ephemeral.recipient.public_key, ephemeral.exchange(recipient.public_key)
    if shared is None:
        raise Malformed("A recipient's key is not usable.")
    key = hkdf(shared, _LABEL, salt=share + recipient.public_key)
    body = crypto_aead_chacha20poly1305_ietf_encrypt(file_key, None, _ZERO_NONCE, key)
    return Stanza(_X25519, (_encode(share).decode(),), body)


def _share(stanza: Stanza) -> bytes:
    if len(stanza.args) != 1 or len(stanza.body) != _BODY:
        raise Malformed("An X25519 stanza is not of its form.")
    share = _decode(stanza.args[0].encode())
    if len(share) != _KEY:
        raise Malformed("An X25519 stanza is not of its form.")
    return share


def _unwrap(identity: Identity, share: bytes, body: bytes) -> bytes | None:
    shared = identity.exchange(share)
    if shared is None:
        raise Malformed("An X25519 stanza has a share of low order.")
    key = hkdf(shared, _LABEL, salt=share + identity.recipient.public_key)
    try:
        return crypto_aead_chacha20poly1305_ietf_decrypt(body, None, _ZERO_NONCE, key)
    except CryptoError:
        return None


def _encode(data: bytes) -> bytes:
    return b64(data).rstrip("=").encode()


def _decode(text: bytes) -> bytes:
    if b"=" in text:
        raise Malformed("A header has padded base64.")
    return from_b64((text + b"=" * (-len(text) % 4)).decode("latin-1"))
