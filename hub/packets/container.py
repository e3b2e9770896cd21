"""Where a packet's parts lie: `packet.zip` (stored), or a folder of the same parts.

Knows names and sizes; verifies nothing. A zip file is read strictly: exactly the parts of docs/protocol.md §4, stored,
no part overlapping another, so there is nothing to unpack and no bomb to go off.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self, cast

from hub.errors import Malformed, TooLarge
from hub.packets.age import read_header
from hub.packets.manifest import MAX_ATTACHMENT_FILES, MAX_MANIFEST, MAX_PACKET, file_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

MANIFEST_NAME = "manifest.dsse.json"
_PART = re.compile(r"(body|att/(?:[1-9]|[1-5][0-9]|6[0-4]))\.age")
_LOCAL = struct.Struct("<4s22sHH")
_END = struct.Struct("<4sHHHHIIH")
_MAX_DIRECTORY = 16 * 1024
_MARGIN = 2**20  # headers and zip's own records
_BUFFER = 64 * 1024


class PacketFiles(ABC):
    """The age files of one packet, readable any number of times; whoever keeps them says where."""

    @abstractmethod
    def names(self) -> frozenset[str]:
        """Return the names of the age files that are there: `body`, `att/1` and so on."""

    @abstractmethod
    def header(self, name: str) -> bytes:
        """Return a file's age header."""

    @abstractmethod
    def payload(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open everything behind a file's header."""


class PacketSource(PacketFiles):
    """One packet: its manifest and its age files, each a part with a name of its own."""

    @abstractmethod
    def part(self, name: str) -> BinaryIO:
        """Return a new stream over `manifest.dsse.json`, `body.age` and so on."""

    def manifest(self) -> bytes:
        """Return the manifest.

        Raises:
            TooLarge: it is over 64 KiB.
        """
        with self.part(MANIFEST_NAME) as stream:
            data = stream.read(MAX_MANIFEST + 1)
        if len(data) > MAX_MANIFEST:
            raise TooLarge("The manifest is larger than 64 KiB.")
        return data

    def stream(self, name: str) -> BinaryIO:
        """Return a new stream over a whole file; the caller closes it."""
        return self.part(f"{name}.age")

    def header(self, name: str) -> bytes:
        """Return a file's age header."""
        with self.stream(name) as stream:
            return read_header(stream)

    @contextmanager
    def payload(self, name: str) -> Iterator[BinaryIO]:
        """Open everything behind a file's header."""
        with self.stream(name) as stream:
            read_header(stream)
            yield stream


class PacketSink(Protocol):
    """Takes the parts of one packet as they are sealed."""

    def file(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open one age file for writing; one at a time."""
        ...

    def manifest(self, data: bytes) -> object:
        """Take `manifest.dsse.json`, last."""
        ...


class FolderPacket(PacketSource):
    """A packet as a folder of its parts: source and sink."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def manifest(self, data: bytes | None = None) -> bytes:
        """Return the manifest, after taking `data` where given."""
        if data is not None:
            (self.folder / MANIFEST_NAME).write_bytes(data)
        return super().manifest()

    def names(self) -> frozenset[str]:
        """Return the names of the files.

        Raises:
            Malformed: something else lies in the folder.
        """
        found = {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if not path.is_dir()}
        return _names(found)

    def part(self, name: str) -> BinaryIO:
        """Return a new stream over a part."""
        try:
            return (self.folder / name).open("rb", buffering=_BUFFER)
        except FileNotFoundError as error:
            raise Malformed("The packet lacks a file.") from error

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """Take one age file."""
        path = self.folder / f"{name}.age"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            yield stream


class ZipSink:
    """Writes `packet.zip`; a context manager that leaves no file behind unless the packet was finished."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")

    def __enter__(self) -> Self:
        self._zip = zipfile.ZipFile(self._part, "w", zipfile.ZIP_STORED)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._zip.close()
        if kind is None and MANIFEST_NAME in self._zip.namelist():
            self._part.replace(self._path)
        else:
            self._part.unlink()

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """Take one age file."""
        with self._zip.open(zipfile.ZipInfo(f"{name}.age"), "w", force_zip64=False) as stream:
            yield cast("BinaryIO", stream)

    def manifest(self, data: bytes) -> None:
        """Take the manifest."""
        self._zip.writestr(zipfile.ZipInfo(MANIFEST_NAME), data)


class ZipPacket(PacketSource):
    """Reads `packet.zip` without unpacking it: each part is a stretch of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.stat().st_size > MAX_PACKET + _MARGIN:
            raise TooLarge("The packet is larger than 1 GiB.")
        with path.open("rb") as stream:
            _check_end(stream)
        try:
            with zipfile.ZipFile(path) as archive:
                rows, end = archive.infolist(), archive.start_dir
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError) as error:
            raise Malformed("The packet is not a zip file as packets are.") from error
        self._names = _names({row.filename for row in rows})
        with path.open("rb") as stream:
            self._parts = _stretches(stream, rows, end)

    def names(self) -> frozenset[str]:
        """Return the names of the files."""
        return self._names

    def part(self, name: str) -> BinaryIO:
        """Return a new stream over a part."""
        if name not in self._parts:
            raise Malformed("The packet lacks a file.")
        return cast("BinaryIO", io.BufferedReader(_Stretch(self._path, *self._parts[name]), _BUFFER))


class _Stretch(io.RawIOBase):
    """`size` bytes of a file from `start`, as a stream of their own."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._file.seek(start)
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a buffered reader gives a memoryview
        got = self._file.readinto(buffer[: min(len(buffer), self._left)])
        self._left -= got
        return got

    def close(self) -> None:
        self._file.close()
        super().close()


def open_packet_at(path: Path) -> PacketSource:
    """Return the packet at `path`, a folder or a zip file.

    Raises:
        PacketError: there is something, but not a packet.
    """
    return FolderPacket(path) if path.is_dir() else ZipPacket(path)


def _names(found: set[str]) -> frozenset[str]:
    parts = {match[1] for name in found if (match := _PART.fullmatch(name))}
    if len(parts) + 1 != len(found) or MANIFEST_NAME not in found or len(parts) > 1 + MAX_ATTACHMENT_FILES:
        raise Malformed("The packet has other files than a packet has.")
    if parts != {file_name(i) for i in range(len(parts))}:
        raise Malformed("The files of a packet are body, att/1, att/2 and so on, without a gap.")
    return frozenset(parts)


def _check_end(stream: BinaryIO) -> None:
    length = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, length - _END.size))
    end = stream.read()
    if len(end) != _END.size:
        raise Malformed("The packet is not a zip file as packets are.")
    magic, *_, size, start, comment = _END.unpack(end)
    if magic != b"PK\x05\x06" or comment or size > _MAX_DIRECTORY or start + size + _END.size != length:
        raise Malformed("The packet is not a zip file as packets are.")


def _stretches(stream: BinaryIO, rows: list[zipfile.ZipInfo], end: int) -> dict[str, tuple[int, int]]:
    parts: dict[str, tuple[int, int]] = {}
    at = 0
    for row in sorted(rows, key=lambda row: row.header_offset):
        stored = row.compress_type == zipfile.ZIP_STORED and row.compress_size == row.file_size
        stream.seek(row.header_offset)
        local = stream.read(_LOCAL.size)
        if not stored or row.flag_bits & 1 or row.header_offset < at or len(local) != _LOCAL.size:
            raise Malformed("A file of the packet is compressed, encrypted, or lies upon another.")
        magic, _, name, extra = _LOCAL.unpack(local)
        start = row.header_offset + _LOCAL.size + name + extra
        at = start + row.file_size
        if magic != b"PK\x03\x04" or at > end or row.filename in parts or stream.read(name) != row.filename.encode():
            raise Malformed("The packet's directory does not fit its files.")
        parts[row.filename] = (start, row.file_size)
    return parts
