"""The multipart body of a message from a peer, taken in with its hash; `hub.packets.multipart` composes it.

Memory does not grow with the packet. Nothing that `receive` returns was compared with the signature yet: its `digest`
is for that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from hub.errors import InvalidRequest, TooLarge
from hub.packets.dsse import MAX_ENVELOPE
from hub.packets.encoding import b64u

CHUNK = 64 * 1024
MAX_PARTS = 67
"""`message`, `manifest`, `body` and 64 attachments (docs/protocol.md §4.1)."""
OVERHEAD = 4 * MAX_ENVELOPE
"""What a request may have beyond the bytes of its packet."""
MAX_MESSAGE = 3 * MAX_ENVELOPE


@dataclass(frozen=True, slots=True)
class Received:
    """The parts of a request, on disk, and the SHA-256 of all of its bytes."""

    parts: dict[str, IO[bytes]]
    digest: str
    opened: list[IO[bytes]]

    def small(self, name: str, limit: int) -> bytes:
        """Return a part that fits into memory.

        Raises:
            InvalidRequest: there is none.
            TooLarge: it is longer than `limit`.
        """
        part = self.parts.get(name)
        if part is None:
            raise InvalidRequest("A part of the message is missing.")
        data = part.read(limit + 1)
        if len(data) > limit:
            raise TooLarge("A part of the message is too large.")
        return data

    def files(self) -> list[tuple[str, IO[bytes]]]:
        """Return the age files by the names that the manifest gives them, the body first."""
        names = [name for name in self.parts if name not in {"message", "manifest"}]
        return [(name.replace("-", "/", 1), self.parts[name]) for name in names]

    def close(self) -> None:
        """Let the temporary files go."""
        _close(self.opened)


class _Hashing:
    """A stream that remembers the hash of what was read from it."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self._left = stream, size
        self.state = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self.state.update(data)
        return data

    @property
    def complete(self) -> bool:
        return self._left == 0


def receive(environ: dict[str, Any], limit: int) -> Received:
    """Read a message of at most `limit` bytes from a WSGI request, parts to temporary files.

    Raises:
        TooLarge: the request announces more than `limit`.
        InvalidRequest: no length, cut short, too many parts, or not made of files with different names.
    """
    size = content_length(environ)
    if size > limit:
        raise TooLarge("The message is larger than this hub takes.")
    kind, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    if kind != "multipart/form-data":
        raise InvalidRequest("A message is multipart/form-data.")
    stream = _Hashing(environ["wsgi.input"], size)
    opened: list[IO[bytes]] = []
    try:
        parts = _parse(stream, kind, size, options, opened)
    except InvalidRequest:
        _close(opened)
        raise
    return Received(parts, b64u(stream.state.digest()), opened)


def _parse(
    stream: _Hashing, kind: str, size: int, options: dict[str, str], opened: list[IO[bytes]]
) -> dict[str, IO[bytes]]:
    def temporary(**_announced: object) -> IO[bytes]:
        opened.append(TemporaryFile())  # noqa: SIM115 - closed with all others when the request ends
        return opened[-1]

    limits = {"max_form_memory_size": 8 * CHUNK, "max_form_parts": MAX_PARTS}
    parser = FormDataParser(temporary, silent=False, **limits)  # type: ignore[arg-type]  # named arguments it ignores
    try:
        _, fields, files = parser.parse(stream, kind, size, options)  # type: ignore[arg-type]  # it only reads
    except (HTTPException, ValueError, OSError) as error:
        raise InvalidRequest("The message is cut short or is not made of parts.") from error
    if fields or not stream.complete or len(files) != len(opened):
        raise InvalidRequest("The message is cut short, or has a part twice or one that is not a file.")
    return {name: file.stream for name, file in files.items()}


def _close(opened: list[IO[bytes]]) -> None:
    for file in opened:
        file.close()


def content_length(environ: dict[str, Any]) -> int:
    """Return the length that a WSGI request announces.

    Raises:
        InvalidRequest: none, or not a number.
    """
    text = environ.get("CONTENT_LENGTH") or ""
    if not text.isascii() or not text.isdigit():
        raise InvalidRequest("The request does not say how long it is.")
    return int(text)
