"""The payload of an age v1 file: STREAM in chunks of 64 KiB, ChaCha20-Poly1305, bounded memory.

Does not read headers. Calls libsodium through PyNaCl's own handle, because two things pay: buffers that are used again,
and checking a chunk's tag without decrypting it (three times as fast), which the first of the two passes of
docs/protocol.md §4.4 does wherever it needs no plaintext. A second core hashes the ciphertext or decrypts every other
half batch.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from nacl._sodium import ffi, lib

from hub.errors import BadSignature
from hub.packets.encoding import hkdf

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 64 * 1024
TAG = 16
NONCE = 16
_SEALED = CHUNK + TAG
_BATCH = 16
_WORTH_A_THREAD = 256 * 1024
_WORTH_SHARING = 4


class Readable(Protocol):
    """Where bytes come from; fewer than asked for is not yet the end."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""
        ...


class Writable(Protocol):
    """Where bytes go."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Take all of `data`; its memory is used again afterwards."""
        ...


def plain_size(payload: int) -> int:
    """Return the plaintext's length for a payload's length, nonce included."""
    rest = payload - NONCE
    return rest - TAG * max(1, -(-rest // _SEALED))


class Tap:
    """SHA-256 and length of what goes by; large blocks are hashed while the caller goes on."""

    def __init__(self, through: Readable | Writable) -> None:
        self._through = through
        self._hash = hashlib.sha256()
        self._pool: ThreadPoolExecutor | None = None
        self._busy: Future[None] | None = None
        self.size = 0

    def read(self, size: int, /) -> bytes:
        """Return what the source has, counted."""
        data = self._through.read(size)  # type: ignore[union-attr]  # a tap on a source is only read
        self._add(data)
        return data

    def write(self, data: bytes | memoryview, /) -> None:
        """Pass `data` on, counted; its memory must stay as it is until the next one comes."""
        self._add(data)
        self._through.write(data)  # type: ignore[union-attr]  # a tap on a sink is only written

    def digest(self) -> bytes:
        """Return the SHA-256 of everything so far."""
        self._wait()
        return self._hash.digest()

    def _add(self, data: bytes | memoryview) -> None:
        self._wait()
        self.size += len(data)
        if len(data) < _WORTH_A_THREAD:
            self._hash.update(data)
            return
        self._pool = self._pool or ThreadPoolExecutor(1)
        self._busy = self._pool.submit(self._hash.update, data)

    def _wait(self) -> None:
        if self._busy:
            self._busy.result()
            self._busy = None


class PayloadWriter:
    """Encrypts what is written to it; `close` writes the last chunk."""

    def __init__(self, sink: Writable, file_key: bytes, nonce: bytes) -> None:
        self._sink = sink
        self._key = hkdf(file_key, b"payload", salt=nonce)
        self._plain = bytearray(CHUNK)
        self._held = 0
        self._counter = 0
        # Two batches in turn: while one is still being hashed, the other is filled.
        self._cipher, self._resting = (ffi.new("unsigned char[]", _BATCH * _SEALED) for _ in range(2))
        self._filled = 0
        sink.write(nonce)

    def write(self, data: bytes | memoryview, /) -> None:
        """Encrypt `data` after what was written before; whole chunks go straight from the caller's memory."""
        view = memoryview(data)
        if self._held + view.nbytes > CHUNK:
            view = view[self._keep(view) :]
            self._encrypt(self._plain, self._held, last=False)
            self._held = 0
            while view.nbytes > CHUNK:
                self._encrypt(view[:CHUNK], CHUNK, last=False)
                view = view[CHUNK:]
        self._keep(view)

    def close(self) -> None:
        """Write what is left as the last chunk."""
        self._encrypt(self._plain, self._held, last=True)
        self._emit()

    def _keep(self, view: memoryview) -> int:
        size = min(CHUNK - self._held, view.nbytes)
        self._plain[self._held : self._held + size] = view[:size]
        self._held += size
        return size

    def _encrypt(self, plain: bytearray | memoryview, size: int, *, last: bool) -> None:
        if self._filled + size + TAG > _BATCH * _SEALED:
            self._emit()
        nonce = _nonce(self._counter, last=last)
        target, source = self._cipher + self._filled, ffi.from_buffer("unsigned char[]", plain)
        lib.crypto_aead_chacha20poly1305_ietf_encrypt(
            target, ffi.NULL, source, size, ffi.NULL, 0, ffi.NULL, nonce, self._key
        )
        self._filled += size + TAG
        self._counter += 1

    def _emit(self) -> None:
        self._sink.write(memoryview(ffi.buffer(self._cipher, self._filled)))
        self._cipher, self._resting, self._filled = self._resting, self._cipher, 0


class PayloadReader:
    """Decrypts a payload from its nonce to its end; every byte that it hands out has been authenticated."""

    def __init__(self, source: Readable, file_key: bytes) -> None:
        self._source = source
        nonce = _fill(source, NONCE)
        if len(nonce) != NONCE:
            raise BadSignature("The payload ends before it begins.")
        self._key = hkdf(file_key, b"payload", salt=nonce)
        self._block = _fill(source, _BATCH * _SEALED)
        self._following = _fill(source, _BATCH * _SEALED)
        self._at = 0
        self._counter = 0
        self._finished = False
        self._buffer = ffi.new("unsigned char[]", _BATCH * CHUNK)
        self._plain = memoryview(b"")
        self._pool: ThreadPoolExecutor | None = None

    def read(self, size: int) -> bytes:
        """Return `size` bytes of plaintext, fewer only at the end.

        Raises:
            BadSignature: a chunk is not authentic, or the payload is cut off or goes on behind its end.
        """
        return b"".join(bytes(piece) for piece in self.pieces(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Yield `size` bytes of plaintext in pieces, each good until the next is asked for.

        Raises:
            BadSignature: as for `read`.
        """
        while size:
            if not self._plain.nbytes and not self._next():
                return
            piece, self._plain = self._plain[:size], self._plain[size:]
            size -= piece.nbytes
            yield piece

    def skip(self, size: int) -> int:
        """Authenticate `size` bytes and drop them; return how many there were.

        Raises:
            BadSignature: as for `read`.
        """
        left = size
        while left and (self._plain.nbytes or not self._finished):
            if not self._plain.nbytes and left >= CHUNK:
                left -= self._open(left // CHUNK, show=False)
            else:
                left -= sum(piece.nbytes for piece in self.pieces(min(left, self._plain.nbytes or left)))
        return size - left

    def drain(self) -> None:
        """Authenticate everything that is left.

        Raises:
            BadSignature: as for `read`.
        """
        self._plain = memoryview(b"")
        while not self._finished:
            self._open(_BATCH, show=False)

    def _next(self) -> bool:
        while not self._finished and not self._plain.nbytes:
            self._plain = memoryview(ffi.buffer(self._buffer, self._open(_BATCH, show=True)))
        return self._plain.nbytes > 0

    def _open(self, most: int, *, show: bool) -> int:
        """Authenticate the next chunks of the block, at most `most`; return how much plaintext they hold."""
        if self._at >= len(self._block) and self._following:
            self._block, self._following, self._at = self._following, _fill(self._source, _BATCH * _SEALED), 0
        jobs: list[tuple[int, int, bytes, int | None]] = []
        size = 0
        while len(jobs) < most and not self._finished and (self._at < len(self._block) or not jobs):
            job = self._job(size if show else None)
            jobs.append(job)
            size += job[1] - TAG
        half = len(jobs) // 2 if show and len(jobs) >= _WORTH_SHARING else 0
        self._pool = self._pool or (ThreadPoolExecutor(1) if half else None)
        other = self._pool.submit(self._run, jobs[:half]) if self._pool else None
        if not self._run(jobs[half:]) or (other and not other.result()):
            raise BadSignature("The payload is not what was sealed.")
        return size

    def _job(self, place: int | None) -> tuple[int, int, bytes, int | None]:
        size = min(_SEALED, len(self._block) - self._at)
        last = not self._following and self._at + size == len(self._block)
        if size < TAG or (size == TAG and self._counter):
            raise BadSignature("The payload is cut off.")
        job = self._at, size, _nonce(self._counter, last=last), place
        self._at, self._counter, self._finished = self._at + size, self._counter + 1, last
        return job

    def _run(self, jobs: list[tuple[int, int, bytes, int | None]]) -> bool:
        decrypt, key, none = lib.crypto_aead_chacha20poly1305_ietf_decrypt, self._key, ffi.NULL
        block = ffi.from_buffer("unsigned char[]", self._block)
        for at, size, nonce, place in jobs:
            # Without a place for plaintext libsodium only checks the tag.
            target = none if place is None else self._buffer + place
            if decrypt(target, none, none, block + at, size, none, 0, nonce, key):
                return False
        return True


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + bytes([last])


def _fill(source: Readable, size: int) -> bytes:
    data = source.read(size)
    if not data or len(data) == size:
        return data
    parts, missing = [data], size - len(data)
    while missing and (more := source.read(missing)):
        parts.append(more)
        missing -= len(more)
    return b"".join(parts)
