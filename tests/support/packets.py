"""Packets in memory, and whole age files: what the tests need and the product does not."""

from __future__ import annotations

import io
from contextlib import contextmanager

from nacl.utils import random

from hub.packets.age import FILE_KEY, Header, make_header, read_header, unwrap
from hub.packets.container import MANIFEST_NAME, PacketSource
from hub.packets.stream import CHUNK, NONCE, PayloadReader, PayloadWriter


class MemoryPacket(PacketSource):
    """A packet in memory: source and sink."""

    def __init__(self, manifest=b"", files=None):
        self.data = manifest
        self.files = dict(files or {})

    def manifest(self, data=None):
        if data is not None:
            self.data = data
        return super().manifest()

    def names(self):
        return frozenset(self.files)

    def part(self, name):
        return io.BytesIO(self.data if name == MANIFEST_NAME else self.files[name.removesuffix(".age")])

    @contextmanager
    def file(self, name):
        stream = io.BytesIO()
        yield stream
        self.files[name] = stream.getvalue()


def encrypt(recipients, source, sink):
    """Write `source` to `sink` as a binary age v1 file."""
    file_key = random(FILE_KEY)
    sink.write(make_header(recipients, file_key).to_bytes())
    payload = PayloadWriter(sink, file_key, random(NONCE))
    while data := source.read(CHUNK):
        payload.write(data)
    payload.close()


def decrypt(identities, source, sink):
    """Write the plaintext of an age v1 file to `sink`."""
    file_key = unwrap(Header.from_bytes(read_header(source)), identities)
    payload = PayloadReader(source, file_key)
    while piece := payload.read(CHUNK):
        sink.write(piece)
