"""Six words for a device's keys, for two people to compare (docs/protocol.md §2). Pure.

Six words of 2048 are 66 bits, which is few for a key: so each try at other keys with the same words costs one Argon2id.
The words are the same in every language; whoever reads another script compares the sixty digits.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from nacl import pwhash
from nacl.hashlib import blake2b

from hub.keys.vault import MEMORY_FLOOR, OPS_FLOOR

WORDS = 6
_BITS = 11
_SALT = b"rcp/1/six-words\0"


def six_words(key: bytes) -> str:
    """Return the six words of a key, or of several put together."""
    digest = blake2b(key, digest_size=64, person=b"rcp/1/fpr").digest()
    slow = pwhash.argon2id.kdf(32, digest, _SALT, opslimit=OPS_FLOOR, memlimit=MEMORY_FLOOR)
    number = int.from_bytes(slow, "big") >> (256 - WORDS * _BITS)
    places = [(number >> (_BITS * (WORDS - 1 - i))) % 2**_BITS for i in range(WORDS)]
    return " ".join(word_list()[place] for place in places)


@cache
def word_list() -> tuple[str, ...]:
    """Return the 2048 words in the order of their numbers."""
    return tuple(json.loads(resources.files("hub.keys").joinpath("words.json").read_text(encoding="utf-8")))
