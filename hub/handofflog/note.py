"""Checkpoints and proofs as text: C2SP signed-note, tlog-checkpoint and tlog-proof (docs/protocol.md §8).

Strict where bytes are ours, tolerant where the formats say so: signatures of keys that we do not know are skipped, so
that witnesses can add theirs. Knows no database and no document. Parsers raise `Malformed`, verifiers `BadSignature`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub.errors import BadSignature, Malformed, TooLarge
from hub.handofflog.merkle import HASH_SIZE
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Signer, check_public_key, verify_signature
from hub.packets.encoding import MAX_INTEGER, b64, from_b64, sha256

MAX_NOTE = 128 * 1024
_ED25519 = b"\x01"
_KEY_ID_SIZE = 4
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile("\u2014 ([^\\s+]+) ([A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_HEAD_LINES = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """That entry `index` stands in the log of a signed checkpoint, for whoever verifies without us (tlog-proof)."""

    index: int
    path: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The proof as a file with the ending `.tlog-proof`."""
        return "\n".join(["c2sp.org/tlog-proof@v1", f"index {self.index}", *map(b64, self.path), "", self.note])


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the four bytes by which a note's signature names an Ed25519 key (C2SP signed-note)."""
    return sha256(name.encode(), b"\n", _ED25519, public_key)[:_KEY_ID_SIZE]


def verifier_key(name: str, public_key: bytes) -> str:
    """Return the key in the one-line form that other verifiers of notes read."""
    return f"{name}+{key_id(name, public_key).hex()}+{b64(_ED25519 + public_key)}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Return name and public key of a key in one-line form.

    Raises:
        Malformed: not of that form, not an Ed25519 key, or its id does not fit.
    """
    name, _, rest = text.partition("+")
    identifier, _, key = rest.partition("+")
    data = from_b64(key)
    if data[:1] != _ED25519 or not _NAME.fullmatch(name):
        raise Malformed("A verifier key is a name, an id and an Ed25519 key.")
    if key_id(name, check_public_key(data[1:])).hex() != identifier:
        raise Malformed("A verifier key's id does not fit its key.")
    return name, data[1:]


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """Return the checkpoint as a note, signed under the name of its origin."""
    name, text = checkpoint.origin, checkpoint.text
    return f"{text}\n\u2014 {name} {b64(key_id(name, signer.public_key) + signer.sign(text.encode()))}\n"


def parse_checkpoint(note: str) -> Checkpoint:
    """Return the checkpoint that a note claims; its signatures are only looked at, not verified.

    Raises:
        TooLarge: longer than any note.
        Malformed: not a note, or its text is no checkpoint.
    """
    return _checkpoint(_split(note)[0])


def verify_checkpoint(note: str, origin: str, public_key: bytes) -> Checkpoint:
    """Return the checkpoint of log `origin` that the key has signed.

    Raises:
        TooLarge: longer than any note.
        Malformed: not a note, or its text is no checkpoint.
        BadSignature: of another log, not signed by this key, or signed wrongly.
    """
    text, signatures = _split(note)
    checkpoint = _checkpoint(text)
    if checkpoint.origin != origin:
        raise BadSignature("The checkpoint is of another log.")
    mine = key_id(origin, public_key)
    known = [sig[_KEY_ID_SIZE:] for name, sig in signatures if name == origin and sig[:_KEY_ID_SIZE] == mine]
    if not known:
        raise BadSignature("The checkpoint is not signed by the key of its log.")
    for signature in known:
        verify_signature(public_key, text.encode(), signature)
    return checkpoint


def _check_text(text: str) -> None:
    if len(text) > MAX_NOTE:
        raise TooLarge("A checkpoint or proof is longer than 128 KiB.")
    try:
        text.encode()
    except UnicodeError as error:
        raise Malformed("A note has a lone surrogate.") from error
    if _CONTROL.search(text):
        raise Malformed("A note has a control character.")


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    _check_text(note)
    text, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise Malformed("A note is text, an empty line and signatures.")
    signatures = []
    for line in tail[:-1].split("\n"):
        found = _SIGNATURE.fullmatch(line)
        signature = from_b64(found[2]) if found else b""
        if not found or len(signature) <= _KEY_ID_SIZE:
            raise Malformed("A line of a note is not a signature.")
        signatures.append((found[1], signature))
    return text + "\n", signatures


def _checkpoint(text: str) -> Checkpoint:
    lines = text[:-1].split("\n")
    if len(lines) < _HEAD_LINES or not all(lines):
        raise Malformed("A checkpoint has an origin, a size and a root.")
    return Checkpoint(lines[0], _number(lines[1]), _hash(lines[2]))


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_INTEGER:
        raise Malformed("A number in a checkpoint or proof is not a count.")
    return int(text)


def _hash(text: str) -> bytes:
    data = from_b64(text)
    if len(data) != HASH_SIZE:
        raise Malformed("A hash in a checkpoint or proof is not 32 bytes.")
    return data
