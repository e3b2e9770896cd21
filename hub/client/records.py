"""What an agency keeps for itself: own records at the hub, sealed to its own epoch, and receipts on this machine.

A record is a packet from = to (docs/protocol.md §7.4): a draft, a consent, a case note, a sent copy, a fan-out row, a
co-sign request, who may do what, who looked at what. A later put on the same handoff replaces it. Any member can put
any record, so whoever relies on one looks at its authors: their signatures and roles are verified. A receipt is a
statement with salt and proof, so that a handoff can be proven again without the hub.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hub.client import reading
from hub.client.member import DAY, workspace
from hub.client.profile import write_private
from hub.client.transport import well_formed
from hub.errors import BadSignature, InvalidRequest, Malformed, NotFound
from hub.handofflog import merkle
from hub.ids import host_of, random_id
from hub.packets import shapes as a
from hub.packets.encoding import canonical, parse_json
from hub.statements.grammar import MemberActor, Role
from hub.statements.receipts import Receipt, read_receipt
from hub.statements.verify import verify_statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.client.member import Member, Sealed
    from hub.client.reading import Shown
    from hub.packets.container import FolderPacket
    from hub.packets.dsse import Envelope
    from hub.statements.grammar import Statement

_OF_A_CASE = frozenset({"draft", "case", "paper", "sent", "cosign", "handover", "scan", "approval", "remark"})
"""Kinds that hold sections of a case: the index on this machine remembers that they are there, not what they say."""
_REGISTERS = frozenset({"training", "access", "assignment", "sample", "protocol", "disagreement", "counts"})
_OF_THE_LOOP = frozenset({"group", "outcome", "unmet", "task"})
"""What ties handoffs together and what came of them: it stands here alone, because no hub may join two handoffs."""
_OF_PROGRAMMES = frozenset({"programme", "template"})
"""The steps that a case follows: marks in codes and days, and templates, which say nothing about any case."""
KINDS = _OF_A_CASE | _REGISTERS | _OF_THE_LOOP | _OF_PROGRAMMES | {"consent", "fanout", "note", "aftercare"}
SECTION = "record"
_FANNED = (
    "basis",
    "handoff",
    "to",
    "came_by",
    "service",
    "needs",
    "needed_from",
    "area",
    "age_band",
    "sex",
    "again_for",
)
"""What the fan-out list says of a sent copy: for withdrawals, arrivals and counts, without opening it."""
_SENT, _RECEIPTS, _INDEX = "sent.json", "evidence", "records.sealed"
_BODY = {
    "kind": "own_record",
    "urgency": "routine",
    "due": None,
    "needed_from": None,
    "verdict": None,
    "leg": None,
    "freeze": None,
    "link": None,
}
_RECORD = a.object_of({"v": a.integer(1, 1), "kind": a.one_of(*KINDS), "value": a.at_least({})})
_KEPT = a.object_of({"statement": a.at_least({}), "receipt": a.at_least({})})


@dataclass(frozen=True, slots=True)
class Record:
    """An own record as it was read: what kind, what it says, and who said so in each of its versions."""

    handoff: str
    kind: str
    value: dict[str, Any] = field(repr=False)
    attachments: Mapping[str, int]
    manifest: str
    began: int
    at: int
    authors: tuple[MemberActor, ...]

    @property
    def begun_by(self) -> MemberActor:
        """Who put the first version, at `began`."""
        return self.authors[0]

    @property
    def by(self) -> MemberActor:
        """Who put this version, at `at`."""
        return self.authors[-1]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record: its manifest, when it was put, and by whom."""

    manifest: str
    at: int
    by: MemberActor


@dataclass(frozen=True, slots=True)
class Proven:
    """A statement that was proven again from what is kept here."""

    hash: str
    type: str
    handoff: str
    receipt: Receipt


