"""The hub's own wrapping of age headers, one key a packet; destroying the key is the deletion (docs/protocol.md §4.5).

A header is the only place of a file key, and it is sealed to the recipient already: this wrapping adds nothing against
the operator, but makes deletion reach every copy of the database. Keys stand in a folder of their own, outside ordinary
backups, and so do the names of those that were destroyed: an empty file each, synced before the key goes, so that a key
that a restored backup brings back opens nothing. The names of packets that were served stand there likewise, so that a
restored database does not call certain what is not. Names are only ever added. A re-wrap puts its key before the old
one in the same file: whichever headers a crash or a restored backup leaves in the database open. The old key goes
eight days later: until then a database that is put back opens.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from nacl.utils import random

from hub.disk import sync_folder
from hub.errors import ConsentMissing, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KEY_SIZE = 32
_PART = ".part"


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
        return self._seal(manifest, headers, b"")

    def renew(self, manifest: str, headers: dict[str, bytes]) -> dict[str, bytes]:
        """Do the same with a new key, and keep the old one until `settle`: the caller may not commit.

        Raises:
            ConsentMissing: this packet was destroyed here before.
        """
        return self._seal(manifest, headers, b"".join(self._keys(manifest)))

    def settle(self, manifest: str, name: str, sealed: bytes) -> bool:
        """Keep only the key that opens the header of file `name` as it was committed; return whether others went."""
        keys = self._keys(manifest)
        good = [key for key in keys if _opened(key, name, sealed) is not None]
        if len(keys) < 2 or not good:  # noqa: PLR2004 - the newest, and one that it replaced
            return False
        with (self._folder / manifest).open("r+b") as old:
            self._write(manifest, good[0])
            _wipe(old)
        return True

    def unsettled(self, before: int) -> Sequence[str]:
        """Return the manifests for which more than one key is kept since before `before`."""
        found = [(path.name, path.stat()) for path in self._folder.iterdir() if path.suffix != _PART]
        return sorted(name for name, stat in found if stat.st_size > _KEY_SIZE and stat.st_mtime < before)

    def _seal(self, manifest: str, headers: dict[str, bytes], before: bytes) -> dict[str, bytes]:
        if (self._destroyed / manifest).exists():
            raise ConsentMissing("Consent was withdrawn: this packet was destroyed here.", rule="R04")
        key = random(_KEY_SIZE)
        self._write(manifest, key + before)
        return {name: bytes(Aead(key).encrypt(header, name.encode())) for name, header in headers.items()}

    def _write(self, manifest: str, keys: bytes) -> None:
        part = self._folder / f"{manifest}{_PART}"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, keys)
            os.fsync(handle)
        finally:
            os.close(handle)
        part.replace(self._folder / manifest)
        sync_folder(self._folder)  # or a power cut could leave the file without its name

    def _keys(self, manifest: str) -> list[bytes]:
        try:
            data = (self._folder / manifest).read_bytes()
        except OSError:
            return []
        return [data[i : i + _KEY_SIZE] for i in range(0, len(data), _KEY_SIZE)]

    def open(self, manifest: str, name: str, sealed: bytes) -> bytes:
        """Return the header of file `name`.

        Raises:
            NotFound: the key was destroyed.
        """
        keys = [] if (self._destroyed / manifest).exists() else self._keys(manifest)
        found = next((header for key in keys if (header := _opened(key, name, sealed)) is not None), None)
        if found is None:
            raise NotFound("This packet's key was destroyed.")
        return found

    def destroy(self, manifest: str) -> bool:
        """Destroy the key: nobody can open the packet from what this hub stores. Return whether there was one."""
        _write_down(self._destroyed, manifest)
        erased = [_erased(self._folder / name) for name in (manifest, f"{manifest}{_PART}")]
        return any(erased)

    def note_served(self, manifest: str) -> None:
        """Write down, durably and where no restored database forgets it, that a header is given to its recipient."""
        _write_down(self._served, manifest)

    def was_served(self, manifest: str) -> bool:
        """Return whether a header of this packet was ever given to its recipient."""
        return (self._served / manifest).exists()

    def destroyed(self) -> Sequence[str]:
        """Return the manifests whose keys were ever destroyed here."""
        return sorted(path.name for path in self._destroyed.iterdir())


def _opened(key: bytes, name: str, sealed: bytes) -> bytes | None:
    try:
        return bytes(Aead(key).decrypt(sealed, name.encode()))
    except (CryptoError, ValueError):
        return None


def _erased(path: Path) -> bool:
    """Overwrite and remove a file; return whether there was one."""
    try:
        with path.open("r+b") as file:
            _wipe(file)
    except FileNotFoundError:
        return False
    path.unlink(missing_ok=True)
    return True


def _wipe(file: BinaryIO) -> None:
    """Write zeros over all of a file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    file.write(bytes(size))
    file.flush()
    os.fsync(file.fileno())


def _write_down(folder: Path, name: str) -> None:
    if not (folder / name).exists():
        (folder / name).touch(mode=0o600)
        sync_folder(folder)
