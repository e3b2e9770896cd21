"""The archive inside a packet's file: a strict, streaming subset of POSIX ustar (docs/protocol.md §4.2).

Knows names and sizes only, not what the entries mean. There is one way to write an entry, and the reader takes no
other: a header must be byte for byte the one that this writer makes for its name and size. Links, devices, extended
headers and hidden bytes have no place to stand in, and `tar x` still opens it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.packets.stream import PayloadReader, Writable

BLOCK = 512
FLOOR = 10 * 1024
MAX_ENTRIES = 1024
_SEGMENT = "[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
_NAME = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})?")
_MAX_NAME = 100  # longer ones would need ustar's prefix field, which our folders never do
_SIZE = re.compile(rb"[0-7]{11}\x00")
_ZEROS = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive."""

    name: str
    size: int


def check_name(name: object) -> str:
    """Return a name that an entry may have.

    Raises:
        Malformed: another character, more than two segments, too long, absolute, or `..`.
    """
    if not isinstance(name, str) or len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise Malformed("A name is not of letters, digits, dots, hyphens and underscores, or is too long.")
    return name


def padded(length: int) -> int:
    """Return Padmé of an archive's length, at least 10 KiB: a size says little about what is inside.

    Padmé keeps the leading bits of a length (Nikitin et al., PURBs, 2019) and costs at most 12%.
    """
    exponent = length.bit_length() - 1
    mask = (1 << max(0, exponent - exponent.bit_length())) - 1
    return max(FLOOR, (length + mask) & ~mask)


class TarWriter:
    """Writes entries one after another, then the end and the padding."""

    def __init__(self, sink: Writable) -> None:
        self._sink = sink
        self._length = 0

    def add(self, name: str, size: int, content: Iterable[bytes]) -> None:
        """Write one entry: its header, its content in pieces, and zeros to the end of its last block.

        Raises:
            Malformed: a name outside the grammar, or more or less than `size` bytes.
        """
        self._write(_header(check_name(name), size))
        left = size
        for piece in content:
            left -= len(piece)
            if left < 0:
                raise Malformed("An attachment is longer than was said.")
            self._write(piece)
        if left:
            raise Malformed("An attachment is shorter than was said.")
        self._write(_ZEROS[: -self._length % BLOCK])

    def close(self) -> None:
        """Write two zero blocks and the padding."""
        missing = padded(self._length + 2 * BLOCK) - self._length
        while missing:
            self._write(_ZEROS[:missing])
            missing -= min(missing, len(_ZEROS))

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._length += len(data)


class TarReader:
    """Iterates over the entries; the current one's content may be read before the next is asked for.

    When the loop ends without an error, the whole archive was of the grammar, padding included.
    """

    def __init__(self, source: PayloadReader, length: int) -> None:
        self._source = source
        self._length = length
        self._at = 0
        self._left = 0
        self._names: set[str] = set()

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries in their order.

        Raises:
            Malformed: anything that this writer would not have written.
        """
        while entry := self._next():
            yield entry
            self._pass_over()

    def read(self) -> bytes:
        """Return the current entry's content; the caller has looked at its size."""
        return b"".join(bytes(piece) for piece in self.pieces())

    def pieces(self) -> Iterator[memoryview]:
        """Yield the current entry's content."""
        for piece in self._source.pieces(self._left):
            self._left -= piece.nbytes
            self._at += piece.nbytes
            yield piece

    def _next(self) -> Entry | None:
        block = self._take(BLOCK)
        if block == _ZEROS[:BLOCK]:
            self._finish()
            return None
        name, size = block[:100].rstrip(b"\0"), block[124:136]
        if not _SIZE.fullmatch(size):
            raise Malformed("An entry of the archive has no plain size.")
        entry = Entry(check_name(name.decode("ascii", "replace")), int(size[:11], 8))
        if block != _header(entry.name, entry.size):
            raise Malformed("An entry of the archive is not a plain file as packets have it.")
        if entry.name in self._names or len(self._names) == MAX_ENTRIES or entry.size > self._length - self._at:
            raise Malformed("The archive names a file twice, has too many, or one larger than itself.")
        self._names.add(entry.name)
        self._left = entry.size
        return entry

    def _pass_over(self) -> None:
        if self._source.skip(self._left) != self._left:
            raise Malformed("The archive is cut off.")
        self._at += self._left
        self._left = 0
        filler = -self._at % BLOCK
        if self._take(filler) != _ZEROS[:filler]:
            raise Malformed("The archive has something behind an entry.")

    def _finish(self) -> None:
        if padded(self._at + BLOCK) != self._length:
            raise Malformed("The archive is not padded as packets are.")
        while self._at < self._length:
            data = self._take(min(len(_ZEROS), self._length - self._at))
            if data != _ZEROS[: len(data)]:
                raise Malformed("The archive has something behind its end.")

    def _take(self, size: int) -> bytes:
        data = self._source.read(size)
        if len(data) != size:
            raise Malformed("The archive is cut off.")
        self._at += size
        return data


def _header(name: str, size: int) -> bytes:
    fields = (
        name.encode().ljust(100, b"\0"),
        b"0000600\x000000000\x000000000\0",  # mode, owner, group
        b"%011o\x0000000000000\0" % size,  # size, time
        b"        0",  # room for the checksum; a regular file
        bytes(100),  # no link
        b"ustar\x0000",
    )
    block = b"".join(fields).ljust(BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]
