"""The agency's own records: packets from = to, sealed to its own epoch (docs/protocol.md §7.4).

Drafts, consents, case notes, sent copies, fan-out rows and co-sign requests. A later put on the same handoff replaces
the record. What it is stands inside; the hub sees padded ciphertext.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.client import reading
from hub.client.member import workspace
from hub.errors import InvalidRequest, Malformed, NotFound
from hub.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hub.client.member import Member, Sealed

KINDS = frozenset({"draft", "consent", "case", "fanout", "sent", "cosign", "note"})
SECTION = "record"
_SENT = "sent.json"
_BODY = {"kind": "own_record", "urgency": "routine", "due": None, "needed_from": None, "verdict": None, "leg": None}


@dataclass(frozen=True, slots=True)
class Record:
    """An own record as it was read: what kind, and what it says."""

    handoff: str
    kind: str
    value: dict[str, Any] = field(repr=False)
    attachments: Mapping[str, int]


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
        member.send("/api/v1/handoffs", said, part)
    return chosen


def seal(member: Member, folder: Path, kind: str, value: Mapping[str, Any], attachments: Sequence[Path] = ()) -> Sealed:
    """Seal a record into `folder` without sending it: the part of a statement that only the own agency reads."""
    sections = {SECTION: {"v": 1, "kind": kind, "value": dict(value)}}
    return member.seal(folder, member.own_target(), sections, attachments=attachments)


def get(member: Member, handoff: str, kind: str | None = None, into: Path | None = None) -> Record:
    """Return a record; with `into` its attachments are written there.

    Raises:
        NotFound: it is of another kind than was asked for.
    """
    shown = reading.show(member, handoff)
    with workspace() as folder:
        packet = reading.fetch(member, shown, shown.newest_packet(), folder)
        record = _record(handoff, packet.sections.get(SECTION), dict(packet.attachments))
        if kind is not None and record.kind != kind:
            raise NotFound("There is no such record.")
        if into is not None:
            reading.write_attachments(packet, into)
    return record


def listing(member: Member, kind: str | None = None) -> list[Record]:
    """Return the agency's records, those touched last first."""
    found: list[Record] = []
    for row in reading.pages(member, "own_record", "out"):
        record = get(member, row["id"])
        if kind in {None, record.kind}:
            found.append(record)
    return found


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
    if record is not None:
        return get(member, record, "sent").value
    for found in listing(member, "sent"):
        if found.value.get("handoff") == handoff:
            return found.value
    raise NotFound("There is no copy of what was sent.")


def _record(handoff: str, value: Any, attachments: Mapping[str, int]) -> Record:
    if not isinstance(value, dict) or set(value) != {"v", "kind", "value"} or not isinstance(value["value"], dict):
        raise Malformed("This is no own record.")
    if value["v"] != 1 or value["kind"] not in KINDS:
        raise Malformed("This own record is of a kind that this client does not know.")
    return Record(handoff, value["kind"], value["value"], attachments)
