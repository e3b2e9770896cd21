"""A packet as a multipart body: composed from files on disk with a known length, by clients and between hubs.

Memory does not grow with the packet. The boundary is made from a random identifier; for a message that of the message,
so that a second try of the same message has the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Slice:
    """All bytes of a file, of which it had `size` when the body was composed."""

    path: Path
    size: int


class Body:
    """A multipart/form-data body that can be read any number of times."""

    def __init__(self, random: str) -> None:
        self._boundary = f"rcp-{random}"
        self._pieces: list[bytes | Slice] = []
        self.content_type = f"multipart/form-data; boundary={self._boundary}"

    def add(self, part: str, *pieces: bytes | Path) -> None:
        """Add a part made of the pieces in their order."""
        head = f'--{self._boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="{part}"\r\n'
        self._pieces.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode())
        self._pieces += [p if isinstance(p, bytes) else Slice(p, p.stat().st_size) for p in pieces]
        self._pieces.append(b"\r\n")

    def digest(self) -> bytes:
        """Return the SHA-256 of the whole body."""
        state = hashlib.sha256()
        for chunk in self:
            state.update(chunk)
        return state.digest()

    def __len__(self) -> int:
        sizes = (len(p) if isinstance(p, bytes) else p.size for p in self._pieces)
        return sum(sizes) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                with piece.path.open("rb") as source:
                    while chunk := source.read(CHUNK):
                        yield chunk
        yield self._end

    @property
    def _end(self) -> bytes:
        return f"--{self._boundary}--\r\n".encode()
