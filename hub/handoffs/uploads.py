"""Payloads that come in pieces over a line that breaks, and wait for the statement that they belong to.

Ciphertext without its header: what lies here could not be opened with any key. A payload is named by the hash that its
manifest gives it, and is its sender's own: nobody else learns whether it is here. It goes when a statement took it
along, or a day after its last piece. A piece that comes twice is written once.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import IO, TYPE_CHECKING, Final

from hub.errors import BadSignature, TooLarge, UploadMissing
from hub.packets.encoding import b64u

if TYPE_CHECKING:
    from pathlib import Path

MAX_PIECE: Final = 512 * 1024
_MOST: Final = 130
"""Payloads of one member at a time: two packets with all of their attachments."""
_ABANDONED: Final = 24 * 3600
_PART: Final = ".part"


class Uploads:
    """What waits below `root`/uploads; `most` bytes of each member at a time."""

    def __init__(self, root: Path, most: int) -> None:
        self._root = root / "uploads"
        self._most = most

    def add(self, owner: str, name: str, size: int, at: int, piece: bytes) -> int:
        """Write a piece, which begins at `at`, of a payload of `size` bytes; return how many are here from its start.

        A piece that begins beyond those is not written: the answer says where to go on.

        Raises:
            TooLarge: more than a member may keep here.
            BadSignature: the payload is whole and not what it is called.
        """
        folder = self._folder(owner)
        whole, part = folder / name, folder / f"{name}{_PART}"
        if whole.exists():
            return whole.stat().st_size
        have = part.stat().st_size if part.exists() else 0
        if at <= have < at + len(piece):
            if at + len(piece) > size:
                raise TooLarge("A payload is larger than was announced.")
            self._check_room(folder, size, new=not part.exists())
            with part.open("r+b" if have else "wb") as sink:
                sink.seek(at)
                sink.write(piece)
            have = at + len(piece)
        if have == size:
            self._close(part, name)
        return have

    def open(self, owner: str, name: str) -> IO[bytes]:
        """Open a payload that is whole.

        Raises:
            UploadMissing: it is not here, or not all of it.
        """
        try:
            return (self._folder(owner) / name).open("rb")
        except FileNotFoundError as error:
            raise UploadMissing("Not all of this packet is here.") from error

    def drop(self, owner: str, name: str) -> None:
        """Let go of a payload, which was taken along."""
        (self._folder(owner) / name).unlink(missing_ok=True)

    def sweep(self, now: int) -> int:
        """Let go of what nobody took along within a day; return how many payloads."""
        found = [path for path in self._root.glob("*/*") if _older(path, now)]
        for path in found:
            path.unlink(missing_ok=True)
        for folder in self._root.glob("*"):
            if not any(folder.iterdir()):
                shutil.rmtree(folder, ignore_errors=True)
        return len(found)

    def _folder(self, owner: str) -> Path:
        folder = self._root / hashlib.sha256(owner.encode()).hexdigest()[:32]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def _check_room(self, folder: Path, size: int, *, new: bool) -> None:
        sizes = [path.stat().st_size for path in folder.iterdir()]
        if size > self._most or sum(sizes) > self._most or (new and len(sizes) >= _MOST):
            raise TooLarge("Too much waits here already.", todo="Send it, or wait a day.")

    @staticmethod
    def _close(part: Path, name: str) -> None:
        digest = hashlib.sha256()
        with part.open("rb") as source:
            while chunk := source.read(MAX_PIECE):
                digest.update(chunk)
        if b64u(digest.digest()) != name:
            part.unlink(missing_ok=True)
            raise BadSignature("The payload is not what its name says.", todo="Send it again from its beginning.")
        part.replace(part.with_name(name))


def _older(path: Path, now: int) -> bool:
    try:
        return path.stat().st_mtime < now - _ABANDONED
    except FileNotFoundError:
        return False
