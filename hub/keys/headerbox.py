"""The hub's own wrapping of age headers, one key a packet; destroying the key is the deletion (docs/protocol.md §4.5).

A header is the only place of a file key, and it is sealed to the recipient already: this wrapping adds nothing against
the operator, but makes deletion reach every copy of the database. Keys stand in a folder of their own, outside ordinary
backups.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from nacl.utils import random

from hub.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

_KEY_SIZE = 32


class HeaderKeys:
    """Per-packet keys below `folder`, named by manifest hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def seal(self, manifest: str, headers: dict[str, bytes]) -> dict[str, bytes]:
        """Make a key for this manifest, durably, and return the headers encrypted under it."""
        key = random(_KEY_SIZE)
        handle = os.open(self._folder / manifest, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, key)
            os.fsync(handle)
        finally:
            os.close(handle)
        folder = os.open(self._folder, os.O_RDONLY)  # or a power cut could leave the file without its name
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return {name: bytes(Aead(key).encrypt(header, name.encode())) for name, header in headers.items()}

    def open(self, manifest: str, name: str, sealed: bytes) -> bytes:
        """Return the header of file `name`.

        Raises:
            NotFound: the key was destroyed.
        """
        try:
            key = (self._folder / manifest).read_bytes()
            return bytes(Aead(key).decrypt(sealed, name.encode()))
        except (OSError, CryptoError, ValueError) as error:
            raise NotFound("This packet's key was destroyed.") from error

    def destroy(self, manifest: str) -> bool:
        """Destroy the key: nobody can open the packet from what this hub stores. Return whether there was one."""
        path = self._folder / manifest
        try:
            with path.open("r+b") as file:
                file.write(bytes(_KEY_SIZE))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return False
        path.unlink(missing_ok=True)
        return True
