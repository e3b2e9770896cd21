"""The second signature: a prepared submission waits as an own record until another member has read and signed it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.client import evidence, records
from hub.client.member import workspace
from hub.errors import BadSignature, Conflict, Forbidden, Malformed
from hub.packets.container import FolderPacket, ZipPacket, ZipSink
from hub.packets.dsse import Envelope
from hub.packets.encoding import canonical, parse_json
from hub.packets.manifest import read_manifest
from hub.statements.grammar import STATEMENT_TYPE, MemberActor, Statement
from hub.statements.verify import co_sign, verify_statement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hub.client.member import Member, Sealed

KIND = "cosign"
_ZIP = "packet.zip"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission that waits for a signature; `copy` is what would be sent, for the second signer to read."""

    record: str
    handoff: str
    second: str
    done: bool
    copy: Mapping[str, Any] = field(repr=False)
    envelope: Envelope = field(repr=False)


def hold(member: Member, said: Envelope, part: Sealed, copy: Mapping[str, Any]) -> str:
    """Keep a submission with its packet until it is co-signed; return the record."""
    value = {"statement": parse_json(said.to_bytes()), "copy": dict(copy), "done": False}
    with workspace() as folder:
        path = folder / _ZIP
        _zip(part.source, path)
        return records.put(member, KIND, value, attachments=[path])


def waiting(member: Member) -> list[Waiting]:
    """Return the submissions that still wait for a signature."""
    found = [_waiting(record) for record in records.listing(member, KIND)]
    return [item for item in found if not item.done]


def cosign(member: Member, record: str) -> str:
    """Sign second and submit; return the handoff.

    Raises:
        Forbidden: another member is named as the second signer.
        Conflict: it was submitted already.
        BadSignature: the first signature, or the packet beside it, is not what it should be.
    """
    with workspace() as folder:
        item = _waiting(records.get(member, record, KIND, into=folder))
        if item.done:
            raise Conflict("This was signed and sent already.")
        if item.second != member.id:
            raise Forbidden("Another member is named to sign this.")
        source = _unzip(folder / _ZIP, folder / "packet")
        signed = co_sign(item.envelope, member.signer)
        keys = member.trust.keys(member.agency)
        verified = verify_statement(signed.to_bytes(), keys, now=member.clock.now())
        if verified.statement.manifest != read_manifest(source.manifest())[1].hash:
            raise BadSignature("The packet beside this statement is another than it names.")
        records.keep_copy(member, item.copy)
        evidence.send(member, "/api/v1/handoffs", signed, source)
    value = {"statement": parse_json(signed.to_bytes()), "copy": dict(item.copy), "done": True}
    records.put(member, KIND, value, handoff=record)
    return item.handoff


def _waiting(record: records.Record) -> Waiting:
    value = record.value
    if set(value) != {"statement", "copy", "done"} or not isinstance(value["copy"], dict):
        raise Malformed("This co-sign request is not of its form.")
    envelope = Envelope.from_bytes(canonical(value["statement"]), STATEMENT_TYPE)
    said = Statement.from_value(envelope.value)
    second = said.by[1] if len(said.by) > 1 else None
    if said.type != "referral.submit" or not isinstance(second, MemberActor):
        raise Malformed("This co-sign request needs no second signature.")
    return Waiting(record.handoff, said.handoff, second.member, bool(value["done"]), value["copy"], envelope)


def _zip(source: FolderPacket, path: Path) -> None:
    with ZipSink(path) as sink:
        for name in sorted(source.names()):
            with sink.file(name) as stream, (source.folder / f"{name}.age").open("rb") as part:
                shutil.copyfileobj(part, stream)
        sink.manifest(source.manifest())


def _unzip(path: Path, folder: Path) -> FolderPacket:
    source, packet = ZipPacket(path), FolderPacket(folder)
    folder.mkdir()
    packet.manifest(source.manifest())
    for name in source.names():
        with packet.file(name) as stream, source.payload(name) as payload:
            stream.write(source.header(name))
            shutil.copyfileobj(payload, stream)
    return packet
