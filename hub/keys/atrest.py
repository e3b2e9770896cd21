"""Small secrets that a hub itself has to read, sealed under its key, so that a copy of the database alone shows none.

Not for what members keep: that a hub cannot open at all. Whoever has `hub.key` opens these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from hub.errors import BadSignature
from hub.packets.encoding import hkdf

if TYPE_CHECKING:
    from hub.packets.dsse import Signer


def seal_at_rest(signer: Signer, data: bytes, name: str) -> bytes:
    """Return `data` sealed; `name` says what and whose it is."""
    return bytes(Aead(_key(signer)).encrypt(data, name.encode()))


def open_at_rest(signer: Signer, sealed: bytes, name: str) -> bytes:
    """Return what was sealed.

    Raises:
        BadSignature: by another hub's key, under another name, or changed.
    """
    try:
        return bytes(Aead(_key(signer)).decrypt(sealed, name.encode()))
    except (CryptoError, ValueError) as error:
        raise BadSignature("What this hub keeps sealed does not open with its key.") from error


def _key(signer: Signer) -> bytes:
    return hkdf(signer.sign(b"rcp/1/at-rest"), b"rcp/1/at-rest")