def put(
    member: Member,
    kind: str,
    value: Mapping[str, Any],
    *,
    attachments: Sequence[Path] = (),
    handoff: str | None = None,
    roles: frozenset[str] | None = None,
) -> str:
    """Keep a record, a new one or the next version of `handoff`, in one of `roles`; return its handoff.

    Raises:
        InvalidRequest: no such kind of record.
        Forbidden: the member has none of the roles.
    """
    if kind not in KINDS:
        raise InvalidRequest("There is no such kind of own record.")
    heads = reading.show(member, handoff).heads if handoff else ()
    chosen = handoff or random_id()
    with workspace() as folder:
        part = seal(member, folder, kind, value, attachments)
        said = member.statement("record.put", chosen, _BODY, by=[member.me(roles)], heads=heads, part=part)
        member.send("/api/v1/handoffs", said, part.source)
    return chosen


def destroy(member: Member, handoff: str) -> None:
    """Have the hub destroy what it keeps for this agency of a record or an ended handoff; the statements stay.

    Raises:
        Forbidden: the member is no supervisor. IllegalTransition: somebody still has to act there.
    """
    heads, by = reading.show(member, handoff).heads, [member.me(frozenset({Role.SUPERVISOR}))]
    said = member.statement(reading.DISCARD, handoff, {}, by=by, heads=heads)
    send(member, f"/api/v1/handoffs/{handoff}/statements", said)


def seal(member: Member, folder: Path, kind: str, value: Mapping[str, Any], attachments: Sequence[Path] = ()) -> Sealed:
    """Seal a record into `folder` without sending it: the part of a statement that only the own agency reads."""
    sections = {SECTION: {"v": 1, "kind": kind, "value": dict(value)}}
    return member.seal(folder, member.own_target(), sections, attachments=attachments)


def get(
    member: Member, handoff: str, kind: str | None = None, into: Path | None = None, version: str | None = None
) -> Record:
    """Return a record; with `into` its attachments are written there; `version` is the manifest of an older one.

    Raises:
        NotFound: there is none, or it is of another kind than was asked for.
    """
    record = _read(member, reading.show(member, handoff), into, version)
    if kind not in {None, record.kind}:
        raise NotFound("There is no such record.")
    return record


def versions(member: Member, handoff: str) -> list[Version]:
    """Return the versions of a record, the first one first; `get` reads any of them.

    Raises:
        NotFound: there is no such record.
    """
    puts = _puts(reading.show(member, handoff))
    signed = ((said, said.by[0]) for said in puts)
    return [Version(said.manifest or "", said.at, who) for said, who in signed if isinstance(who, MemberActor)]


def listing(member: Member, *kinds: str, since: int = 0) -> list[Record]:
    """Return the agency's records of these kinds or all that changed since then, those touched last first.

    Opens only what this machine has not seen; the rest comes from its sealed index. What is sealed to another person,
    or is of a form that is not known here, is left out.
    """
    index: dict[str, Any] = {"until": 0, "rows": {}} | member.load_sealed(_INDEX)
    rows: dict[str, Any] = index["rows"]
    opened = False
    try:
        for row in _touched(member, index, since):
            if rows.get(row["id"], {}).get("latest", "") != row["latest"]:
                latest, record = _open(member, row["id"])
                rows[row["id"]] = {"touched": row["touched"], "latest": latest, **_indexed(record)}
                opened = True
                if record is not None and record.kind in _OF_A_CASE:
                    member.opened[row["id"]] = latest, record
    finally:  # what was opened so far need not be opened again
        if opened:
            member.save_sealed(_INDEX, index)
    asked = [item for item in rows.items() if item[1]["touched"] >= since]
    asked = [(name, row) for name, row in asked if row["kind"] and (not kinds or row["kind"] in kinds)]
    asked.sort(key=lambda item: item[1]["touched"], reverse=True)
    return [_kept(member, handoff, row) for handoff, row in asked]


