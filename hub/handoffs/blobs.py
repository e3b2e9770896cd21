"""Sealed payloads on disk, and the spool in which a packet waits until its statement is accepted.

Holds ciphertext only. A payload is durable (file and folder synced) before the transaction that names it commits; one
that no row names is swept away later. Payloads are named by manifest and hash, so nothing is shared between two
packets: the id of a packet is its sender's choice, and somebody else could choose the same.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from hub.disk import sync_folder
from hub.errors import NotFound
from hub.packets.age import read_header
from hub.packets.container import PacketFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHUNK = 256 * 1024
_ABANDONED = 24 * 3600


@dataclass(slots=True)
class ReceivedPacket(PacketFiles):
    """A packet as it came over HTTP: its manifest, and its age files in the spool, headers parted from payloads.

    `close()` removes what is left of it; a file that was taken into the store is no longer there to be removed.
    """

    manifest: bytes
    files: dict[str, tuple[bytes, Path]]
    """Header, and where all bytes after it are, durably."""
    folder: Path | None = field(default=None, repr=False)

    def names(self) -> frozenset[str]:
        """Return the names of the age files."""
        return frozenset(self.files)

    def header(self, name: str) -> bytes:
        """Return a file's age header."""
        return self.files[name][0]

    def payload(self, name: str) -> BinaryIO:
        """Open everything behind a file's header."""
        return self.files[name][1].open("rb")

    def close(self) -> None:
        """Remove the spooled files."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class Blobs:
    """Payloads below `root`/payloads, and the spool beside it on the same file system."""

    def __init__(self, root: Path) -> None:
        self._payloads = root / "payloads"
        self._spool = root / "spool"
        for folder in (self._payloads, self._spool):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def stage(self, manifest: bytes, files: Iterable[tuple[str, IO[bytes]]]) -> ReceivedPacket:
        """Copy the age files of a packet to the spool; `files` are (name, stream) pairs, names as in the manifest.

        Headers and payloads are parted and payloads synced here, before any transaction, so that a large packet on a
        slow disk holds up no other writer.

        Raises:
            PacketError: a file has no age header.
        """
        folder = self._spool / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        packet = ReceivedPacket(manifest, {}, folder)
        try:
            for number, (name, stream) in enumerate(files):
                header, path = read_header(cast(BinaryIO, stream)), folder / str(number)
                with path.open("wb") as sink:
                    shutil.copyfileobj(stream, sink, CHUNK)
                    sink.flush()
                    os.fsync(sink.fileno())
                packet.files[name] = (header, path)
        except BaseException:
            packet.close()
            raise
        return packet

    def keep(self, manifest: str, psha256: str, payload: Path) -> None:
        """Take a synced payload out of the spool into the store, durably."""
        folder = self._payloads / manifest
        folder.mkdir(exist_ok=True, mode=0o700)
        payload.replace(folder / psha256)
        sync_folder(folder)
        sync_folder(self._payloads)

    def path(self, manifest: str, psha256: str) -> Path:
        """Return where a payload stands.

        Raises:
            NotFound: it was destroyed.
        """
        path = self._payloads / manifest / psha256
        if not path.exists():
            raise NotFound("This packet's content is no longer here.")
        return path

    def read(self, manifest: str, psha256: str, at: int = 0) -> Iterator[bytes]:
        """Return a payload in chunks, from a place on.

        Raises:
            NotFound: it was destroyed; said at once, before anything of it is sent.
        """
        return _chunks(self.path(manifest, psha256), at)

    def destroy(self, manifest: str) -> bool:
        """Remove all payloads of a packet; return whether none is left."""
        folder = self._payloads / manifest
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    def sweep(self, known: Iterable[str], now: int) -> int:
        """Remove packets that no row knows and spools left by a crash, a day after; return how many."""
        kept = set(known)
        stale = [f for f in self._payloads.iterdir() if f.name not in kept and _older(f, now)]
        stale += [f for f in self._spool.iterdir() if _older(f, now)]
        for folder in stale:
            shutil.rmtree(folder, ignore_errors=True)
        return len(stale)


def _chunks(path: Path, at: int) -> Iterator[bytes]:
    with path.open("rb") as source:
        source.seek(at)
        while chunk := source.read(CHUNK):
            yield chunk


def _older(path: Path, now: int) -> bool:
    try:
        return path.stat().st_mtime < now - _ABANDONED
    except FileNotFoundError:  # its request has ended since the folder was listed
        return False
