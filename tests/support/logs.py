"""Signed documents to fill a log with."""

from __future__ import annotations

from functools import cache

from hub.handofflog import merkle
from hub.handofflog.store import HandoffLog
from hub.packets.dsse import Signer, sign_envelope

HUB = Signer(b"h" * 32)
ORIGIN = "hub.example"
KIND = "application/vnd.rcp.statement+json;v=1"


@cache
def envelope(number: int):
    """Return a signed document unlike any other number's."""
    return sign_envelope(KIND, {"v": 1, "number": number}, [HUB])


@cache
def document(number: int) -> bytes:
    """Return the bytes of `envelope(number)`."""
    return envelope(number).to_bytes()


def fill(database, count: int, *, start: int = 0, now: int = 1_795_290_000):
    """Append `count` documents in one transaction and return their entries."""
    with database.write() as connection:
        log = HandoffLog(connection, ORIGIN)
        return [log.append(document(number), now=now) for number in range(start, start + count)]


def head(database):
    """Return the head of the log."""
    with database.read() as connection:
        return HandoffLog(connection, ORIGIN).head()


def root_at(log: HandoffLog, size: int) -> bytes:
    """Return the root at `size` entries, made again from the hashes that are kept."""
    return log._computed(lambda hash_at: merkle.root(size, hash_at))
