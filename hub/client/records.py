"""What an agency keeps for itself: own records at the hub, sealed to its own epoch, and receipts on this machine.

A record is a packet from = to (docs/protocol.md §7.4): a draft, a consent, a case note, a sent copy, a fan-out row, a
co-sign request. A later put on the same handoff replaces it. A receipt is a statement with salt and proof, so that a
handoff can be proven again without the hub.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.client import reading
from hub.client.member import workspace
from hub.client.profile import write_private
from hub.client.transport import well_formed
from hub.errors import InvalidRequest, NotFound
from hub.handofflog import merkle
from hub.ids import host_of, random_id
from hub.packets import shapes as a
from hub.packets.encoding import canonical, parse_json
from hub.statements.receipts import Receipt, read_receipt
from hub.statements.verify import verify_statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hub.client.member import Member, Sealed
    from hub.packets.container import FolderPacket
    from hub.packets.dsse import Envelope

KINDS = frozenset({"draft", "consent", "case", "fanout", "sent", "cosign", "note"})
SECTION = "record"
_SENT, _RECEIPTS = "sent.json", "evidence"
_BODY = {
    "kind": "own_record",
    "urgency": "routine",
    "due": None,
    "needed_from": None,
    "verdict": None,
    "leg": None,
    "freeze": None,
}
_RECORD = a.object_of({"v": a.integer(1, 1), "kind": a.one_of(*KINDS), "value": a.at_least({})})
_KEPT = a.object_of({"statement": a.at_least({}), "receipt": a.at_least({})})


@dataclass(frozen=True, slots=True)
class Record:
    """An own record as it was read: what kind, and what it says."""

    handoff: str
    kind: str
    value: dict[str, Any] = field(repr=False)
    attachments: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Proven:
    """A statement that was proven again from what is kept here."""

    hash: str
    type: str
    handoff: str
    receipt: Receipt


def put(
    member: Member, kind: str, value: Mapping[str, Any], *, attachments: Sequence[Path] = (), handoff: str | None = None
) -> str:
    """Keep a record, a new one or the next version of `handoff`; return its handoff.

    Raises:
        InvalidRequest: no such kind of record.
    """
    if kind not in KINDS:
        raise InvalidRequest("There is no such kind of own record.")
    heads = reading.show(member, handoff).heads if handoff else ()
    chosen = handoff or random_id()
    with workspace() as folder:
        part = seal(member, folder, kind, value, attachments)
        said = member.statement("record.put", chosen, _BODY, by=[member.me()], heads=heads, part=part)
        member.send("/api/v1/handoffs", said, part.source)
    return chosen


def seal(member: Member, folder: Path, kind: str, value: Mapping[str, Any], attachments: Sequence[Path] = ()) -> Sealed:
    """Seal a record into `folder` without sending it: the part of a statement that only the own agency reads."""
    sections = {SECTION: {"v": 1, "kind": kind, "value": dict(value)}}
    return member.seal(folder, member.own_target(), sections, attachments=attachments)


def get(member: Member, handoff: str, kind: str | None = None, into: Path | None = None) -> Record:
    """Return a record; with `into` its attachments are written there.

    Raises:
        NotFound: there is none, or it is of another kind than was asked for.
    """
    shown = reading.show(member, handoff)
    with workspace() as folder:
        packet = reading.fetch(member, shown, shown.newest_packet(), folder)
        value: Any = packet.sections.get(SECTION)
        _RECORD(value)
        if kind not in {None, value["kind"]}:
            raise NotFound("There is no such record.")
        if into is not None:
            reading.write_attachments(packet, into)
        return Record(handoff, value["kind"], value["value"], dict(packet.attachments))


def listing(member: Member, kind: str | None = None) -> list[Record]:
    """Return the agency's records, those touched last first."""
    found = [get(member, row["id"]) for row in reading.pages(member, "own_record", "out")]
    return [record for record in found if kind in {None, record.kind}]


def keep_copy(member: Member, copy: Mapping[str, Any]) -> None:
    """Keep the sent copy and its row of the fan-out list as own records."""
    record = put(member, "sent", copy)
    put(member, "fanout", {name: copy[name] for name in ("basis", "handoff", "to")})
    index = member.profile.load_json(_SENT, dict)
    member.profile.save_json(_SENT, {**index, str(copy["handoff"]): record})


def sent_copy(member: Member, handoff: str) -> dict[str, Any]:
    """Return what was sent in a handoff, out of the agency's own records.

    Raises:
        NotFound: this agency keeps no copy of it.
    """
    record = member.profile.load_json(_SENT, dict).get(handoff)
    found = [get(member, record, "sent")] if record else listing(member, "sent")
    copy = next((row.value for row in found if row.value.get("handoff") == handoff), None)
    if copy is None:
        raise NotFound("There is no copy of what was sent.")
    return copy


# Receipts


def send(member: Member, path: str, said: Envelope, source: FolderPacket | None = None) -> dict[str, Any]:
    """Send a statement, keep the receipt if it proves it, and return the handoff as the hub now shows it.

    Raises:
        PacketError: the receipt does not verify; nobody should rely on what it says.
    """
    answer = member.send(path, said, source)
    with well_formed():
        receipt, handoff = answer["receipt"], dict(answer["handoff"])
    _prove(member, said.to_bytes(), canonical(receipt))
    member.keep_keys()
    folder = member.profile.folder / _RECEIPTS
    folder.mkdir(exist_ok=True, mode=0o700)
    value = {"statement": parse_json(said.to_bytes()), "receipt": receipt}
    write_private(folder / f"{said.hash}.json", json.dumps(value).encode())
    return handoff


def prove(member: Member, statement_hash: str) -> Proven:
    """Prove a kept statement again: its signatures, the hub's signature, and its place in the log. Needs no hub.

    Raises:
        NotFound: nothing of that hash is kept here.
    """
    if statement_hash not in kept(member):
        raise NotFound("No receipt for this statement is kept here.", todo="See `hub prove` for those that are.")
    value: Any = parse_json((member.profile.folder / _RECEIPTS / f"{statement_hash}.json").read_bytes())
    _KEPT(value)
    return _prove(member, canonical(value["statement"]), canonical(value["receipt"]))


def kept(member: Member) -> list[str]:
    """Return the hashes of the statements of which receipts are kept, those kept first first."""
    files = (member.profile.folder / _RECEIPTS).glob("*.json")
    return [path.stem for path in sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.stem))]


def _prove(member: Member, statement: bytes, answer: bytes) -> Proven:
    now, keys = member.clock.now(), member.own_keys()
    word = verify_statement(answer, keys, now=now, first=False)
    standing = keys.standing_at(host_of(member.agency), word.statement.body.get("index", 0))
    verified = verify_statement(statement, standing, now=now, first=False)
    receipt = read_receipt(word, verified, merkle.includes)
    return Proven(verified.hash, verified.statement.type, verified.statement.handoff, receipt)
