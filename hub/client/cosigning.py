"""The second signature: a prepared statement waits as an own record until another member has read and signed it.

A submission on vital interest, an offer and an acceptance of a transfer: whatever two members of one agency sign.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.client import records
from hub.client.member import workspace
from hub.errors import BadSignature, Conflict, Forbidden, Malformed
from hub.handoffs.domain import ENTRUSTING
from hub.packets import shapes as a
from hub.packets.container import FolderPacket
from hub.packets.dsse import Envelope
from hub.packets.encoding import canonical, parse_json
from hub.packets.manifest import read_manifest
from hub.statements.bodies import KINDS
from hub.statements.grammar import STATEMENT_TYPE, MemberActor, Statement
from hub.statements.verify import co_sign, verify_statement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hub.client.member import Member, Sealed

KIND = "cosign"
_REQUEST = a.at_least({"statement": a.at_least({}), "copy": a.at_least({})})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement that waits for a signature; `copy` is what would be sent, for the second signer to read."""

    record: str
    type: str
    handoff: str
    second: str
    done: bool
    copy: Mapping[str, Any] = field(repr=False)
    envelope: Envelope = field(repr=False)

    @property
    def body(self) -> Mapping[str, Any]:
        """What the statement says in the open."""
        return Statement.from_value(self.envelope.value).body


def hold(member: Member, said: Envelope, part: Sealed, copy: Mapping[str, Any]) -> str:
    """Keep a statement, with its packet's parts as attachments, until it is co-signed; return the record."""
    value = {"statement": parse_json(said.to_bytes()), "copy": dict(copy), "done": False}
    parts = sorted(path for path in part.source.folder.rglob("*") if path.is_file())
    return records.put(member, KIND, value, attachments=parts)


def waiting(member: Member) -> list[Waiting]:
    """Return the statements that still wait for a signature."""
    found = [_waiting(record) for record in records.listing(member, KIND)]
    return [item for item in found if not item.done]


def read(member: Member, record: str) -> Waiting:
    """Return one of them, signed or not."""
    return _waiting(records.get(member, record, KIND))


def cosign(member: Member, record: str) -> dict[str, Any]:
    """Sign second and submit; return the handoff as the hub now shows it.

    Raises:
        Forbidden: another member is named as the second signer.
        Conflict: it was submitted already.
        BadSignature: the first signature, or the packet beside it, is not what it should be.
    """
    with workspace() as folder:
        item = _waiting(records.get(member, record, KIND, into=folder))
        if item.done:
            raise Conflict("This was signed and sent already.", todo="See `hub list`.")
        if item.second != member.id:
            raise Forbidden("Another member is named to sign this.")
        source = _packet(folder)
        signed = co_sign(item.envelope, member.signer)
        keys = member.trust.keys(member.agency)
        verified = verify_statement(signed.to_bytes(), keys, now=member.clock.now())
        if verified.statement.manifest != read_manifest(source.manifest())[1].hash:
            raise BadSignature("The packet beside this statement is another than it names.")
        if item.type in ENTRUSTING:
            records.keep_copy(member, item.copy)
        handoff = records.send(member, _path(item), signed, source)
    value = {"statement": parse_json(signed.to_bytes()), "copy": dict(item.copy), "done": True}
    records.put(member, KIND, value, handoff=record)
    return handoff


def _waiting(record: records.Record) -> Waiting:
    value = record.value
    _REQUEST(value)
    envelope = Envelope.from_bytes(canonical(value["statement"]), STATEMENT_TYPE)
    said = Statement.from_value(envelope.value)
    second = said.by[1] if len(said.by) > 1 else None
    if not isinstance(second, MemberActor) or second.agency != said.agency:
        raise Malformed("This co-sign request needs no second signature.")
    return Waiting(
        record.handoff, said.type, said.handoff, second.member, value.get("done") is True, value["copy"], envelope
    )


def _path(item: Waiting) -> str:
    """Return where a statement goes: what begins a handoff, and what is about one."""
    begins = item.copy.get("begins", KINDS[item.type].first)
    return "/api/v1/handoffs" if begins else f"/api/v1/handoffs/{item.handoff}/statements"


def _packet(folder: Path) -> FolderPacket:
    """Return the packet whose parts were written into `folder` under their last names."""
    (folder / "att").mkdir()
    for path in folder.glob("[1-9]*.age"):
        path.rename(folder / "att" / path.name)
    return FolderPacket(folder)
