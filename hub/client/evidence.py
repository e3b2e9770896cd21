"""Receipts kept on this machine: statement, salt and proof, so that a handoff can be proven without the hub."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.client.profile import write_private
from hub.errors import Malformed, NotFound
from hub.handofflog import merkle
from hub.ids import host_of
from hub.packets.encoding import canonical, parse_json
from hub.statements.receipts import Receipt, read_receipt
from hub.statements.verify import verify_statement

if TYPE_CHECKING:
    from hub.client.member import Member, Sealed
    from hub.packets.container import FolderPacket
    from hub.packets.dsse import Envelope

_FOLDER = "evidence"


@dataclass(frozen=True, slots=True)
class Proven:
    """A statement that was proven again from what is kept here."""

    hash: str
    type: str
    handoff: str
    receipt: Receipt


def send(member: Member, path: str, said: Envelope, part: Sealed | FolderPacket | None = None) -> dict[str, Any]:
    """Send a statement, keep the receipt, and return the handoff as the hub now shows it."""
    answer = member.send(path, said, part)
    keep(member, said, answer["receipt"])
    return dict(answer["handoff"])


def keep(member: Member, statement: Envelope, answer: dict[str, Any]) -> None:
    """Keep a statement with the home hub's receipt, after checking that the receipt proves it.

    Raises:
        PacketError: the receipt does not verify; nobody should rely on what it says.
    """
    _prove(member, statement.to_bytes(), canonical(answer))
    folder = member.profile.folder / _FOLDER
    folder.mkdir(exist_ok=True, mode=0o700)
    value = {"statement": parse_json(statement.to_bytes()), "receipt": answer}
    write_private(folder / f"{statement.hash}.json", json.dumps(value).encode())


def prove(member: Member, statement_hash: str) -> Proven:
    """Prove a kept statement again: its signatures, the hub's signature, and its place in the log.

    Raises:
        NotFound: nothing of that hash is kept here.
    """
    if statement_hash not in kept(member):
        raise NotFound("No receipt for this statement is kept here.")
    value = parse_json((member.profile.folder / _FOLDER / f"{statement_hash}.json").read_bytes())
    if not isinstance(value, dict) or set(value) != {"statement", "receipt"}:
        raise Malformed("The kept receipt is not of its form.")
    return _prove(member, canonical(value["statement"]), canonical(value["receipt"]))


def kept(member: Member) -> list[str]:
    """Return the hashes of the statements of which receipts are kept."""
    return sorted(path.stem for path in (member.profile.folder / _FOLDER).glob("*.json"))


def _prove(member: Member, statement: bytes, answer: bytes) -> Proven:
    now = member.clock.now()
    keys = member.trust.keys(member.agency)
    word = verify_statement(answer, keys, now=now, first=False)
    standing = keys.standing_at(host_of(member.agency), word.statement.body.get("index", 0))
    verified = verify_statement(statement, standing, now=now, first=False)
    receipt = read_receipt(word, verified, merkle.includes)
    return Proven(verified.hash, verified.statement.type, verified.statement.handoff, receipt)