def of_form(record: Record, form: a.Check) -> bool:
    """Whether what a record says is of the form of its kind; one that is not counts for nothing."""
    try:
        form(record.value)
    except Malformed:
        return False
    return True


def _touched(member: Member, index: dict[str, Any], since: int) -> Iterator[dict[str, Any]]:
    """Yield the rows that may have changed since the index was made, and note in it how far they went.

    Rows come newest first. A hub's clock may be set back: a day is looked at again, and its future is not believed.
    """
    newest, horizon = index["until"], index["until"] - DAY
    for row in reading.pages(member, "own_record", "out"):
        with well_formed():
            touched, row["latest"] = int(row["touched"]), row.get("latest")
        if touched < horizon:
            break
        if touched < since:
            return
        newest = max(newest, touched)
        yield row
    index["until"] = min(newest, member.clock.now())


def _open(member: Member, handoff: str) -> tuple[str, Record | None]:
    shown = reading.show(member, handoff)
    latest = shown.lines[-1].hash
    if all(packet.destroyed for packet in shown.packets):  # after its time
        return latest, None
    if shown.newest_packet().manifest.files[0].member not in {None, member.id}:
        return latest, None
    try:
        return latest, _read(member, shown)
    except Malformed:
        return latest, None


def _puts(shown: Shown) -> list[Statement]:
    return [line.statement for line in shown.lines if line.statement.type == "record.put"]


def _read(member: Member, shown: Shown, into: Path | None = None, version: str | None = None) -> Record:
    puts = _puts(shown)
    if version is not None:
        puts = puts[: 1 + next((n for n, said in enumerate(puts) if said.manifest == version), -1)]
        if not puts:
            raise NotFound("This record has no such version.")
    signed = (said.by[0] for said in puts)
    authors = tuple(actor for actor in signed if isinstance(actor, MemberActor))
    newest = shown.newest_packet() if version is None else shown.packet(version)
    with workspace() as folder:
        packet = reading.fetch(member, shown, newest, folder)
        value: Any = packet.sections.get(SECTION)
        _RECORD(value)
        if packet.signed.member != authors[-1].member:
            raise BadSignature("A record was sealed by another member than the one who put it.")
        if into is not None:
            reading.write_attachments(packet, into)
        began, at = puts[0].at, puts[-1].at
        facts = (shown.id, value["kind"], value["value"], dict(packet.attachments), newest.hash)
        return Record(*facts, began, at, authors)


def _indexed(record: Record | None) -> dict[str, Any]:
    if record is None or record.kind in _OF_A_CASE:
        return {"kind": record and record.kind, "record": None}
    facts = {name: getattr(record, name) for name in ("value", "attachments", "manifest", "began", "at")}
    return {"kind": record.kind, "record": {**facts, "authors": [actor.to_value() for actor in record.authors]}}


def _kept(member: Member, handoff: str, row: dict[str, Any]) -> Record:
    if row["record"] is None:
        if member.opened.get(handoff, ("",))[0] != row["latest"]:
            member.opened[handoff] = row["latest"], get(member, handoff)
        record: Record = member.opened[handoff][1]
        return replace(record, value=deepcopy(record.value))
    authors = tuple(MemberActor(**actor) for actor in row["record"]["authors"])
    return Record(handoff, row["kind"], **{**row["record"], "authors": authors})


def keep_copy(member: Member, copy: Mapping[str, Any]) -> None:
    """Keep the sent copy and its row of the fan-out list as own records."""
    record = put(member, "sent", copy)
    fan_out(member, copy)
    index = member.profile.load_json(_SENT, dict)
    member.profile.save_json(_SENT, {**index, str(copy["handoff"]): record})


def fan_out(member: Member, copy: Mapping[str, Any]) -> None:
    """Keep the row of the fan-out list of something that was sent: on which basis it went to whom."""
    put(member, "fanout", {name: copy[name] for name in _FANNED})


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
