"""The payload of an age v1 file: STREAM in chunks of 64 KiB, ChaCha20-Poly1305, bounded memory.

Does not read headers. Calls libsodium through PyNaCl's own handle, because two things pay: buffers that are used again,
and checking a chunk's tag without decrypting it (three times as fast), which the first of the two passes of
docs/protocol.md §4.4 does wherever it needs no plaintext. A second core hashes the ciphertext or decrypts every other
half batch.
"""

from __future__ import annotations

import hashlib
import sys
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
_CHUNKS = 16
_BATCH = _CHUNKS * CHUNK
_SEALED_BATCH = _CHUNKS * _SEALED


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
    return payload - NONCE - TAG * _count(payload - NONCE, _SEALED)


class Tap:
    """SHA-256 and length of what goes by; each block is hashed while the caller goes on."""

    def __init__(self, through: Readable | Writable, most: int = sys.maxsize) -> None:
        self._through = through
        self._most = most
        self._hash = hashlib.sha256()
        self._pool = ThreadPoolExecutor(1)
        self._busy: Future[None] | None = None
        self.size = 0

    def read(self, size: int, /) -> bytes:
        """Return what the source has, counted; never more than `most` in all."""
        data = self._through.read(min(size, self._most - self.size))  # type: ignore[union-attr]  # a tap on a source is only read
        self._add(data)
        return data

    def write(self, data: bytes | memoryview, /) -> None:
        """Pass `data` on, counted; its memory must stay as it is until the next one comes."""
        self._add(data)
        self._through.write(data)  # type: ignore[union-attr]  # a tap on a sink is only written

    def digest(self) -> bytes:
        """Return the SHA-256 of everything so far."""
        if self._busy:
            self._busy.result()
        return self._hash.digest()

    def _add(self, data: bytes | memoryview) -> None:
        if self._busy:
            self._busy.result()
        self.size += len(data)
        self._busy = self._pool.submit(self._hash.update, data)


class PayloadWriter:
    """Encrypts what is written to it, a batch at a time; `close` writes the last one."""

    def __init__(self, sink: Writable, file_key: bytes, nonce: bytes) -> None:
        self._sink = sink
        self._key = hkdf(file_key, b"payload", salt=nonce)
        self._plain = bytearray(_BATCH)
        self._held = 0
        self._counter = 0
        # Two batches in turn: while one is still being hashed, the other is filled.
        self._cipher, self._resting = (ffi.new("unsigned char[]", _SEALED_BATCH) for _ in range(2))
        sink.write(nonce)

    def write(self, data: bytes | memoryview, /) -> None:
        """Encrypt `data` after what was written before."""
        view = memoryview(data)
        while view.nbytes:
            if self._held == _BATCH:
                self._emit(last=False)
            size = min(_BATCH - self._held, view.nbytes)
            self._plain[self._held : self._held + size] = view[:size]
            self._held, view = self._held + size, view[size:]

    def close(self) -> None:
        """Write what is left, its last chunk as the last of all."""
        self._emit(last=True)

    def _emit(self, *, last: bool) -> None:
        count, plain = _count(self._held, CHUNK), ffi.from_buffer("unsigned char[]", self._plain)
        for i in range(count):
            source, size = plain + i * CHUNK, min(CHUNK, self._held - i * CHUNK)
            nonce = _nonce(self._counter + i, last=last and i + 1 == count)
            lib.crypto_aead_chacha20poly1305_ietf_encrypt(
                self._cipher + i * _SEALED, ffi.NULL, source, size, ffi.NULL, 0, ffi.NULL, nonce, self._key
            )
        self._sink.write(memoryview(ffi.buffer(self._cipher, self._held + count * TAG)))
        self._cipher, self._resting = self._resting, self._cipher
        self._counter, self._held = self._counter + count, 0


class PayloadReader:
    """Decrypts a payload from its nonce to its end; every byte that it hands out has been authenticated."""

    def __init__(self, source: Readable, file_key: bytes) -> None:
        self._source = source
        nonce = _fill(source, NONCE)
        if len(nonce) != NONCE:
            raise BadSignature("The payload ends before it begins.")
        self._key = hkdf(file_key, b"payload", salt=nonce)
        self._following = _fill(source, _SEALED_BATCH)
        self._counter = 0
        self._finished = False
        self._buffer = ffi.new("unsigned char[]", _BATCH)
        self._plain = memoryview(b"")
        self._pool = ThreadPoolExecutor(1)

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
        while size and self._some():
            piece, self._plain = self._plain[:size], self._plain[size:]
            size -= piece.nbytes
            yield piece

    def skip(self, size: int) -> int:
        """Authenticate `size` bytes and drop them; return how many there were.

        Raises:
            BadSignature: as for `read`.
        """
        left = size
        while left:
            if not self._plain.nbytes and left >= _BATCH and not self._finished:
                left -= self._open(show=False)
            elif self._some():
                dropped, self._plain = self._plain[:left], self._plain[left:]
                left -= dropped.nbytes
            else:
                break
        return size - left

    def _some(self) -> bool:
        if not self._plain.nbytes and not self._finished:
            self._plain = memoryview(ffi.buffer(self._buffer, self._open(show=True)))
        return self._plain.nbytes > 0

    def _open(self, *, show: bool) -> int:
        """Authenticate the next batch; return how much plaintext it holds."""
        block, self._following = self._following, _fill(self._source, _SEALED_BATCH)
        self._finished = not self._following
        count = _count(len(block), _SEALED)
        tail = len(block) - (count - 1) * _SEALED
        if tail < TAG or (tail == TAG and self._counter + count > 1):
            raise BadSignature("The payload is cut off.")
        half = count // 2 if show else 0
        other = self._pool.submit(self._run, block, range(half), show=show)
        if not self._run(block, range(half, count), show=show) or not other.result():
            raise BadSignature("The payload is not what was sealed.")
        self._counter += count
        return len(block) - count * TAG

    def _run(self, block: bytes, chunks: range, *, show: bool) -> bool:
        cipher = ffi.from_buffer("unsigned char[]", block)
        for i in chunks:
            at = i * _SEALED
            size = min(_SEALED, len(block) - at)
            nonce = _nonce(self._counter + i, last=self._finished and at + size == len(block))
            # Without a place for plaintext libsodium only checks the tag.
            target = self._buffer + i * CHUNK if show else ffi.NULL
            if lib.crypto_aead_chacha20poly1305_ietf_decrypt(
                target, ffi.NULL, ffi.NULL, cipher + at, size, ffi.NULL, 0, nonce, self._key
            ):
                return False
        return True


def _count(size: int, chunk: int) -> int:
    return max(1, -(-size // chunk))


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + bytes([last])


def _fill(source: Readable, size: int) -> bytes:
    parts = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
