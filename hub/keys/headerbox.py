"""The hub's own wrapping of age headers, one key a packet; destroying the key is the deletion (docs/protocol.md §4.5).

A header is the only place of a file key, and it is sealed to the recipient already: this wrapping adds nothing against
the operator, but makes deletion reach every copy of the database. Keys stand in a folder of their own, outside ordinary
backups, and so do the names of those that were destroyed: an empty file each, synced before the key goes, so that a key
that a restored backup brings back opens nothing. The names of packets that were served stand there likewise, so that a
restored database does not call certain what is not. Names are only ever added.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from nacl.utils import random

from hub.disk import sync_folder
from hub.errors import ConsentMissing, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KEY_SIZE = 32


class HeaderKeys:
    """Per-packet keys below `folder`, named by manifest hash; those that were destroyed in `destroyed` beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._destroyed, self._served = folder.with_name("destroyed"), folder.with_name("served")
        for each in (self._folder, self._destroyed, self._served):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)

    def seal(self, manifest: str, headers: dict[str, bytes]) -> dict[str, bytes]:
        """Make a key for this manifest, durably, and return the headers encrypted under it.

        Raises:
            ConsentMissing: this packet was destroyed here before.
        """
        if (self._destroyed / manifest).exists():
            raise ConsentMissing("Consent was withdrawn: this packet was destroyed here.", rule="R04")
        key = random(_KEY_SIZE)
        handle = os.open(self._folder / manifest, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, key)
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(self._folder)  # or a power cut could leave the file without its name
        return {name: bytes(Aead(key).encrypt(header, name.encode())) for name, header in headers.items()}

    def open(self, manifest: str, name: str, sealed: bytes) -> bytes:
        """Return the header of file `name`.

        Raises:
            NotFound: the key was destroyed.
        """
        try:
            if (self._destroyed / manifest).exists():
                raise NotFound("This packet's key was destroyed.")
            key = (self._folder / manifest).read_bytes()
            return bytes(Aead(key).decrypt(sealed, name.encode()))
        except (OSError, CryptoError, ValueError) as error:
            raise NotFound("This packet's key was destroyed.") from error

    def destroy(self, manifest: str) -> bool:
        """Destroy the key: nobody can open the packet from what this hub stores. Return whether there was one."""
        path = self._folder / manifest
        _write_down(self._destroyed, manifest)
        try:
            with path.open("r+b") as file:
                file.write(bytes(_KEY_SIZE))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return False
        path.unlink(missing_ok=True)
        return True

    def note_served(self, manifest: str) -> None:
        """Write down, durably and where no restored database forgets it, that a header is given to its recipient."""
        _write_down(self._served, manifest)

    def was_served(self, manifest: str) -> bool:
        """Return whether a header of this packet was ever given to its recipient."""
        return (self._served / manifest).exists()

    def destroyed(self) -> Sequence[str]:
        """Return the manifests whose keys were ever destroyed here."""
        return sorted(path.name for path in self._destroyed.iterdir())


def _write_down(folder: Path, name: str) -> None:
    if not (folder / name).exists():
        (folder / name).touch(mode=0o600)
        sync_folder(folder)
